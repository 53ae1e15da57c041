// What the command prints of peers, arguments and file names that are meant for the terminal.

import { writeFileSync } from 'node:fs';
import { Frame } from '../../lib';
import { BenchChannel, machineOf } from '../../lib/cli/bench/protocol';
import { headline } from '../../lib/cli/bench/report';
import { LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { type ProgramHere, endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';
import { COMMAND, commandBody, greeting, part, property } from '../helpers/raw-peer';
import { endRaw, listenRaw } from '../helpers/recording';

afterEach(async () => {
  await endProgramsHere();
  await stopBridges();
  endRaw();
  removeFiles();
});

const PRINTABLE = /^[\x20-\x7e]*$/;
// None of what a terminal obeys, or what ends a line.
const VISIBLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;
const MOST_CHARS = 1000;
const HOSTILE = '\x9b31m\x1b[2J\u2028\u202e';
const BYTES = Buffer.from('\x9b31m\x1b[2J\r\n\x85\x7f"\\', 'latin1');

function expectLines(text: string, allowed: RegExp): void {
  for (const line of text.split('\n')) {
    expect(line).toMatch(allowed);
    expect(line.length).toBeLessThan(MOST_CHARS);
  }
}

const command = (name: string, content: Uint8Array | string = ''): Buffer =>
  Buffer.concat([greeting(), part(COMMAND, commandBody(name, content))]);

const SAYINGS: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['its first bytes', BYTES],
  ['its mechanism', greeting({ mechanism: BYTES.toString('latin1').slice(0, 20) })],
  ['the reason of its ERROR', command('ERROR', Buffer.concat([Buffer.from([255]), Buffer.alloc(255, 0x9b)]))],
  ['its Socket-Type', command('READY', property('Socket-Type', BYTES))],
  ['a Socket-Type of 60 kB', command('READY', property('Socket-Type', Buffer.alloc(60_000, 0x9b)))],
];

test.each(SAYINGS)('doctor, of a peer that means %s for the terminal', async (_what, bytes) => {
  const port = await reservePorts();
  for (const one of [port, port + 1]) {
    const { server } = await listenRaw(one);
    server.on('connection', (socket) => socket.write(bytes));
  }
  const target = `${LOOPBACK}:${port}`;
  const [text, json] = [rogueBridgeHere('doctor', target), rogueBridgeHere('doctor', target, '--json')];
  expect([await text.end(), await json.end()]).toEqual([1, 1]);
  expect(text.stdout).toContain('\\x9b');
  expectLines(text.stdout, PRINTABLE);
  const { ports } = JSON.parse(json.stdout) as { ports: unknown[] };
  expect(ports).toHaveLength(2);
  expect(json.stdout.trimEnd()).toMatch(PRINTABLE);
  expect(json.stdout.length).toBeLessThan(4 * MOST_CHARS);
});

/** A bench whose server answers a hello with this. */
async function benchAgainst(answer: object): Promise<ProgramHere> {
  const port = await reservePorts();
  const server = await makeServer(port);
  server.addSlave(async (frame: Frame) => {
    if (frame.channel !== BenchChannel.control) return;
    const { type, runId } = JSON.parse(frame.payload.toString()) as { type: string; runId: number };
    if (type !== 'hello') return;
    const payload = Buffer.from(JSON.stringify({ type: 'hello', runId, version: 1, ...answer }));
    await server.acceptFrame(new Frame(payload, { channel: BenchChannel.control }));
  });
  return rogueBridgeHere('bench', `${LOOPBACK}:${port}`, '--sizes', '64', '--timeout', '20s');
}

test('bench, of a server that has a version of its own', async () => {
  const bench = await benchAgainst({ version: HOSTILE.repeat(1000) });
  expect(await bench.end()).toBe(1);
  expect(bench.stderr).toContain("is a bench of version '\\x9b31m");
  expectLines(bench.stderr, PRINTABLE);
});

test.each([
  ['words for the terminal', { cpu: HOSTILE.repeat(1000), cores: HOSTILE, node: 5, engine: `x${HOSTILE}` }],
  ['nothing', null],
])('bench, of a server that says %s of its machine', (_what, said) => {
  const own = { cpu: 'a', cores: 2, node: 'v20', engine: 'native' };
  expectLines(headline(own, machineOf(said)), PRINTABLE);
});

test.each([
  ['one argument', [HOSTILE]],
  ['an address', ['dump', `${HOSTILE}:8000`]],
  ['an address of 100 kB', ['dump', `${'x'.repeat(100_000)}:8000`]],
  ['the value of an option', ['dump', 'host:8000', '--format', HOSTILE]],
  ['a value of 100 kB', ['dump', 'host:8000', '--count', 'x'.repeat(100_000)]],
])('%s that is meant for the terminal is refused in one line', async (_what, args) => {
  const program = await runHere(...args);
  expect(program.status).toBe(2);
  expect(program.stderr.trimEnd().split('\n')).toHaveLength(1);
  expectLines(program.stderr, PRINTABLE);
});

describe('a file of such a name', () => {
  test.each([
    ['replay', (file: string) => ['replay', file, 'localhost:8000']],
    ['send', (file: string) => ['send', 'localhost:8000', file]],
  ])('%s says that it is not there', async (_what, args) => {
    const program = rogueBridgeHere(...args(fileName(`none${HOSTILE}`)));
    expect(await program.end()).toBe(1);
    expect(program.stderr).toContain('none\\x9b31m\\x1b[2J\\u2028\\u202e');
    expectLines(program.stderr, VISIBLE);
  });

  test('record says that it has data in it, and what it has recorded', async () => {
    const port = await reservePorts();
    const file = fileName(`run${HOSTILE}`);
    writeFileSync(file, 'data');
    const refused = rogueBridgeHere('record', file, `${LOOPBACK}:${port}`);
    expect(await refused.end()).toBe(1);
    const record = rogueBridgeHere(
      'record',
      file,
      `${LOOPBACK}:${port}`,
      '--listen',
      '--overwrite',
      '--count',
      1,
    );
    await (await makeClient(port)).acceptFrame(new Frame(8));
    expect(await record.end()).toBe(0);
    for (const { stderr } of [refused, record]) {
      expect(stderr).toContain('run\\x9b31m\\x1b[2J\\u2028\\u202e');
      expectLines(stderr, VISIBLE);
    }
  });
});
