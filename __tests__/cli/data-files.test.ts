// dump, watch, prbs rx and replay with data files where a peer could be: named, in parts, and on standard input.

import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Frame, Prbs } from '../../lib';
import type { FrameLine } from '../../lib/cli/support/frame-json';
import { Collector, fieldsOf, LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { fileName, recordOf, removeFiles, write } from '../helpers/files';
import { reservePorts } from '../helpers/ports';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere } from '../helpers/program-here';
import { describeInTerminal, endTerminals, Terminal } from '../helpers/terminal';
import { turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  endTerminals();
  await endPrograms();
  await endProgramsHere();
  await stopBridges();
  removeFiles();
});

const FRAMES = Array.from(
  { length: 30 },
  (_, i) => new Frame(Buffer.alloc(100 + i, i), { channel: i % 3, flags: i, error: i % 10 === 7 ? 1 : 0 }),
);
const BYTES = Buffer.concat(FRAMES.map((frame) => recordOf(frame)));

function file(name: string, bytes: Uint8Array | string = BYTES): string {
  const path = fileName(name);
  writeFileSync(path, bytes);
  return path;
}

/** The frames of lines of JSON. */
function parsed(stdout: string): object[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { payload, channel, flags, error } = JSON.parse(line) as FrameLine;
    return fieldsOf(new Frame(Buffer.from(payload, 'base64'), { channel, flags, error }));
  });
}

async function prbsBytes(count: number): Promise<Buffer> {
  const prbs = new Prbs();
  const collector = prbs.to(new Collector());
  for (let i = 0; i < count; i++) await prbs.genFrame(1000);
  return Buffer.concat(collector.frames.map((frame) => recordOf(frame)));
}

describe('dump', () => {
  test('a file: every frame as it is', async () => {
    const path = file('run.dat');
    const program = rogueBridgeHere('dump', path, '--json');
    expect(await program.end()).toBe(0);
    expect(parsed(program.stdout)).toEqual(FRAMES.map(fieldsOf));
    expect(program.stderr).toBe(`30 frames printed from ${path}\n`);
  });

  test('all parts of a recording by its first, and several files as they are named', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES, { maxSize: 1000 });
    const all = rogueBridgeHere('dump', `${path}.1`, '--json');
    const two = rogueBridgeHere('dump', `${path}.2`, `${path}.1`, '--json');
    expect([await all.end(), await two.end()]).toEqual([0, 0]);
    expect(parsed(all.stdout)).toEqual(FRAMES.map(fieldsOf));
    // Eight records fit into a part.
    expect(parsed(two.stdout)).toEqual([...FRAMES.slice(8, 16), ...FRAMES.slice(0, 8)].map(fieldsOf));
    rmSync(`${path}.2`);
    const gap = rogueBridgeHere('dump', `${path}.1`, '--json');
    expect(await gap.end()).toBe(1);
    expect(parsed(gap.stdout)).toHaveLength(8);
    expect(gap.stderr).toMatch(/^8 frames printed .*\nrogue-bridge: .*run\.dat\.2 is missing: .*\n$/);
  });

  test('standard input, with what else dump can do', async () => {
    const program = rogueBridgeHere('dump', '-', '--json', '--channel', 1, '--errors-only', '--count', 1);
    program.input(BYTES);
    expect(await program.end()).toBe(0);
    expect(parsed(program.stdout)).toEqual([fieldsOf(FRAMES[7]!)]);
    expect(program.stderr).toBe('1 frame printed of 8 read from standard input\n');
  });

  test('a pipe that a shell makes', () => {
    const path = file('run.dat.gz', gzipSync(BYTES));
    const command = '"$0" dist/cli/main.js dump <(zcat "$1") --json 2>&1 >/dev/null';
    const said = execFileSync('bash', ['--norc', '-c', command, process.execPath, path], {
      encoding: 'utf8',
    });
    expect(said).toMatch(/^30 frames printed from \/dev\/fd\/\d+\n$/);
  });

  test.each([
    [
      'torn.dat',
      BYTES.subarray(0, -1),
      29,
      /^29 frames printed .*\nrogue-bridge: .*torn\.dat ends within a record/,
    ],
    ['run.dat.gz', gzipSync(BYTES), 0, /^rogue-bridge: .*run\.dat\.gz is no Rogue data file .* unpack it by/],
    ['text', 'this is no data file', 0, /^rogue-bridge: .*text is no Rogue data file from offset 0 on/],
  ])('%s: what can be read, then one line', async (name, bytes, count, words) => {
    const program = rogueBridgeHere('dump', file(name, bytes), '--json');
    expect(await program.end()).toBe(1);
    expect(parsed(program.stdout)).toEqual(FRAMES.slice(0, count).map(fieldsOf));
    expect(program.stderr).toMatch(words);
    expect(program.stderr.trim().split('\n').at(-1)).toMatch(/^rogue-bridge: /);
  });

  test('Ctrl-C ends it while the writer of its input says nothing more', async () => {
    const program = rogueBridgeHere('dump', '-');
    program.input(BYTES);
    await program.prints('#30');
    program.interrupt();
    expect(await program.end()).toBe(0);
    expect(program.stderr).toBe('30 frames printed from standard input\n');
  });
});

