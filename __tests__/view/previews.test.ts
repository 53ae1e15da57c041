// Previews against the same numbers worked out in the plainest way.

import * as fc from 'fast-check';
import { Frame } from '../../lib/index';
import { bytesOfType, SAMPLE_TYPES, type SampleType } from '../../lib/view/interpretation';
import { MAX_PREVIEW_BYTES, MAX_PREVIEWED_BYTES, type Watch } from '../../lib/view/protocol';
import { NO_VALUE } from '../../lib/view/previews/image';
import { Previews, type Answer } from '../../lib/view/previews/previews';
import { samplesOf } from '../../lib/view/previews/samples';
import { WATCH } from '../helpers/page-client';

let number = 0;

async function previewOf(payload: Buffer, watch: Partial<Watch>, previews = new Previews()): Promise<Answer> {
  number += 1;
  const kept = { frame: new Frame(payload, { flags: 0x201, error: 4 }), number, time: 5 };
  return (await previews.of(kept, { ...WATCH, ...watch }))!;
}

async function shown(payload: Buffer, watch: Partial<Watch>, previews?: Previews) {
  const answer = await previewOf(payload, watch, previews);
  if (answer.preview === undefined) throw new Error(`no preview: ${answer.none.reason}`);
  const { record, preview } = answer;
  const how = { type: preview.packing, order: 'le', skip: 8, shape: undefined } as const;
  const count = (record.length - 8) / bytesOfType(preview.packing);
  return { ...preview, record, numbers: [...samplesOf(record, how, 0, count)] };
}

const u2 = (values: readonly number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);

describe('samples', () => {
  const read: Record<SampleType, (bytes: DataView, at: number, isLittle: boolean) => number> = {
    i1: (bytes, at) => bytes.getInt8(at),
    u1: (bytes, at) => bytes.getUint8(at),
    i2: (bytes, at, isLittle) => bytes.getInt16(at, isLittle),
    u2: (bytes, at, isLittle) => bytes.getUint16(at, isLittle),
    i4: (bytes, at, isLittle) => bytes.getInt32(at, isLittle),
    u4: (bytes, at, isLittle) => bytes.getUint32(at, isLittle),
    i8: (bytes, at, isLittle) => Number(bytes.getBigInt64(at, isLittle)),
    u8: (bytes, at, isLittle) => Number(bytes.getBigUint64(at, isLittle)),
    f2: (bytes, at, isLittle) => halfOf(bytes.getUint16(at, isLittle)),
    f4: (bytes, at, isLittle) => bytes.getFloat32(at, isLittle),
    f8: (bytes, at, isLittle) => bytes.getFloat64(at, isLittle),
  };

  test('are what a DataView reads, of every type, in either order, at every place', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SAMPLE_TYPES),
        fc.boolean(),
        fc.uint8Array({ minLength: 0, maxLength: 100 }),
        fc.nat(9),
        (type, isLittle, bytes, skip) => {
          const count = Math.max(0, Math.floor((bytes.length - skip) / bytesOfType(type)));
          const from = Math.floor(count / 3);
          const how = { type, order: isLittle ? 'le' : 'be', skip, shape: undefined } as const;
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
          const expected = Array.from({ length: count - from }, (_, i) =>
            read[type](view, skip + (from + i) * bytesOfType(type), isLittle),
          );
          expect([...samplesOf(bytes, how, from, count)]).toEqual(expected);
        },
      ),
    );
  });

  /** By the definition of binary16. */
  function halfOf(half: number): number {
    const sign = half >> 15 === 1 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = (half & 1023) / 1024;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
  }
});

