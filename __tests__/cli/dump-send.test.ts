// dump and send as people use them: in pipes, and against peers of every kind.

import { writeFileSync } from 'node:fs';
import { Pull, Push } from 'zeromq';
import { Frame } from '../../lib';
import { Collector, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { turns, waitFor } from '../helpers/wait';
import { describeFrame, endRaw, playServer, readManifest } from '../helpers/recording';

afterEach(async () => {
  endRaw();
  removeFiles();
  await endPrograms();
  await endProgramsHere();
  await stopBridges();
});

const FRAMES = [
  new Frame(Buffer.from('hello rogue'), { channel: 3, flags: 0x0201 }),
  new Frame(Buffer.alloc(300, 0xab), { channel: 0, error: 7 }),
  new Frame(Buffer.from([0]), { channel: 255, flags: 0xffff, error: 255 }),
  new Frame(Buffer.alloc(2_000_000, 0x5a), { channel: 1 }),
];

async function sendAll(port: number): Promise<void> {
  const server = await makeServer(port);
  for (const frame of FRAMES) await server.acceptFrame(frame);
}

test.each(['libzmq', 'native'])(
  'dump --format json | send reproduces a stream exactly (%s)',
  async (engine) => {
    const [from, to] = [await reservePorts(), await reservePorts()];
    const collector = (await makeServer(to)).to(new Collector());
    const dumping = rogueBridgeHere(
      'dump',
      `${LOOPBACK}:${from}`,
      '--format',
      'json',
      '--count',
      FRAMES.length,
      '--engine',
      engine,
    );
    await sendAll(from);
    expect(await dumping.end()).toBe(0);
    const sending = rogueBridgeHere('send', `${LOOPBACK}:${to}`, '--engine', engine);
    sending.input(dumping.stdout);
    sending.endInput();
    expect(await sending.end()).toBe(0);
    await collector.waitForCount(FRAMES.length);
    expect(collector.frames.map(describeFrame)).toEqual(FRAMES.map(describeFrame));
    expect(sending.stderr).toContain('4 frames, 2.00 MB sent');
  },
);

test('a recorded Rogue server, dumped, is what Rogue sent', async () => {
  const port = await reservePorts();
  const { played } = await playServer(port);
  const manifest = readManifest('next-port.server-to-client');
  const program = rogueBridgeHere(
    'dump',
    `${LOOPBACK}:${port}`,
    '--format',
    'json',
    '--count',
    manifest.length,
  );
  await played;
  expect(await program.end()).toBe(0);
  const frames = program.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { payload: string; flags: number; channel: number; error: number })
    .map(({ payload, ...rest }) => describeFrame({ ...rest, payload: Buffer.from(payload, 'base64') }));
  expect(frames).toEqual(manifest);
});

test('hex: a header line, what there is, and how much more', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('dump', `${LOOPBACK}:${port}`, '--count', 2, '--max-bytes', 20);
  await sendAll(port);
  expect(await program.end()).toBe(0);
  expect(program.stdout).toBe(`#1  channel 3  flags 0x0201  error 0  11 bytes
00000000  68 65 6c 6c 6f 20 72 6f  67 75 65                |hello rogue|

#2  channel 0  flags 0x0000  error 7  300 bytes
00000000  ab ab ab ab ab ab ab ab  ab ab ab ab ab ab ab ab |................|
00000010  ab ab ab ab                                      |....|
          ... 280 more bytes

`);
  expect(program.stderr).toContain('2 frames printed');
});

test.each([
  ['all', [], 'first, second; third'],
  ['the beginning', ['--max-bytes', '5'], 'firstseconthird'],
])('raw: the bytes of the payloads, %s of them', async (_, args, expected) => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('dump', `${LOOPBACK}:${port}`, '--format', 'raw', '--count', 3, ...args);
  for (const text of ['first, ', 'second; ', 'third']) await server.send(new Frame(Buffer.from(text)));
  expect(await program.end()).toBe(0);
  expect(program.stdout).toBe(expected);
});

