// What send takes: pipes, devices, files of every size, and lines of JSON with faults in them.

import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Collector, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { ENVIRONMENT } from '../helpers/environment';
import { fileName, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { type ProgramHere, endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { turns, waitFor } from '../helpers/wait';

const MAIN = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
// Where nobody listens: what is refused is refused before a peer is waited for.
const NOBODY = `${LOOPBACK}:9`;

afterEach(async () => {
  removeFiles();
  await endProgramsHere();
  await stopBridges();
});

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(fileName(name), content);
  return fileName(name);
}

function makePipe(): string {
  execFileSync('mkfifo', [fileName('pipe')]);
  return fileName('pipe');
}

function sendText(port: number, text: string, ...args: readonly string[]): ProgramHere {
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`, ...args);
  program.input(text);
  program.endInput();
  return program;
}

async function expectRefusal(status: number, words: string, ...args: readonly string[]): Promise<void> {
  const program = rogueBridgeHere('send', NOBODY, ...args);
  expect(await program.end()).toBe(status);
  expect(program.stderr).toMatch(/^rogue-bridge: .*\n$/);
  expect(program.stderr).toContain(words);
}

test('pipes of the shell are read whole', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const pipes = '<(head -c 200000 /dev/zero) <(printf hello)';
  await promisify(execFile)(
    'bash',
    ['--norc', '-c', `exec "$0" "$@" ${pipes}`, process.execPath, MAIN, 'send', `${LOOPBACK}:${port}`],
    { env: ENVIRONMENT, timeout: 30_000, killSignal: 'SIGKILL' },
  );
  await collector.waitForCount(2);
  expect(collector.frames.map(({ size }) => size)).toEqual([200_000, 5]);
  expect(collector.frames[1]!.payload.toString()).toBe('hello');
});

test('Ctrl-C ends it while a pipe has no writer', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`, write('first', 'a'), makePipe());
  await waitFor('the frame before the pipe', () => server.stats.framesReceived === 1);
  await turns();
  program.interrupt();
  expect(await program.end()).toBe(1);
  expect(program.stderr).toContain('interrupted before everything was sent');
});

