// Records of a fixed layout: every number, rows of them, and what does not fit.

import fc from 'fast-check';
import { Frame, struct, type StructField, type StructNumber } from '../../lib';

const VALUES: Record<StructNumber, readonly (number | bigint)[]> = {
  u8: [0, 1, 255],
  i8: [-128, 0, 127],
  u16: [0, 258, 65_535],
  i16: [-32_768, 258, 32_767],
  u32: [0, 66_051, 2 ** 32 - 1],
  i32: [-(2 ** 31), 66_051, 2 ** 31 - 1],
  u64: [0n, 258n, 2n ** 64n - 1n],
  i64: [-(2n ** 63n), 258n, 2n ** 63n - 1n],
  f32: [-1.5, 0.25, Infinity],
  f64: [-1.1, Math.PI, 1e300],
};
const SETTERS: Record<StructNumber, string> = {
  u8: 'setUint8',
  i8: 'setInt8',
  u16: 'setUint16',
  i16: 'setInt16',
  u32: 'setUint32',
  i32: 'setInt32',
  u64: 'setBigUint64',
  i64: 'setBigInt64',
  f32: 'setFloat32',
  f64: 'setFloat64',
};
const NUMBERS = Object.keys(VALUES) as StructNumber[];
const bytesOf = (number: StructNumber): number => Number(number.slice(1)) / 8;

/** The bytes of these numbers, one after the other. */
function packed(numbers: readonly (readonly [StructNumber, number | bigint])[], bigEndian: boolean): Buffer {
  const bytes = Buffer.alloc(numbers.reduce((sum, [number]) => sum + bytesOf(number), 0));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (const [number, value] of numbers) {
    (view as unknown as Record<string, (...args: unknown[]) => void>)[SETTERS[number]]!(
      at,
      value,
      !bigEndian,
    );
    at += bytesOf(number);
  }
  return bytes;
}

test.each([false, true])('reads every number as it was packed (big-endian: %s)', (bigEndian) => {
  const number = fc
    .constantFrom(...NUMBERS)
    .chain((type) => fc.tuple(fc.constant(type), fc.constantFrom(...VALUES[type])));
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 12 }), fc.nat(9), (numbers, offset) => {
      const fields = Object.fromEntries(numbers.map(([type], i) => [`f${i}`, type as StructField]));
      const layout = struct(fields, { bigEndian });
      const bytes = Buffer.concat([Buffer.alloc(offset, 0xff), packed(numbers, bigEndian), Buffer.alloc(3)]);
      expect(layout.size).toBe(bytes.length - offset - 3);
      const expected = Object.fromEntries(numbers.map(([, value], i) => [`f${i}`, value]));
      expect(layout.read(new Frame(bytes), offset)).toEqual(expected);
      expect(layout.read(bytes, offset)).toEqual(expected);
    }),
  );
});

const hit = struct({ col: 'u8', row: 'u8', value: 'f32' });
const HITS = [
  { col: 1, row: 2, value: 0.5 },
  { col: 3, row: 4, value: -1.5 },
];
const HIT_BYTES = HITS.map(({ col, row, value }) =>
  packed(
    [
      ['u8', col],
      ['u8', row],
      ['f32', value],
    ],
    false,
  ),
);

test('what it reads has the types of its description', () => {
  const { col, row, value }: { col: number; row: number; value: number } = hit.read(HIT_BYTES[0]!);
  expect({ col, row, value }).toEqual(HITS[0]);
  const event = struct({ time: 'u64', samples: 'i16[3]', words: 'u64[2]' });
  const read: { time: bigint; samples: number[]; words: bigint[] } = event.read(
    packed(
      [
        ['u64', 7n],
        ['i16', -1],
        ['i16', 0],
        ['i16', 1],
        ['u64', 5n],
        ['u64', 6n],
      ],
      false,
    ),
  );
  expect(read).toEqual({ time: 7n, samples: [-1, 0, 1], words: [5n, 6n] });
});

test('all records behind a header, or some, also where the firmware fills them up', () => {
  const frame = new Frame(Buffer.concat([Buffer.alloc(12), ...HIT_BYTES]));
  expect(hit.readAll(frame, { offset: 12 })).toEqual(HITS);
  expect(hit.readAll(frame, { offset: 12, count: 1 })).toEqual(HITS.slice(0, 1));
  expect(hit.readAll(Buffer.alloc(0))).toEqual([]);
  const filled = struct({ col: 'u8', row: 'u8', value: 'f32' }, { stride: 8 });
  const padded = Buffer.concat([HIT_BYTES[0]!, Buffer.alloc(2), HIT_BYTES[1]!]);
  expect(filled.readAll(padded)).toEqual(HITS);
  expect(filled.readAll(Buffer.concat([padded, Buffer.alloc(2)]))).toEqual(HITS);
});

test.each<[what: string, run: () => unknown, message: string]>([
  ['too few bytes', () => hit.read(Buffer.alloc(5)), 'offset is 0, but must be'],
  [
    'an offset too far',
    () => hit.read(Buffer.alloc(8), 3),
    'offset is 3, but must be a whole number from 0 to 2',
  ],
  [
    'bytes left over',
    () => hit.readAll(Buffer.alloc(13)),
    '13 bytes are 2 records (6 bytes each) and 1 bytes left over',
  ],
  ['too many', () => hit.readAll(Buffer.alloc(12), { count: 3 }), 'count is 3, but must be'],
  ['a misspelt option', () => hit.readAll(Buffer.alloc(12), { ofset: 1 } as object), "'ofset'"],
  [
    'no bytes',
    () => hit.read('text' as unknown as Buffer),
    "source is 'text', but must be a frame or a Uint8Array",
  ],
  ['null', () => hit.read(null as unknown as Buffer), 'source is null'],
  ['no fields', () => struct({}), 'fields are'],
  ['null for fields', () => struct(null as unknown as Record<string, 'u8'>), 'fields are null'],
  ['no type', () => struct({ a: 'u12' as 'u8' }), "a is 'u12', but must be one of u8, i8,"],
  ['a name of every object', () => struct({ a: 'toString' as 'u8' }), "a is 'toString'"],
  ['a stride too small', () => struct({ a: 'u32' }, { stride: 3 }), 'stride is 3, but must be'],
])('%s is refused in one line', (_what, run, message) => {
  expect(run).toThrow(message);
});
