// info: what is in data files; and dump --follow, which sees them being written.

import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Frame } from '../../lib';
import { fileName, recordOf, removeFiles, write } from '../helpers/files';
import { endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';

afterEach(async () => {
  await endProgramsHere();
  removeFiles();
});

const BATCHED = join(__dirname, '..', 'fixtures', 'batched-files');

interface Info {
  files: {
    file: string;
    frames: number;
    bytes: number;
    fault?: string;
    channels: Record<string, unknown>[];
  }[];
}

async function infoOf(...args: string[]): Promise<Info> {
  return JSON.parse((await runHere('info', ...args, '--json')).stdout) as Info;
}

const CONFIG = 'Top:\n  Det:\n    Gain: 3\nOther: 1\n';
const FRAMES = [
  new Frame(Buffer.from(CONFIG), { channel: 255 }),
  new Frame(Buffer.alloc(100), { channel: 1, flags: 0x0201 }),
  new Frame(Buffer.alloc(300), { channel: 1, flags: 3, error: 1 }),
  new Frame(Buffer.from('Top.Det.Gain: 4\n'), { channel: 255 }),
];

test('every channel: counts, sizes, errors, flags, places, and what it looks like', async () => {
  const path = fileName('run.dat');
  writeFileSync(path, Buffer.concat(FRAMES.map((frame) => recordOf(frame))));
  const { status, stdout, stderr } = await runHere('info', path);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.replaceAll(path, 'FILE')).toBe(
    [
      'FILE: 4 frames, 481 B',
      'channel  looks like     frames  payload    min   mean    max  errors          flags  first at  last at',
      '1        data                2    400 B  100 B  200 B  300 B       1  0x0003 0x0201        41      149',
      '255      configuration       2     49 B   16 B   25 B   33 B       0         0x0000         0      457',
      'channel 255 has the keys Top, Other, Top.Det.Gain',
      '',
    ].join('\n'),
  );
  const { files } = await infoOf(path);
  expect(files).toMatchObject([
    {
      file: path,
      frames: 4,
      bytes: 481,
      channels: [
        {
          channel: 1,
          looksLike: 'data',
          frames: 2,
          minBytes: 100,
          meanBytes: 200,
          maxBytes: 300,
          errors: 1,
          flags: [3, 0x0201],
          first: { path, position: 41 },
          last: { path, position: 149 },
        },
        { channel: 255, looksLike: 'text', keys: ['Top', 'Other', 'Top.Det.Gain'] },
      ],
    },
  ]);
});

test.each(readdirSync(BATCHED).filter((name) => /^batched-(v|inverted-w)\d.*\.dat$/.test(name)))(
  'recorded batches are told by their layout: %s',
  async (name) => {
    const { files } = await infoOf(join(BATCHED, name));
    const channel = files[0]!.channels.find((one) => one.channel !== 255)!;
    expect(channel.looksLike).toBe(/^batched-(v1|v2|inverted)/.exec(name)![1]);
  },
);

test('all parts of a recording, and several files', async () => {
  await write(fileName('run.dat'), FRAMES, { maxSize: 340 });
  const { files } = await infoOf(`${fileName('run.dat')}.1`, `${fileName('run.dat')}.2`);
  expect(files.map(({ frames }) => frames)).toEqual([4, 2]);
  const { stdout } = await runHere('info', `${fileName('run.dat')}.1`);
  expect(stdout).toMatch(/^1 +data .* 41 +\.2 0$/m);
});

test.each<[what: string, bytes: Buffer, frames: number, fault: RegExp]>([
  ['a torn one', recordOf(new Frame(9)).subarray(0, -1), 0, /its first record has 8 of the 9 payload bytes/],
  ['a compressed one', gzipSync('data'), 0, /a file compressed by gzip/],
  ['an empty one', Buffer.alloc(0), 0, /^$/],
])('%s is told, and the others are read', async (_what, bytes, frames, fault) => {
  const [bad, good] = [fileName('bad.dat'), fileName('good.dat')];
  writeFileSync(bad, bytes);
  writeFileSync(good, recordOf(new Frame(1)));
  const { files } = await infoOf(bad, good);
  expect(files.map((one) => one.frames)).toEqual([frames, 1]);
  expect(files[0]!.fault ?? '').toMatch(fault);
  const { status, stdout } = await runHere('info', bad, good);
  expect(status).toBe(bytes.length > 0 ? 1 : 0);
  expect(stdout).toContain('good.dat: 1 frame, 9 B');
});

test('--follow counts what is written, until Ctrl-C', async () => {
  const path = fileName('run.dat');
  writeFileSync(path, recordOf(FRAMES[1]!));
  const program = rogueBridgeHere('info', path, '--follow');
  const dumping = rogueBridgeHere('dump', path, '--follow', '--json');
  await dumping.prints('"channel":1');
  appendFileSync(path, recordOf(FRAMES[0]!));
  await dumping.prints('"channel":255');
  dumping.interrupt();
  program.interrupt();
  expect([await dumping.end(), await program.end()]).toEqual([0, 0]);
  expect(dumping.stderr).toMatch(/^2 frames printed from .*run\.dat\n$/);
  // That dump has read on is no proof that info has.
  expect(program.stdout).toMatch(/^.*run\.dat: [12] frames?, /);
  expect(program.stdout).not.toContain('not read to its end');
});

test.each([
  [['info', '-', '--follow'], '--follow is for files: standard input is read until it ends'],
  [['dump', 'daq:8000', '--follow'], '--follow is for data files: a peer is followed in any case'],
])('%j is wrong usage', async (args, words) => {
  const { status, stderr } = await runHere(...args);
  expect([status, stderr]).toEqual([2, expect.stringContaining(words)]);
});