describe('a waveform', () => {
  test('of few samples is the samples themselves, with the metadata of the frame', async () => {
    const { record, numbers, step, window, statistics, samples } = await shown(u2([9, 3, 7, 500]), {
      skip: 2,
    });
    expect(numbers).toEqual([3, 7, 500]);
    expect({ step, window, samples }).toEqual({ step: 0, window: [0, 3], samples: 3 });
    expect(statistics).toMatchObject({ min: 3, max: 500, count: 3, nan: 0, mean: 170 });
    expect(record.subarray(0, 8)).toEqual(Buffer.from([10, 0, 0, 0, 0x01, 0x02, 4, 0]));
  });

  test('of many samples is the minimum and maximum of each column, whatever the numbers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(50),
        async (values, columns, from) => {
          const first = Math.min(from, values.length - 1);
          const part = values.slice(first);
          const made = await shown(u2(values), { columns, window: [first, values.length] });
          expect(made.statistics).toMatchObject({
            min: Math.min(...part),
            max: Math.max(...part),
            count: part.length,
          });
          if (part.length <= 2 * columns) {
            expect(made.numbers).toEqual(part);
            return;
          }
          const expected: number[] = [];
          for (let i = 0; i < part.length; i += made.step) {
            const column = part.slice(i, i + made.step);
            expected.push(Math.min(...column), Math.max(...column));
          }
          expect(made.numbers).toEqual(expected);
          expect(expected.length).toBeLessThanOrEqual(2 * columns);
        },
      ),
    );
  });

  test('of millions of samples is made in several turns, and has every peak', async () => {
    const values = new Uint16Array(3_000_000).fill(100);
    values[1_234_567] = 9_000;
    values[2_999_999] = 7;
    const made = await shown(Buffer.from(values.buffer), { columns: 1000 });
    expect(made.step).toBe(3000);
    expect(Math.max(...made.numbers)).toBe(9_000);
    expect(made.numbers.indexOf(9_000)).toBe(2 * Math.floor(1_234_567 / 3000) + 1);
    expect(made.numbers.at(-2)).toBe(7);
    expect(made.statistics).toMatchObject({ min: 7, max: 9_000, count: 3_000_000 });
  });

  test('counts values that are no number', async () => {
    const payload = Buffer.from(Float32Array.of(1, NaN, 3, -Infinity).buffer);
    const { statistics } = await shown(payload, { type: 'f4' });
    expect(statistics).toMatchObject({ min: 1, max: 3, mean: 2, deviation: 1, count: 2, nan: 2 });
  });

  test('of large values keeps the digits of the deviation', async () => {
    const payload = Buffer.from(Float64Array.of(1e9, 1e9 + 2, 1e9 + 4).buffer);
    const { statistics } = await shown(payload, { type: 'f8' });
    expect(statistics!.mean).toBe(1e9 + 2);
    expect(statistics!.deviation).toBeCloseTo(Math.sqrt(8 / 3), 12);
  });
});

describe('an image', () => {
  test('that fits comes pixel by pixel', async () => {
    const made = await shown(u2([0, 1, 2, 3, 4, 5]), { view: 'image', shape: [2, 3] });
    expect(made).toMatchObject({ numbers: [0, 1, 2, 3, 4, 5], rows: 2, columns: 3, step: 1, packing: 'u2' });
  });

  test('of a window is that window', async () => {
    const values = Array.from({ length: 48 }, (_, i) => i);
    const made = await shown(u2(values), { view: 'image', shape: [6, 8], window: [2, 3, 2, 4] });
    expect(made).toMatchObject({ numbers: [19, 20, 21, 22, 27, 28, 29, 30], rows: 2, columns: 4 });
  });

  test('too large for a preview has one pixel of each k by k', async () => {
    const [rows, columns] = [1000, 1100];
    const values = Uint16Array.from({ length: rows * columns }, (_, i) => (i * 7) % 65_521);
    const made = await shown(Buffer.from(values.buffer), { view: 'image', shape: [rows, columns] });
    expect(made.record.length).toBeLessThanOrEqual(8 + MAX_PREVIEW_BYTES);
    expect(made.step).toBe(3);
    const expected: number[] = [];
    for (let row = 0; row < rows; row += 3)
      for (let column = 0; column < columns; column += 3) expected.push(values[row * columns + column]!);
    expect(made.numbers).toEqual(expected);
  });

  test.each(['f4', 'i4', 'f8'] as const)('of %s travels in 16 bits, to within half a step', async (type) => {
    const values = [-50, 0, 1.5, 1e6, 12345];
    const array = type === 'f4' ? Float32Array : type === 'f8' ? Float64Array : Int32Array;
    const payload = Buffer.from(array.from(values).buffer);
    const { packing, numbers, scale, offset } = await shown(payload, { view: 'image', type, shape: [1, 5] });
    expect(packing).toBe('u2');
    [...array.from(values)].forEach((value, i) => {
      expect(Math.abs(offset! + scale! * numbers[i]! - value)).toBeLessThanOrEqual(scale! / 2 + 1e-9);
    });
  });

  test('marks pixels without a value', async () => {
    const payload = Buffer.from(Float32Array.of(1, NaN, Infinity, 3).buffer);
    const { numbers } = await shown(payload, { view: 'image', type: 'f4', shape: [2, 2] });
    expect(numbers).toEqual([0, NO_VALUE, NO_VALUE, NO_VALUE - 1]);
  });

  test('of one value has no division by zero', async () => {
    const payload = Buffer.from(Float32Array.of(3, 3).buffer);
    const { numbers, scale, offset } = await shown(payload, { view: 'image', type: 'f4', shape: [1, 2] });
    expect({ numbers, scale, offset }).toEqual({ numbers: [0, 0], scale: 0, offset: 3 });
  });

  test('that the bytes do not fill is told with the bytes it needs', async () => {
    const answer = await previewOf(Buffer.alloc(64), { view: 'image', shape: [192, 384], skip: 32 });
    expect(answer).toMatchObject({ none: { reason: 'misfit', needed: 192 * 384 * 2 + 32, size: 64 } });
  });
});

