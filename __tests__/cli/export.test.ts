// export and extract: the numbers of a data file for NumPy and as CSV, and some of its frames in another.

import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { Frame, type FrameOptions } from '../../lib';
import { writePieces } from '../../lib/utilities/fileio/write-pieces';
import { fields, fileName, read, recordOf, removeFiles, write } from '../helpers/files';
import { describeWithNumpy, python } from '../helpers/numpy';
import { endPrograms, rogueBridge } from '../helpers/program';
import { endProgramsHere, rogueBridgeHere, runHere } from '../helpers/program-here';
import { turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  await endPrograms();
  await endProgramsHere();
  removeFiles();
});

const NUMBERS = {
  uint8: Uint8Array.of(0, 1, 254, 255),
  int8: Int8Array.of(-128, -1, 0, 127),
  uint16: Uint16Array.of(0, 1, 258, 65_535),
  int16: Int16Array.of(-32_768, -1, 258, 32_767),
  uint32: Uint32Array.of(0, 1, 66_051, 2 ** 32 - 1),
  int32: Int32Array.of(-(2 ** 31), -1, 66_051, 2 ** 31 - 1),
  uint64: BigUint64Array.of(0n, 1n, 258n, 2n ** 53n - 1n),
  int64: BigInt64Array.of(-(2n ** 53n) + 1n, -1n, 258n, 2n ** 53n - 1n),
  float32: Float32Array.of(-1.5, 0.25, 1e30, 0.1),
  float64: Float64Array.of(-1.1, Math.PI, 1e300, 5e-324),
};

/** A data file of these payloads. */
function file(name: string, ...frames: [payload: ArrayBufferView, options?: FrameOptions][]): string {
  writeFileSync(
    fileName(name),
    Buffer.concat(frames.map(([data, options]) => recordOf(Frame.from(data, options)))),
  );
  return fileName(name);
}

describeWithNumpy('numpy (needs python3-numpy)', () => {
  test('reads the same numbers, of every kind', async () => {
    for (const [name, numbers] of Object.entries(NUMBERS)) {
      const run = file('run.dat', [numbers], [numbers]);
      const { status, stderr } = await runHere('export', run, fileName(`${name}.npy`), '--dtype', name);
      expect({ status, stderr }).toEqual({
        status: 0,
        stderr: `2 frames, ${name} (2, 4) in ${fileName(`${name}.npy`)}\n`,
      });
    }
    const script = `import json, numpy
found = {}
for name in ${JSON.stringify(Object.keys(NUMBERS))}:
  array = numpy.load(name + '.npy')
  found[name] = [array.dtype.name, array.shape, array.tolist()]
print(json.dumps(found))`;
    const expected = Object.entries(NUMBERS).map(([name, numbers]) => {
      const row = [...numbers].map(Number);
      return [name, [name, [2, 4], [row, row]]];
    });
    expect(python(script, fileName(''))).toEqual(Object.fromEntries(expected));
  });

  test('reads images behind a header, of one channel, mapped into memory, and one row for all', async () => {
    const image = (from: number): Uint16Array => Uint16Array.from({ length: 2 + 6 }, (_, i) => from + i);
    const run = file(
      'run.dat',
      [image(0), { channel: 1 }],
      [Uint8Array.of(1, 2, 3), { channel: 2 }],
      [image(100), { channel: 1 }],
      [image(200), { channel: 1, error: 1 }],
    );
    const args = ['--channel', 1, '--dtype', 'uint16', '--skip', 4] as const;
    const shaped = await runHere(
      'export',
      run,
      fileName('images.npy'),
      ...args,
      '--shape',
      '2x3',
      '--drop-errors',
    );
    const flat = await runHere('export', run, fileName('flat.npy'), '--flat');
    expect([shaped.status, flat.status]).toEqual([0, 0]);
    expect(shaped.stderr).toContain('2 frames, uint16 (2, 2, 3)');
    const script = `import json, numpy
print(json.dumps([numpy.load('images.npy', mmap_mode='r').tolist(), numpy.load('flat.npy').shape]))`;
    expect(python(script, fileName(''))).toEqual([
      [
        [
          [2, 3, 4],
          [5, 6, 7],
        ],
        [
          [102, 103, 104],
          [105, 106, 107],
        ],
      ],
      [16 * 3 + 3],
    ]);
  });
});

