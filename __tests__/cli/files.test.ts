// record and replay: what went in comes out.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Frame } from '../../lib';
import { Collector, fieldsOf, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, read, recordOf, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { endRaw, playServer } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

afterEach(async () => {
  endRaw();
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

const FRAMES = Array.from(
  { length: 50 },
  (_, i) => new Frame(Buffer.alloc(1 + 997 * i, i), { channel: i % 3, flags: i * 1000, error: i % 7 }),
);

async function sendAll(port: number): Promise<void> {
  const server = await makeServer(port);
  for (const frame of FRAMES) await server.acceptFrame(frame);
}

test.each(['libzmq', 'native'])('record, then replay: the same frames (%s)', async (engine) => {
  const [from, to] = [await reservePorts(), await reservePorts()];
  const file = fileName('run.dat');
  const recording = rogueBridgeHere(
    'record',
    file,
    `${LOOPBACK}:${from}`,
    '--count',
    FRAMES.length,
    '--engine',
    engine,
  );
  await sendAll(from);
  expect(await recording.end()).toBe(0);
  expect(recording.stderr).toContain('50 frames, 1.22 MB in ');
  expect(readFileSync(file)).toEqual(Buffer.concat(FRAMES.map((frame) => recordOf(frame))));
  const collector = (await makeServer(to)).to(new Collector());
  const playing = rogueBridgeHere('replay', file, `${LOOPBACK}:${to}`, '--engine', engine);
  expect(await playing.end()).toBe(0);
  await collector.waitForCount(FRAMES.length);
  expect(collector.frames.map(fieldsOf)).toEqual(FRAMES.map(fieldsOf));
  expect(playing.stderr).toContain('50 frames, 1.22 MB sent');
});

test('a recorded Rogue server is recorded as it was', async () => {
  const port = await reservePorts();
  const { played, frames } = await playServer(port);
  const file = fileName('rogue.dat');
  const program = rogueBridgeHere('record', `${LOOPBACK}:${port}`, file, '--count', frames.length);
  await played;
  expect(await program.end()).toBe(0);
  expect(readFileSync(file)).toEqual(
    Buffer.concat(frames.map(({ payload, ...fields }) => recordOf(new Frame(payload, fields)))),
  );
});

test('record splits, leaves out channels and errors, and keeps a file that is there', async () => {
  const port = await reservePorts();
  const file = fileName('parts.dat');
  const kept = FRAMES.filter(({ channel, error }) => channel !== 0 && error === 0);
  const args = ['--channel', '1,2', '--drop-errors', '--max-size', '60k', '--count', kept.length] as const;
  const program = rogueBridgeHere('record', file, `${LOOPBACK}:${port}`, ...args);
  await sendAll(port);
  expect(await program.end()).toBe(0);
  expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(60_000);
  expect(existsSync(`${file}.2`)).toBe(true);
  const frames = await read(`${file}.1`);
  expect(frames.map(fieldsOf)).toEqual(kept.map(fieldsOf));
  const came = FRAMES.slice(0, FRAMES.indexOf(kept.at(-1)!));
  const byChannel = came.filter(({ channel }) => channel === 0).length;
  const byError = came.length + 1 - kept.length - byChannel;
  const leftOut = `${byChannel + byError} frames left out (${byChannel} by channel, ${byError} by error)`;
  expect(program.stderr).toContain(leftOut);
  const again = rogueBridgeHere('record', file, `${LOOPBACK}:${port}`, '--max-size', '60k');
  expect(await again.end()).toBe(1);
  expect(again.stderr).toMatch(/^rogue-bridge: .*parts\.dat\.1 has data in it, .* or add --overwrite$/m);
});

test('a frame that no file may hold ends the recording with one line, and no stack', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere('record', fileName('run.dat'), `${LOOPBACK}:${port}`, '--max-size', '20k');
  await sendAll(port);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(
    /^\d+ frames, .* left out\n\d+ frames of the server came here .*\nrogue-bridge: a frame of \d+ bytes does not fit into a file of maxSize = 20000 bytes\n$/,
  );
});

test.each([
  ['a file', [], ''],
  ['its first part', ['--max-size', '1M'], '.1'],
])('a recording that no frame came for leaves no file behind (%s)', async (_, args, suffix) => {
  const port = await reservePorts();
  await makeServer(port);
  const file = fileName('run.dat');
  const program = rogueBridgeHere('record', file, `${LOOPBACK}:${port}`, '--duration', '200ms', ...args);
  expect(await program.end()).toBe(0);
  expect(program.stderr).toContain(`${file}${suffix} was removed: there is nothing in it\n`);
  expect(existsSync(`${file}${suffix}`)).toBe(false);
});

test('the time of a recording begins with its peer', async () => {
  const port = await reservePorts();
  const program = rogueBridgeHere(
    'record',
    fileName('run.dat'),
    `${LOOPBACK}:${port}`,
    '--count',
    FRAMES.length,
  );
  // Said after a second.
  await program.complains('waiting for');
  await sendAll(port);
  expect(await program.end()).toBe(0);
  expect(program.stderr).toMatch(/^50 frames, .*, 0\.\d\d s; 0 frames left out$/m);
});

test.each(['libzmq', 'native'])(
  'replay to a receiver that leaves behind the last frame (%s)',
  async (engine) => {
    const port = await reservePorts();
    const [from, to] = [fileName('from.dat'), fileName('to.dat')];
    writeFileSync(from, Buffer.concat(FRAMES.map((frame) => recordOf(frame))));
    const recording = rogueBridgeHere(
      'record',
      to,
      '--listen',
      `${LOOPBACK}:${port}`,
      '--count',
      FRAMES.length,
    );
    const playing = rogueBridgeHere('replay', from, `${LOOPBACK}:${port}`, '--engine', engine);
    expect(await recording.end()).toBe(0);
    expect(await playing.end()).toBe(0);
    expect(readFileSync(to)).toEqual(readFileSync(from));
  },
);

test('a disk that is full ends the recording with one line and status 1', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridgeHere('record', '/dev/full', `${LOOPBACK}:${port}`);
  let isOver = false;
  const sending = (async () => {
    while (!isOver) await server.acceptFrame(new Frame(10_000));
  })().catch(() => undefined);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^rogue-bridge: .*ENOSPC/m);
  isOver = true;
  await server.stop();
  await sending;
});

