// record to standard output, and what reads it there.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Frame } from '../../lib';
import { LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { ENVIRONMENT } from '../helpers/environment';
import { fileName, recordOf, removeFiles } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';
import { describeInTerminal, endTerminals, Terminal } from '../helpers/terminal';
import { waitFor } from '../helpers/wait';

const MAIN = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

afterEach(async () => {
  endTerminals();
  await endPrograms();
  await stopBridges();
  removeFiles();
});

const FRAMES = Array.from(
  { length: 50 },
  (_, i) => new Frame(Buffer.alloc(1 + 2000 * i, i), { channel: i % 3, flags: i * 1000, error: i % 7 }),
);

/** Runs it in bash, where `rb` is the command. */
function shell(script: string, ...args: (string | number)[]): Promise<{ stdout: string; stderr: string }> {
  const command = `rb() { "${process.execPath}" "${MAIN}" "$@"; }; ${script}`;
  return promisify(execFile)('bash', ['--norc', '-c', command, 'bash', ...args.map(String)], {
    env: ENVIRONMENT,
    maxBuffer: 2 ** 26,
  });
}

test('record - | dump -: the records of a file, and then every frame', async () => {
  const port = await reservePorts();
  const file = fileName('run.dat');
  const script = 'rb record - "$1" --count 50 | tee "$2" | rb dump - --json; echo "${PIPESTATUS[*]}" >&2';
  const running = shell(script, `${LOOPBACK}:${port}`, file);
  const server = await makeServer(port);
  for (const frame of FRAMES) await server.acceptFrame(frame);
  const { stdout, stderr } = await running;
  expect(readFileSync(file)).toEqual(Buffer.concat(FRAMES.map((frame) => recordOf(frame))));
  const sizes = stdout.split('\n', 50).map((line) => (JSON.parse(line) as Frame).size);
  expect(sizes).toEqual(FRAMES.map(({ size }) => size));
  expect(stderr).toMatch(/^50 frames, 2\.45 MB in standard output, .*; 0 frames left out$/m);
  expect(stderr).toMatch(/^50 frames printed from standard input$/m);
  expect(stderr).toMatch(/^0 0 0$/m);
});

test('a reader that is behind holds back the sender', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { sendHighWaterMark: 1, sendTimeoutMs: 1_000 });
  const program = rogueBridge('record', '-', `${LOOPBACK}:${port}`);
  program.stallOutput();
  await server.waitForPeer({ timeoutMs: 20_000 });
  const sendMany = async (): Promise<void> => {
    for (let i = 0; i < 900; i++) await server.acceptFrame(new Frame(100_000));
  };
  await expect(sendMany()).rejects.toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
  expect(server.stats.framesSent).toBeLessThan(500);
});

test('a reader that has had enough ends it, without a word about it', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const program = rogueBridge('record', '-', `${LOOPBACK}:${port}`);
  await server.acceptFrame(new Frame(Buffer.from('a first frame')));
  await program.prints('a first frame');
  program.closeOutput();
  let isOver = false;
  const sending = (async () => {
    while (!isOver) await server.acceptFrame(new Frame(1000));
  })().catch(() => undefined);
  expect(await program.end()).toBe(0);
  expect(program.stderr).toMatch(
    /^\d+ frames?, .* in standard output, .*\n\d+ frames? of the server came here .*\n$/,
  );
  isOver = true;
  await server.stop();
  await sending;
});

test('a disk that is full behind it is one line, and status 1', async () => {
  const port = await reservePorts();
  const running = shell('rb record - "$1" > /dev/full', `${LOOPBACK}:${port}`).catch((err: unknown) => err);
  const server = await makeServer(port);
  await server.acceptFrame(new Frame(1000));
  const { code, stderr } = (await running) as { code: number; stderr: string };
  expect(code).toBe(1);
  const lines = stderr.split('\n').filter((line) => line.startsWith('rogue-bridge: '));
  expect(lines).toEqual([expect.stringMatching(/^rogue-bridge: standard output: ENOSPC/)]);
  expect(stderr).toMatch(/^0 frames, 0 B in standard output, .*; 1 frame left out/m);
});

describeInTerminal('in a terminal (needs tmux)', () => {
  test.each([
    [['record', '-', 'h:1'], "standard output is a terminal: add '> run.dat', or a pipe, or name a file"],
    [['dump', '-'], 'standard input is a terminal: pipe a data file into it, or name one'],
  ])('%j is refused', async (args, words) => {
    const terminal = new Terminal(100, 24, ...args);
    const { text } = terminal;
    await waitFor('its end', () => text().includes('ENDED 2'), undefined, text);
    expect(text()).toContain(`rogue-bridge: ${words}\n`);
  });
});