test('the file of an array is that of NumPy, byte for byte', async () => {
  const run = file('run.dat', [Uint8Array.of(1, 2)]);
  expect((await runHere('export', run, fileName('a.npy'))).status).toBe(0);
  const bytes = readFileSync(fileName('a.npy'));
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
  expect(bytes.readUInt16LE(8)).toBe(118);
  expect(bytes.toString('latin1', 10, 128).trimEnd()).toBe(
    "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }",
  );
  expect(bytes[127]).toBe(10);
  expect([...bytes.subarray(128)]).toEqual([1, 2]);
});

test('CSV: a line for each frame, of all parts of a recording, to a file and to a pipe', async () => {
  const frames = [0, 1, 2].map((row) => Frame.from(Float64Array.of(row, row + 0.5), { channel: row }));
  await write(fileName('run.dat'), frames, { maxSize: 30 });
  const args = ['--dtype', 'float64', '--format', 'csv'] as const;
  expect((await runHere('export', fileName('run.dat.1'), fileName('a.csv'), ...args)).status).toBe(0);
  expect(readFileSync(fileName('a.csv'), 'utf8')).toBe('0,0.5\n1,1.5\n2,2.5\n');
  const piped = rogueBridge('export', fileName('run.dat.1'), '-', ...args, '--count', 2);
  expect(await piped.end()).toBe(0);
  expect([piped.stdout, piped.stderr]).toEqual([
    '0,0.5\n1,1.5\n',
    '2 frames, float64 (2, 2) in standard output\n',
  ]);
});

test('more than one write takes', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => Uint32Array.from({ length: 5_000 }, (_, j) => i * j));
  const run = file('run.dat', ...rows.map((row): [Uint32Array] => [row]));
  expect((await runHere('export', run, fileName('a.npy'), '--dtype', 'uint32')).status).toBe(0);
  const numbers = readFileSync(fileName('a.npy')).subarray(128);
  expect(numbers.equals(Buffer.concat(rows.map((row) => Buffer.from(row.buffer))))).toBe(true);
});

const two = (): string =>
  file('run.dat', [Uint8Array.of(1, 2, 3, 4)], [Uint8Array.of(1, 2, 3), { channel: 7 }]);

test.each<[what: string, args: (string | number)[], words: RegExp, left: string]>([
  [
    'frames of two sizes',
    [],
    /offset 12: a frame of channel 7 has 3 numbers, and the frames before have 4/,
    '(1, 4)',
  ],
  [
    'bytes left over',
    ['--dtype', 'uint16'],
    /channel 7 3 bytes are no whole number of uint16: choose/,
    '(1, 2)',
  ],
  [
    'a header that is too long',
    ['--skip', 4],
    /channel 7 3 bytes are no whole number of uint8 behind --skip 4/,
    '(1, 0)',
  ],
])('%s: what was read before is written, then one line', async (_what, args, words, left) => {
  const { status, stderr } = await runHere('export', two(), fileName('a.npy'), ...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^1 frame, .* in .*a\.npy\nrogue-bridge: .*\n$/);
  expect(stderr).toMatch(words);
  expect(readFileSync(fileName('a.npy')).toString('latin1', 10, 128)).toContain(`'shape': ${left}`);
});

test('a shape that does not fit, and no frame at all, leave no file', async () => {
  const shaped = await runHere('export', two(), fileName('a.npy'), '--shape', '3x3');
  expect([shaped.status, shaped.stderr]).toEqual([
    1,
    expect.stringMatching(/has 4 numbers, and --shape asks for 9/),
  ]);
  const none = await runHere('export', two(), fileName('a.npy'), '--channel', 9);
  expect([none.status, none.stderr]).toEqual([
    1,
    expect.stringMatching(/no such frame; 'rogue-bridge info' tells/),
  ]);
  expect(existsSync(fileName('a.npy'))).toBe(false);
});