test('Ctrl-C, which ends the writer of a pipe as well, is no torn file', async () => {
  const program = rogueBridge('dump', '-');
  program.input(BYTES.subarray(0, -1));
  await program.prints('#29');
  // It sees the end of its input and the signal at the same time.
  program.freeze();
  program.endInput();
  await turns();
  program.interrupt();
  program.thaw();
  expect(await program.end()).toBe(0);
  expect(program.stderr).toBe('29 frames printed from standard input\n');
});

test('watch: a line with every channel, and the summary', async () => {
  const program = rogueBridgeHere('watch', file('run.dat'));
  expect(await program.end()).toBe(0);
  const line = JSON.parse(program.stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
  expect(line).toMatchObject({ frames: 30, bytes: 3435, errors: 3 });
  // It has no peer.
  expect(Object.keys(line)).not.toContain('connected');
  expect(Object.keys(line.channels as object)).toEqual(['0', '1', '2']);
  expect(program.stderr).toMatch(/^30 frames, 3\.44 kB in 0:00: .*; 3 frames with an error\n$/);
});

test('watch: a torn file is counted up to there', async () => {
  const program = rogueBridgeHere('watch', file('run.dat', BYTES.subarray(0, -1)));
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^29 frames, .*\nrogue-bridge: .* ends within a record, .*\n$/);
});

describeInTerminal('watch in a terminal (needs tmux)', () => {
  test('what was in the file stays on the screen', async () => {
    const terminal = new Terminal(80, 40, 'watch', file('run.dat'));
    const { text } = terminal;
    await waitFor('its end', () => text().includes('ENDED 0'), undefined, text);
    expect(text()).toMatch(/run\.dat +read {2}0:00$/m);
    expect(text()).toMatch(/^total +30 frames {2}3\.44 kB {2}3 errors/m);
    expect(text()).toMatch(/^ +2 +10 +1\.16 kB +1 +0x001d/m);
    expect(text()).toContain('last frame: channel 2');
    expect(text()).not.toContain('quits');
  });

  test('a stream that stands still is shown, and Ctrl-C ends it', async () => {
    const pipe = fileName('pipe');
    execFileSync('mkfifo', [pipe]);
    const terminal = new Terminal(80, 40, 'watch', '-', '<', pipe);
    const writer = execFile('sh', ['-c', 'exec > "$0"; cat "$1"; exec sleep 600', pipe, file('run.dat')]);
    try {
      const { text } = terminal;
      await waitFor('its frames', () => text().includes('total        30 frames'), undefined, text);
      expect(text()).toMatch(/^standard input +reading +0:\d\d$/m);
      expect(text()).toContain('Ctrl-C quits');
      terminal.press('C-c');
      await waitFor('its end', () => text().includes('ENDED 0'), undefined, text);
    } finally {
      writer.kill('SIGKILL');
    }
  });
});

describe('prbs rx', () => {
  test('a recorded test passes', async () => {
    const program = rogueBridgeHere('prbs', 'rx', file('prbs.dat', await prbsBytes(50)));
    expect(await program.end()).toBe(0);
    expect(program.stdout).toMatch(/^checked {3}50 frames, 50\.0 kB, 400 000 bits\n(.*\n)*PASS\n$/);
  });

  test('wrong bits fail', async () => {
    const bytes = await prbsBytes(50);
    bytes[20_500]! ^= 1;
    const program = rogueBridgeHere('prbs', 'rx', file('prbs.dat', bytes));
    expect(await program.end()).toBe(1);
    expect(program.stdout).toMatch(/^errors {4}1 frame, 1 wrong bit\n(.*\n)*FAIL\n$/m);
  });

  test('other channels are left out, and a test that is cut off has not passed', async () => {
    const config = recordOf(new Frame(Buffer.from('a: 1\n'), { channel: 255 }));
    const bytes = Buffer.concat([config, (await prbsBytes(50)).subarray(0, -1)]);
    const program = rogueBridge('prbs', 'rx', '-', '--channel', 0);
    program.input(bytes);
    program.endInput();
    expect(await program.end()).toBe(1);
    expect(program.stdout).toMatch(/^checked {3}49 frames, (.*\n)*PASS so far\n$/);
    expect(program.stderr).toMatch(/^rogue-bridge: standard input ends within a record, .*\n$/);
  });

  test('fewer frames than --count have not passed', async () => {
    const program = rogueBridgeHere('prbs', 'rx', file('prbs.dat', await prbsBytes(5)), '--count', 6);
    expect(await program.end()).toBe(1);
    expect(program.stderr).toMatch(/^rogue-bridge: 5 of 6 frames are in .*prbs\.dat\n$/);
  });
});

test('replay sends what comes by standard input', async () => {
  const port = await reservePorts();
  const collector = (await makeServer(port)).to(new Collector());
  const program = rogueBridgeHere('replay', '-', `${LOOPBACK}:${port}`);
  program.input(readFileSync(file('run.dat')));
  program.endInput();
  expect(await program.end()).toBe(0);
  await collector.waitForCount(FRAMES.length);
  expect(collector.frames.map(fieldsOf)).toEqual(FRAMES.map(fieldsOf));
});