test('Ctrl-C ends it while the writer of a pipe says nothing more', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const pipe = makePipe();
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`, pipe, '--chunk', 2);
  const writer = execFile('sh', ['-c', 'exec > "$0"; echo a; exec cat', pipe]);
  try {
    await waitFor('the first piece', () => server.stats.framesReceived === 1);
    program.interrupt();
    expect(await program.end()).toBe(1);
    expect(program.stderr).toContain('interrupted before everything was sent');
  } finally {
    writer.kill('SIGKILL');
  }
});

test('a file is closed before the next one is opened', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const program = rogueBridgeHere('send', `${LOOPBACK}:${port}`, write('a', 'again\n'), '--loop', 50);
  expect(await program.end()).toBe(0);
  await collector.waitForCount(50);
  // Node warns of many listeners to one signal where streams are left open.
  expect(program.stderr).toBe('50 frames, 300 B sent\n');
});

test.each([
  ['blank lines', '\n \r\n{"channel":7,"payload":"aGk="}\n'],
  ['a byte order mark', '\ufeff{"channel":7,"payload":"aGk="}\n'],
  ['both', '\ufeff\n\n{"channel":7,"payload":"aGk="}'],
])('%s in front of lines of JSON', async (_what, text) => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  expect(await sendText(port, text).end()).toBe(0);
  await collector.waitForCount(1);
  expect(collector.frames[0]).toMatchObject({ channel: 7, size: 2 });
});

test.each([
  ['{"channel":1,"payload":aGk=}\n{"payload":"aGk="}\n', 'line 1 of standard input is no frame'],
  ["\n{'channel': 1, 'payload': 'aGk='}\n", 'line 2 of standard input is no frame'],
  ['{"channel":256,"payload":"aGk="}', 'line 1 of standard input: channel is 256, but must be'],
  ['{"payload":"aGk="}\n{"payload":"aGk=","error":-1}', 'line 2 of standard input: error is -1, but must be'],
  ['{"payload":"aGk=","flags":"1"}', "line 1 of standard input: flags is '1', but must be"],
  ['{"payload":"aGk=","channel":null}', 'line 1 of standard input: channel is null, but must be'],
  ['{"payload":"aGk=","flags":null}', 'line 1 of standard input: flags is null, but must be'],
  ['{"payload":"aGk=","error":null}', 'line 1 of standard input: error is null, but must be'],
  ['{"payload":""}', 'line 1 of standard input has no payload'],
])('%j is refused by the line it is on', async (text, words) => {
  const port = await reservePorts();
  await makeServer(port);
  const program = sendText(port, text);
  expect(await program.end()).toBe(2);
  expect(program.stderr).toContain(words);
});

test('--format raw sends what looks like a broken frame', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const text = '{"channel":"general"}\n';
  expect(await sendText(port, text, '--format', 'raw').end()).toBe(0);
  await collector.waitForCount(1);
  expect(collector.frames[0]!.payload.toString()).toBe(text);
});

test.each([['--json'], ['--format', 'json']])(
  '%s %s takes a line that looks like no frame for a wrong one',
  async (...args) => {
    const port = await reservePorts();
    await makeServer(port);
    const program = sendText(port, 'no frame\n', ...args);
    expect(await program.end()).toBe(2);
    expect(program.stderr).toContain('line 1 of standard input is no frame');
  },
);

test('a directory is refused', async () => {
  mkdirSync(fileName('folder'));
  await expectRefusal(1, 'folder is a directory', fileName('folder'));
});

test('a file that is too large for a frame is refused, with the way out', async () => {
  const file = write('large.bin', '');
  truncateSync(file, 5e9);
  await expectRefusal(
    1,
    'large.bin is larger than a frame can be, 4294967295 bytes: send it in pieces with --chunk',
    file,
  );
});

test('a --chunk that is too large for a frame is refused', async () => {
  await expectRefusal(
    2,
    '--chunk is 5000000000, but a frame holds at most 4294967295 bytes',
    '--chunk',
    '5G',
  );
});

test.each([[[]], [['--chunk', '1k']]])(
  'an empty file is refused before anything is sent (%j)',
  async (options) => {
    const [first, empty] = [write('first.bin', 'a'), write('empty.bin', '')];
    await expectRefusal(1, 'empty.bin is empty', first, empty, ...options);
  },
);

test.each([
  ['-', 'standard input is empty'],
  ['/dev/null', '/dev/null is empty'],
])('%s turns out to be empty', async (name, words) => {
  const port = await reservePorts();
  await makeServer(port);
  const program = sendText(port, '', name);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toContain(words);
});

test('--format json: a file without a line in it has no frames, which is no fault', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const lines = write('lines', '{"payload":"aGk="}');
  const program = rogueBridgeHere(
    'send',
    `${LOOPBACK}:${port}`,
    '--format',
    'json',
    write('none', ''),
    lines,
  );
  expect(await program.end()).toBe(0);
  await collector.waitForCount(1);
});

test('--loop is refused for a pipe', async () => {
  await expectRefusal(2, 'is a pipe, which can be read once', makePipe(), '--loop', '2');
});

test('--chunk takes a decimal fraction that is a whole number of bytes, and no other', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const file = write('file', Buffer.alloc(2010));
  expect(await rogueBridgeHere('send', `${LOOPBACK}:${port}`, file, '--chunk', '1.005k').end()).toBe(0);
  await collector.waitForCount(2);
  expect(collector.frames.map(({ size }) => size)).toEqual([1005, 1005]);
  const program = rogueBridgeHere('send', NOBODY, file, '--chunk', '1.0005k');
  expect(await program.end()).toBe(2);
  expect(program.stderr).toContain('give a number of bytes');
});