test('a disk that is full is one line, and a pipe that is closed is none', async () => {
  const run = file('run.dat', ...Array.from({ length: 40 }, (): [Uint8Array] => [new Uint8Array(100_000)]));
  const full = await runHere('export', run, '/dev/full', '--overwrite');
  expect(full.status).toBe(1);
  expect(full.stderr).toMatch(/^rogue-bridge: \/dev\/full could not be written: .*ENOSPC.*\n$/);
  const piped = rogueBridge('export', run, '-', '--format', 'csv');
  await piped.prints('0,0,0');
  piped.closeOutput();
  expect(await piped.end()).toBe(0);
  expect(piped.stderr).not.toContain('rogue-bridge:');
});

test('all pieces are written, however little the system takes at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 })),
      fc.infiniteStream(fc.nat(30)),
      async (parts, takes) => {
        const pieces = parts.filter(({ length }) => length > 0).map((part) => Buffer.from(part));
        const got: Buffer[] = [];
        const writev = (some: Buffer[]): Promise<{ bytesWritten: number }> => {
          const all = Buffer.concat(some);
          const bytesWritten = Math.min(all.length, 1 + (takes.next().value as number));
          got.push(all.subarray(0, bytesWritten));
          return Promise.resolve({ bytesWritten });
        };
        await writePieces({ writev }, pieces);
        expect(Buffer.concat(got)).toEqual(Buffer.concat(pieces));
      },
    ),
  );
  const none = { writev: () => Promise.resolve({ bytesWritten: 0 }) };
  await expect(writePieces(none as never, [Buffer.of(1)])).rejects.toThrow('takes no more bytes');
});

test('a file that is there is left alone, unless it is to be replaced', async () => {
  writeFileSync(fileName('a.npy'), 'somebody needs this');
  const args = ['export', two(), fileName('a.npy'), '--channel', 0];
  const kept = rogueBridge(...args);
  expect(await kept.end()).toBe(1);
  expect(kept.stderr).toMatch(/a\.npy is there already: choose another name, or add --overwrite\n$/);
  expect(readFileSync(fileName('a.npy'), 'utf8')).toBe('somebody needs this');
  expect((await runHere(...args, '--overwrite')).status).toBe(0);
  expect(readFileSync(fileName('a.npy'))).toHaveLength(132);
});

test.each<[command: string, first: number, args: string[], words: string]>([
  // The header, which is written again at the end, and what one write takes.
  ['export', 128 + 1_200_000, [], '3 frames, uint8 (3, 600 000)'],
  ['extract', 3 * 600_008, ['--range', '0:4'], '3 frames, 1.80 MB'],
])('%s that is interrupted is a failure, and says what there is', async (command, size, args, words) => {
  const made = fileName('made');
  const program = rogueBridgeHere(command, '-', made, ...args);
  for (let i = 0; i < 3; i++) program.input(recordOf(new Frame(Buffer.alloc(600_000, i))));
  await waitFor('what has come to be written', () => existsSync(made) && statSync(made).size >= size);
  await turns();
  program.interrupt();
  expect(await program.end()).toBe(1);
  expect(program.stderr).toBe(`${words} in ${made}\nrogue-bridge: interrupted before the end\n`);
});

test.each(['export', 'extract'])(
  '%s does not write over what it reads, by whatever name',
  async (command) => {
    // A part that is missing does not end a recording.
    const [first, second, fourth] = [fileName('run.dat.1'), fileName('run.dat.2'), fileName('run.dat.4')];
    const record = recordOf(new Frame(Buffer.of(1)));
    for (const part of [first, second, fourth]) writeFileSync(part, record);
    const link = fileName('link.dat');
    symlinkSync(first, link);
    for (const to of [first, second, fourth, link]) {
      const { status, stderr } = await runHere(command, first, to, '--overwrite');
      expect([status, stderr]).toEqual([
        2,
        expect.stringContaining(`${to} is read, so it cannot be written as well`),
      ]);
      expect([first, second, fourth].map((part) => readFileSync(part))).toEqual([record, record, record]);
    }
  },
);