test.each([
  [
    ['--channel', '3,255'],
    [3, 255],
  ],
  [['--errors-only'], [0, 255]],
])('dump %j prints these alone', async (args, channels) => {
  const port = await reservePorts();
  const program = rogueBridgeHere('dump', `${LOOPBACK}:${port}`, '--json', '--count', 2, ...args);
  await sendAll(port);
  expect(await program.end()).toBe(0);
  const lines = program.stdout.trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as Frame).channel)).toEqual(channels);
});

test('--duration ends dump', async () => {
  const port = await reservePorts();
  await makeServer(port);
  const program = rogueBridgeHere('dump', `${LOOPBACK}:${port}`, '--duration', '100ms');
  expect(await program.end()).toBe(0);
  expect(program.stderr).toContain('0 frames printed');
});

test('a pipe that is closed ends dump, without a word about it', async () => {
  const port = await reservePorts();
  const program = rogueBridge('dump', '--listen', `${LOOPBACK}:${port}`, '--format', 'json');
  const push = new Push({ immediate: true, linger: 0 });
  push.connect(`tcp://${LOOPBACK}:${port}`);
  const pull = new Pull();
  pull.connect(`tcp://${LOOPBACK}:${port + 1}`);
  const message = [Buffer.from([1, 2]), Buffer.of(3), Buffer.of(0), Buffer.alloc(1000)];
  let isOver = false;
  const sending = (async () => {
    while (!isOver) await push.send(message).catch(() => undefined);
  })();
  await program.prints('payload');
  program.closeOutput();
  expect(await program.end()).toBe(0);
  expect(program.stderr).not.toMatch(/EPIPE|Error/);
  isOver = true;
  push.close();
  pull.close();
  await sending;
});

test('Ctrl-C ends dump, and it says how much there was', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('dump', `${LOOPBACK}:${port}`);
  await sendAll(port);
  await program.prints('#4');
  program.interrupt();
  expect(await program.end()).toBe(0);
  expect(program.stderr).toContain('4 frames printed');
});

test('send: files, with --channel, --flags, --error, --loop and --chunk', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const [one, two] = [fileName('one.bin'), fileName('two.bin')];
  writeFileSync(one, Buffer.alloc(2_500, 1));
  writeFileSync(two, 'second');
  const program = rogueBridgeHere(
    'send',
    `${LOOPBACK}:${port}`,
    one,
    two,
    ...['--channel', 9, '--flags', '0xf00d', '--error', 1, '--loop', 2, '--chunk', '1k'],
  );
  expect(await program.end()).toBe(0);
  await collector.waitForCount(8);
  expect(collector.frames.map(({ size }) => size)).toEqual([1000, 1000, 500, 6, 1000, 1000, 500, 6]);
  for (const frame of collector.frames) expect(frame).toMatchObject({ channel: 9, flags: 0xf00d, error: 1 });
});

test('send: standard input is one frame, or pieces of it', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`);
  program.input('all of');
  program.input(' it');
  program.endInput();
  expect(await program.end()).toBe(0);
  await collector.waitForCount(1);
  expect(collector.frames[0]!.payload.toString()).toBe('all of it');
});

test.each([
  ['{"channel":1,"payload":"aGk=","size":3}', 'says 3 bytes and has 2'],
  ['{"channel":1,"payload":"a?k="}', 'not base64'],
  ['{"channel":1,"payload":"aGk=","truncated":true}', 'was cut by --max-bytes'],
  ['{"channel":256,"payload":"aGk="}', 'channel is 256'],
  ['{"channel":1,"payload":"aGk="}\nnonsense', 'line 2 of standard input is no frame'],
])('send: %j is refused with what is wrong with it', async (input, words) => {
  const port = await reservePorts();
  await makeServer(port);
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`);
  program.input(input);
  program.endInput();
  expect(await program.end()).toBe(2);
  expect(program.stderr).toContain(words);
});

