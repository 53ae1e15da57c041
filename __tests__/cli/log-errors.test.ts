// One line for an address, an option or a log that cannot be, with what to do.

import { writeFileSync } from 'node:fs';
import { destinations, type Destination } from '../../lib/cli/relay/downstream';
import { fileName, numberedFrame, removeFiles, write } from '../helpers/files';
import { writeLog } from '../helpers/log-contents';
import { describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, runHere } from '../helpers/program-here';

const LOG = 'nats://daq:4222/run42';
const NAME = 'run42 at daq:4222';

afterEach(async () => {
  await endProgramsHere();
  removeFiles();
});

/** Ends with this status and one line. */
async function fails(status: number, line: string, ...args: (string | number)[]): Promise<void> {
  const ended = await runHere(...args);
  const lines = ended.stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toContain(`rogue-bridge: ${line}`);
  expect(ended.status).toBe(status);
}

test('a relay takes logs on several hosts, each with its mode', () => {
  const all = [
    'nats://a,b:4223,c/run42?replicas=3',
    'tls://a,b/two,block',
    'nats://a/three?max-age=7d,drop=9',
  ];
  const parsed = all.reduce<Destination[]>((before, text) => destinations(text, before), []);
  expect(parsed).toMatchObject([
    { name: 'run42 at a:4222, b:4223, c:4222', words: ['replicas'] },
    { name: 'two at a:4222, b:4222' },
    { name: 'three at a:4222', drop: 9 },
  ]);
  expect(parsed.map(({ drop }) => drop)).toEqual([undefined, undefined, 9]);
});

test.each([
  ['no stream', 'nats://daq:4222', "'nats://daq:4222' is no address of a log: give one such as"],
  ['a host that is none', 'nats://da:q:x/run', "has the host 'da:q:x': give HOST or HOST:PORT"],
  ['an unknown word', `${LOG}?form=first`, "has the unknown word 'form': allowed are from, since,"],
  ['a wrong value', `${LOG}?since=5x`, "since is '5x': give a number with ms, s, m, h or d"],
  ['a channel that is none', `${LOG}?channel=256`, "channel is '256': give a whole number from 0 to 255"],
  ['two beginnings', `${LOG}?from=first&last=3`, 'last is'],
  ['a stream of another kind', 'nats://daq/run.42', "stream is 'run.42', but must be 1 to 200 letters"],
])('an address with %s', async (_, address, text) => {
  const { status, stdout, stderr } = await runHere('dump', address);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^rogue-bridge: .*\n$/);
  expect(stderr).toContain(text);
});

test.each([
  [
    ['dump', `${LOG}?max-bytes=1G&replicas=3`],
    `max-bytes and replicas are for writing, and this reads ${NAME}`,
  ],
  [
    ['send', `${LOG}?from=first`, 'package.json'],
    `from is for reading, and this writes to ${NAME}: leave it out`,
  ],
  [
    ['relay', '--from', 'h:1', '--to', `${LOG}?until=end`],
    `until is for reading, and this writes to ${NAME}`,
  ],
  [
    ['watch', LOG, '--listen', '--engine', 'native'],
    `--listen and --engine are for a bridge, and ${NAME} is a log`,
  ],
  [['record', 'run.dat', LOG, '--curve', 'x'], `--curve is for a bridge, and ${NAME} is a log: leave it out`],
  [['view', LOG, '--listen'], `--listen is for a bridge, and ${NAME} is a log`],
  [['prbs', 'tx', LOG, '--allow', '10.0.0.0/8'], `--allow is for a bridge, and ${NAME} is a log`],
  [['prbs', 'loop', LOG], `${NAME} is a log: run 'prbs rx' on it, and then 'prbs tx'`],
  [['dump', LOG, '--follow'], '--follow is for data files'],
  [['dump', LOG, LOG], `${LOG} is a log: give it alone, or data files alone`],
  [['dump', 'package.json', LOG], `${LOG} is a log: give it alone, or data files alone`],
  [['record', LOG, LOG], "record writes a data file: 'relay --from ... --to ...' writes a log"],
  [['replay', 'run.dat'], 'behind the files give HOST:PORT, or nats://HOST/STREAM, for example'],
  [['replay', LOG], 'name a data file in front of the address'],
  [
    ['demo', LOG],
    "command-argument value 'nats://daq:4222/run42' is invalid for argument 'target'. give HOST",
  ],
  [['relay', '--from', LOG, '--to', LOG], `--from and --to are one log, ${NAME}: frames would go round`],
  [['relay', '--from', 'h:1', '--to', LOG, '--to', `${LOG},drop=9`], `--to ${NAME} is there twice`],
  [['relay', '--from', 'h:1', '--to', `${LOG},drop=0`], "option '--to <server>' argument"],
  [
    ['relay', '--from', 'h:1', '--to', `${LOG},dorp=1`],
    'give the address with ,block or ,drop=N with N frames',
  ],
  [
    ['relay', '--from', LOG, '--listen', '--back', '*:9', '--to', '*:9'],
    `--listen and --back are for a bridge, and --from ${NAME} is a log: leave them out`,
  ],
  [
    ['relay', '--from', LOG, '--from-curve', 'x', '--to', '*:9'],
    `--from-curve is for a bridge, and --from ${NAME} is a log`,
  ],
  [
    ['relay', '--from', 'h:1', '--to', LOG, '--curve', 'x'],
    '--curve is for a bridge, and every --to is a log',
  ],
  [['relay', '--from', 'h:1', '--to', LOG, '--allow', '::1'], '--allow is for a bridge, and every --to is'],
  [
    ['relay', '--from', LOG, '--to', 'nats://daq/other', '--engine', 'native'],
    '--engine is for a bridge, and --from and every --to are logs: leave it out',
  ],
])('%j ends with status 2', async (args, line) => {
  const { status, stdout, stderr } = await runHere(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(line);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^rogue-bridge: /);
});