test('an extract that has all it was asked for ends by itself; a device is not removed', async () => {
  const made = fileName('part.dat');
  const program = rogueBridgeHere('extract', '-', made, '--range', ':1');
  program.input(recordOf(new Frame(Buffer.of(1))));
  expect(await program.end()).toBe(0);
  expect(await read(made)).toHaveLength(1);
  const device = fileName('device');
  symlinkSync('/dev/null', device);
  const none = await runHere('extract', made, device, '--range', '5:', '--overwrite');
  expect([none.status, none.stderr]).toEqual([1, expect.stringMatching(/no such frame/)]);
  expect(existsSync(device)).toBe(true);
});

test.each([
  [
    ['export', 'package.json'],
    "behind the data file name the file to write: 'export package.json numbers.npy'",
  ],
  [['export', 'package.json', '-'], 'an .npy file begins with its size'],
  [['export', 'none.dat', 'a.npy'], 'none.dat: there is no such file'],
  [['export', 'package.json', 'a.npy', '--dtype', 'u2'], 'give uint8, int8,'],
  [['export', 'package.json', 'a.npy', '--shape', '3*4'], 'give whole numbers with an x between them'],
  [['export', 'package.json', 'a.npy', '--flat', '--shape', '3'], '--flat has no axes'],
  [['extract', 'package.json'], 'behind the data file name the file to write'],
  [['extract', 'package.json', 'a.dat', '--range', '5:5'], 'give a:b with a below b'],
  [['extract', 'package.json', 'a.dat', '--range', ':'], 'give a:b with a below b'],
  [['extract', 'package.json', 'a.dat', '--errors-only', '--drop-errors'], 'leave nothing'],
])('%j is wrong usage: one line, status 2', async (args, words) => {
  const { status, stderr } = await runHere(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(words);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

describe('extract', () => {
  const FRAMES = Array.from(
    { length: 20 },
    (_, i) => new Frame(Buffer.alloc(10 + i, i), { channel: i % 2, flags: i, error: i % 5 === 4 ? 1 : 0 }),
  );
  const of = (...indices: number[]): unknown[] => indices.map((i) => fields(FRAMES[i]!));

  test.each<[args: (string | number)[], indices: number[]]>([
    [
      ['--range', '2:5'],
      [2, 3, 4],
    ],
    [
      ['--range', '18:'],
      [18, 19],
    ],
    [
      ['--range', ':2', '--channel', 1],
      [1, 3],
    ],
    [['--errors-only'], [4, 9, 14, 19]],
    [
      ['--channel', 1, '--drop-errors', '--range', '6:'],
      [15, 17],
    ],
  ])('%j', async (args, indices) => {
    writeFileSync(fileName('run.dat'), Buffer.concat(FRAMES.map((frame) => recordOf(frame))));
    const { status, stderr } = await runHere('extract', fileName('run.dat'), fileName('part.dat'), ...args);
    expect(status).toBe(0);
    expect(stderr).toMatch(new RegExp(`^${indices.length} frames, .* in .*part\\.dat\n$`));
    expect((await read(fileName('part.dat'))).map(fields)).toEqual(of(...indices));
  });

  test('no such frame is a failure, and leaves no file', async () => {
    writeFileSync(fileName('run.dat'), recordOf(FRAMES[0]!));
    const { status, stderr } = await runHere(
      'extract',
      fileName('run.dat'),
      fileName('part.dat'),
      '--range',
      '1:',
    );
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^rogue-bridge: .*run\.dat: no such frame;/)]);
    expect(existsSync(fileName('part.dat'))).toBe(false);
  });
});