test.each([
  ['before the first byte', ''],
  ['between two lines', '{"channel":1,"payload":"aGk="}\n'],
  ['within raw data', 'and then nothing'],
])('send: Ctrl-C ends it while it waits for its input, %s', async (_when, input) => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`, '--log', 'stream=info');
  for (const direction of ['send', 'receive']) await program.complains(`Peer connect: ${direction}`);
  await turns();
  program.input(input);
  if (input.startsWith('{')) await waitFor('the first frame', () => server.stats.framesReceived === 1);
  program.interrupt();
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(
    /^\d frames?, .* sent\nrogue-bridge: interrupted before everything was sent$/m,
  );
});

test.each([
  ['with spaces, as Python prints it', ['{"channel": 7, "payload": "', Buffer.alloc(9000, 'A'), '"}\n']],
  ['with its payload first', ['{"payload":"', Buffer.alloc(9000, 'A'), '","channel":7}']],
  ['in pieces', ['{"chan', 'nel":7,"pay', 'load":"', Buffer.alloc(9000, 'A'), '"}\n']],
])('send: JSON %s is taken for a frame', async (_how, pieces) => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`);
  for (const piece of pieces) {
    program.input(piece);
    await turns();
  }
  program.endInput();
  expect(await program.end()).toBe(0);
  await collector.waitForCount(1);
  expect(collector.frames[0]).toMatchObject({ channel: 7, size: 6750 });
});

test('send: nothing at all is a failure', async () => {
  const port = await reservePorts();
  await makeServer(port);
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`);
  program.endInput();
  expect(await program.end()).toBe(1);
  expect(program.stderr).toContain('standard input is empty');
});

test('dump says how many came that it did not print, and leaves the rest to their sender', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('dump', `${LOOPBACK}:${port}`, '--channel', 255, '--count', 1);
  await sendAll(port);
  expect(await program.end()).toBe(0);
  expect(program.stderr).toMatch(
    /^1 frame printed of [34] that came(; 1 or more behind the last went nowhere)?$/m,
  );
});

test('dump that nobody reads any more ends on Ctrl-C all the same', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridge('dump', `${LOOPBACK}:${port}`, '--format', 'json');
  program.stallOutput();
  await server.acceptFrame(new Frame(2_000_000));
  await server.acceptFrame(new Frame(2_000_000));
  program.interrupt();
  await program.complains('printed');
  expect(await program.end()).toBe(0);
});

test.each(['libzmq', 'native'])(
  'dump --count leaves what it does not print with its sender (%s)',
  async (engine) => {
    const port = await reservePorts();
    const server = await makeServer(port, { sendHighWaterMark: 1, sendTimeoutMs: 1_000 });
    const args = ['--format', 'json', '--count', 100_000, '--engine', engine] as const;
    const program = rogueBridge('dump', `${LOOPBACK}:${port}`, ...args);
    program.stallOutput();
    await server.waitForPeer({ timeoutMs: 20_000 });
    const sendMany = async (): Promise<void> => {
      for (let i = 0; i < 900; i++) await server.acceptFrame(new Frame(100_000));
    };
    // The connection has room for ten megabytes or so; with its usual mark the bridge would have taken them all.
    await expect(sendMany()).rejects.toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
    expect(server.stats.framesSent).toBeLessThan(500);
  },
);

test('send: says what it was given and threw away', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const collector = server.to(new Collector());
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`, '--log', 'stream=warning');
  await server.acceptFrame(new Frame(5));
  await program.complains('this bridge has no slave');
  program.input('only sending');
  program.endInput();
  expect(await program.end()).toBe(0);
  await collector.waitForCount(1);
  expect(program.stderr).toContain(
    '1 frame of the server came here and was thrown away; other clients did not get it\n',
  );
});

test('send: a file that is not there is a failure, before anybody is waited for', async () => {
  const port = await reservePorts();
  const program = rogueBridge('send', `${LOOPBACK}:${port}`, 'no-such-file.bin');
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(
    /^rogue-bridge: \S*no-such-file\.bin: there is no such file or folder \(ENOENT\)$/m,
  );
});