test.each([
  ['dump', 'nats://me:pa55@daq/run42?since=5x'],
  ['dump', 'nats://me:pa55@daq/run42?max-bytes=1G'],
  ['dump', 'nats://t0pa55@daq/run42', 'package.json'],
  ['relay', '--from', 'h:1', '--to', 'nats://me:pa55@daq/run42,drop=0'],
  ['demo', 'nats://me:pa55@daq/run42'],
])('%s %s does not repeat the password', async (...args) => {
  const { status, stderr } = await runHere(...args);
  expect(status).toBe(2);
  expect(stderr).not.toContain('pa55');
});

test('no server: what to do, and status 1', async () => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  await write(file, [numberedFrame(1, 10)]);
  const line = `cannot connect to 127.0.0.1:${port}: nothing listens there: start nats-server`;
  for (const args of [
    ['watch'],
    ['dump'],
    ['send', file],
    ['replay', file],
    ['prbs', 'tx'],
    ['prbs', 'rx'],
    ['view', '--http', '127.0.0.1:0'],
  ]) {
    const at = args[0] === 'send' ? 1 : args.length;
    await fails(1, line, ...args.slice(0, at), `nats://127.0.0.1:${port}/run42`, ...args.slice(at));
  }
  await fails(1, line, 'relay', '--from', `nats://127.0.0.1:${port}/run42`, '--to', '127.0.0.1:9');
});

describeWithNats('a server', () => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await NatsServer.start({ users: [{ user: 'me', password: 'pa55' }] });
  });
  afterAll(endNats);

  const log = (login = 'me:pa55'): string => `nats://${login}@127.0.0.1:${server.port}/run42`;
  const missing = (): string => `there is no stream run42 on 127.0.0.1:${server.port}: check the name`;

  test('without this stream: a reader says so, and a recording leaves no file', async () => {
    await fails(1, missing(), 'dump', log());
    const file = fileName('run.dat');
    await fails(1, missing(), 'record', file, log());
    const { stderr } = await runHere('record', file, log());
    expect(stderr).toContain('run.dat was removed: there is nothing in it');
  });

  test('that does not know the password', async () => {
    const { status, stderr } = await runHere('dump', log('me:wr0ng'));
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^rogue-bridge: cannot connect to .*: the servers refuse the user, password,.*\n$/,
    );
    expect(stderr).not.toContain('wr0ng');
  });

  test('with a stream of other settings', async () => {
    await writeLog(`${log()}?max-age=1d`, [numberedFrame(1, 10)]);
    const file = fileName('data.bin');
    writeFileSync(file, 'x');
    await fails(1, 'the stream run42 is there with other settings: max', 'send', `${log()}?max-age=2d`, file);
  });
});