describe('a histogram', () => {
  test('counts every sample once, in the bin of its value', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 300 }),
        async (values) => {
          const { numbers, low, high } = await shown(u2(values), { view: 'hist', bins: 16 });
          const width = (high! - low!) / 16;
          const expected = new Array<number>(16).fill(0);
          for (const value of values) expected[Math.floor((value - low!) / width)]! += 1;
          expect(numbers).toEqual(expected);
          expect(numbers.reduce((sum, count) => sum + count)).toBe(values.length);
        },
      ),
    );
  });

  test('adds up 64 frames, and the oldest leave', async () => {
    const previews = new Previews();
    await shown(u2([10, 60_000]), { view: 'hist' }, previews);
    const total = ({ numbers }: { numbers: number[] }): number => numbers.reduce((sum, count) => sum + count);
    let last = await shown(u2([10, 60_000]), { view: 'hist' }, previews);
    expect([last.summed, total(last)]).toEqual([2, 4]);
    for (let i = 0; i < 100; i++) last = await shown(u2([10, 60_000]), { view: 'hist' }, previews);
    expect([last.summed, total(last)]).toEqual([64, 128]);
  });

  test('begins again when a value is outside of its bins, so that no bin changes its meaning', async () => {
    const previews = new Previews();
    await shown(u2([10, 20]), { view: 'hist' }, previews);
    const { numbers, high, summed } = await shown(u2([10, 50_000]), { view: 'hist' }, previews);
    expect([summed, numbers.reduce((sum, count) => sum + count)]).toEqual([1, 2]);
    expect(high).toBeGreaterThan(50_000);
  });

  test('of floats that are all the same, or none, has bins', async () => {
    const same = await shown(Buffer.from(Float32Array.of(5, 5).buffer), { view: 'hist', type: 'f4' });
    expect(same.numbers.reduce((sum, count) => sum + count)).toBe(2);
    const none = await shown(Buffer.from(Float32Array.of(NaN).buffer), { view: 'hist', type: 'f4' });
    expect(none.numbers.every((count) => count === 0)).toBe(true);
  });
});

describe('hex', () => {
  test('is the bytes of the window', async () => {
    const payload = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 255));
    const made = await shown(payload, { view: 'hex', window: [256, 272] });
    expect(made.numbers).toEqual([...payload.subarray(256, 272)]);
    expect(made).toMatchObject({ window: [256, 272], samples: 300 });
  });

  test('stops at 4 kB', async () => {
    const { numbers } = await shown(Buffer.alloc(10_000, 1), { view: 'hex', window: [0, 10_000] });
    expect(numbers.length).toBe(4096);
  });
});

test('an empty frame has no preview', async () => {
  expect(await previewOf(Buffer.alloc(0), {})).toMatchObject({ none: { reason: 'empty', size: 0 } });
});

test('a frame above the limit has no preview but its bytes', async () => {
  const payload = Buffer.alloc(MAX_PREVIEWED_BYTES + 1);
  expect(await previewOf(payload, { view: 'wave' })).toMatchObject({ none: { reason: 'too-large' } });
  expect((await shown(payload, { view: 'hex' })).numbers.length).toBe(4096);
});

test('views that want the same share one preview', () => {
  const previews = new Previews();
  const kept = { frame: new Frame(u2([1, 2])), number: 1, time: 0 };
  const first = previews.of(kept, WATCH);
  expect(previews.of(kept, { ...WATCH, id: 3 })).toBe(first);
  expect(previews.of(kept, { ...WATCH, columns: 3 })).not.toBe(first);
});