test('Ctrl-C ends a recording with everything that had come', async () => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  const program = rogueBridgeHere('record', file, '--listen', `${LOOPBACK}:${port}`);
  const sending = rogueBridgeHere('send', `${LOOPBACK}:${port}`, '--chunk', 10);
  sending.input(Buffer.alloc(1000, 1));
  sending.endInput();
  expect(await sending.end()).toBe(0);
  await waitFor('the file', () => existsSync(file) && statSync(file).size === 100 * 18);
  program.interrupt();
  expect(await program.end()).toBe(0);
  expect(await read(file)).toHaveLength(100);
});

test('replay: --channel, --count, --loop', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const file = fileName('run.dat');
  writeFileSync(file, Buffer.concat(FRAMES.map((frame) => recordOf(frame))));
  const ofOne = FRAMES.filter(({ channel }) => channel === 1);
  const args = ['--channel', 1, '--loop', 2, '--rate', 5000] as const;
  const program = rogueBridgeHere('replay', file, `${LOOPBACK}:${port}`, ...args);
  expect(await program.end()).toBe(0);
  await collector.waitForCount(2 * ofOne.length);
  expect(collector.frames.map(fieldsOf)).toEqual([...ofOne, ...ofOne].map(fieldsOf));
  const three = rogueBridgeHere('replay', file, `${LOOPBACK}:${port}`, '--loop', '--count', 3);
  expect(await three.end()).toBe(0);
  await collector.waitForCount(2 * ofOne.length + 3);
});

test.each([
  ['no-such-file.dat', /rogue-bridge: .*no-such-file\.dat/],
  ['empty.dat', /empty\.dat: no frame to send/],
  ['nonsense.dat', /nonsense\.dat/],
])('replay of %s is a failure in one line', async (name, words) => {
  const port = await reservePorts();
  await makeServer(port);
  writeFileSync(fileName('empty.dat'), '');
  writeFileSync(fileName('nonsense.dat'), 'this is no data file of anybody, and never was');
  const program = rogueBridgeHere('replay', fileName(name), `${LOOPBACK}:${port}`);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(words);
});
