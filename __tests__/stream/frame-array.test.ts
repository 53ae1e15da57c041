// Numbers in payloads: frames made of typed arrays, and typed arrays over payloads.

import { runInNewContext } from 'node:vm';
import { Frame, type FrameArrayClass, type FrameArrayOptions } from '../../lib';

type NumberArray = ArrayBufferView & ArrayLike<number | bigint> & Iterable<number | bigint>;

// In Node 24 and later.
const { Float16Array } = globalThis as { Float16Array?: FrameArrayClass<NumberArray> };
const CLASSES: [string, FrameArrayClass<NumberArray>, (number | bigint)[]][] = [
  ['Int8Array', Int8Array, [-128, 0, 127]],
  ['Uint8Array', Uint8Array, [0, 1, 255]],
  ['Uint8ClampedArray', Uint8ClampedArray, [0, 1, 255]],
  ['Buffer', Buffer, [0, 1, 255]],
  ['Int16Array', Int16Array, [-32768, 258, 32767]],
  ['Uint16Array', Uint16Array, [0, 258, 65535]],
  ['Int32Array', Int32Array, [-(2 ** 31), 66051, 2 ** 31 - 1]],
  ['Uint32Array', Uint32Array, [0, 66051, 2 ** 32 - 1]],
  ['Float32Array', Float32Array, [-1.5, 0.25, Infinity]],
  ['Float64Array', Float64Array, [-1.1, Math.PI, 1e300]],
  ['BigInt64Array', BigInt64Array, [-(2n ** 63n), 258n, 2n ** 63n - 1n]],
  ['BigUint64Array', BigUint64Array, [0n, 258n, 2n ** 64n - 1n]],
];
if (Float16Array !== undefined) CLASSES.push(['Float16Array', Float16Array, [-1.5, 0.25, 65504]]);

interface Make {
  from(values: (number | bigint)[]): NumberArray;
  readonly BYTES_PER_ELEMENT: number;
}
const make = (type: unknown, values: (number | bigint)[]): NumberArray => (type as Make).from(values);
const elementBytes = (type: unknown): number => (type as Make).BYTES_PER_ELEMENT;

/** A payload of these bytes that begins `shift` bytes behind a multiple of 8. */
function frameAt(shift: number, bytes: Buffer): Frame {
  const memory = new ArrayBuffer(bytes.length + 16);
  const payload = Buffer.from(memory, shift, bytes.length);
  bytes.copy(payload);
  return new Frame(payload);
}

const bytesOf = (array: ArrayBufferView): Buffer =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength);

describe.each(CLASSES)('array(%s)', (_name, type, values) => {
  const array = make(type, values);
  const size = elementBytes(type);

  test('gives the numbers a frame was made from, in that class', () => {
    const back = Frame.from(array).array(type);
    expect(back).toEqual(array);
    expect(back.constructor).toBe(array.constructor);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'is a view where it can be, %d bytes behind a multiple of 8',
    (shift) => {
      const frame = frameAt(shift, bytesOf(array));
      const found = frame.array(type);
      expect(found).toEqual(array);
      const isView = shift % size === 0;
      expect(found.buffer === frame.payload.buffer).toBe(isView);
      if (!isView) expect(found.buffer.byteLength).toBe(found.byteLength);
      frame.payload.fill(1);
      if (isView) expect(found).not.toEqual(array);
      else expect(found).toEqual(array);
    },
  );

  test.each([0, 1])('takes the elements it is asked for, %d bytes behind a multiple of 8', (shift) => {
    const head = Buffer.from('header');
    const frame = frameAt(shift, Buffer.concat([head, bytesOf(array), Buffer.from('t')]));
    const { length: offset } = head;
    expect(frame.array(type, { offset, length: 3 })).toEqual(array);
    expect([...frame.array(type, { offset: offset + size, length: 1 })]).toEqual([array[1]]);
    expect(frame.array(type, { offset, length: 0 })).toHaveLength(0);
  });
});

describe('array', () => {
  const frame = frameAt(0, Buffer.alloc(10));

  test('copies no more than what it is asked for', () => {
    const large = frameAt(1, Buffer.alloc(100_000, 1));
    const found = large.array(Float64Array, { offset: 8, length: 2 });
    expect(found.buffer.byteLength).toBe(16);
  });

  test('reads little-endian numbers, as numpy on the machines Rogue runs on', () => {
    const bytes = Buffer.alloc(9);
    bytes.writeUInt16LE(0x1234, 0);
    bytes.writeFloatLE(0.5, 2);
    bytes[8] = 7;
    const found = new Frame(bytes);
    expect(found.array(Uint16Array, { length: 1 })[0]).toBe(0x1234);
    expect(found.array(Float32Array, { offset: 2, length: 1 })[0]).toBe(0.5);
    expect(found.array(Uint8Array, { offset: 8 })).toEqual(Uint8Array.of(7));
  });

  test('of an empty payload, or from its end on, is empty', () => {
    expect(new Frame(0).array(Float64Array)).toHaveLength(0);
    expect(frame.array(Float64Array, { offset: 10 })).toHaveLength(0);
  });

  test('works in shared memory, and with a class of another realm', () => {
    const shared = Buffer.from(new SharedArrayBuffer(12), 4, 8);
    shared.writeFloatLE(2.5, 0);
    expect([...new Frame(shared).array(Float32Array)]).toEqual([2.5, 0]);
    const foreign = runInNewContext('Float32Array') as Float32ArrayConstructor;
    expect([...new Frame(shared).array(foreign)]).toEqual([2.5, 0]);
  });

  test.each<[string, FrameArrayOptions, string]>([
    [
      'a rest of 2 bytes',
      {},
      '10 bytes of payload are 2 elements of Float32Array (4 bytes each) and 2 bytes left over',
    ],
    [
      'a rest behind an offset',
      { offset: 1 },
      '9 bytes of payload are 2 elements of Float32Array (4 bytes each) and 1',
    ],
    ['an offset behind the end', { offset: 11 }, 'offset is 11, but must be a whole number from 0 to 10'],
    ['a negative offset', { offset: -4 }, 'offset is -4'],
    ['half an offset', { offset: 0.5 }, 'offset is 0.5'],
    ['more elements than there are', { length: 3 }, 'length is 3, but must be a whole number from 0 to 2'],
    [
      'more behind an offset',
      { offset: 4, length: 2 },
      'length is 2, but must be a whole number from 0 to 1',
    ],
    ['a negative length', { length: -1 }, 'length is -1'],
  ])('%s is a RangeError that says so', (_what, options, words) => {
    const find = (): unknown => frame.array(Float32Array, options);
    expect(find).toThrow(RangeError);
    expect(find).toThrow(words);
  });

  test.each([
    ['nothing', undefined, 'type is undefined'],
    ['a name', 'Float32Array', "type is 'Float32Array'"],
    ['an array', new Float32Array(1), 'type is an object (Float32Array)'],
    ['DataView', DataView, 'type is DataView'],
    ['another function', () => 1, 'type is a function'],
  ])('%s for a class is a TypeError', (_what, type, words) => {
    const find = (): unknown => frame.array(type as never);
    expect(find).toThrow(TypeError);
    expect(find).toThrow(`${words}, but must be a class of typed arrays, such as Float32Array`);
  });

  test('an option that does not exist, or of the wrong type, is a TypeError', () => {
    expect(() => frame.array(Uint8Array, { size: 3 } as never)).toThrow("unknown option 'size'");
    expect(() => frame.array(Uint8Array, { offset: '3' as never })).toThrow(TypeError);
  });
});

describe('Frame.from', () => {
  test('references the bytes of an array, and only those, with the metadata it is given', () => {
    const memory = Uint16Array.of(1, 2, 3, 4);
    const frame = Frame.from(memory.subarray(1, 3), { flags: 7, channel: 8, error: 9 });
    expect(frame).toMatchObject({ size: 4, flags: 7, channel: 8, error: 9 });
    memory[2] = 0x0605;
    expect([...frame.payload]).toEqual([2, 0, 5, 6]);
  });

  test('takes a Buffer as it is, and a DataView', () => {
    const buffer = Buffer.from('rogue');
    expect(Frame.from(buffer).payload).toBe(buffer);
    const view = new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2);
    expect([...Frame.from(view).payload]).toEqual([2, 3]);
  });

  test('takes an array of another realm', () => {
    const foreign = runInNewContext('Float32Array.of(1, 2)') as Float32Array;
    expect([...Frame.from(foreign).array(Float32Array)]).toEqual([1, 2]);
  });

  test.each([
    ['numbers', [1, 2], 'array is an array'],
    ['an ArrayBuffer', new ArrayBuffer(4), 'give new Uint8Array(buffer)'],
    ['text', 'text', "array is 'text'"],
    ['nothing', undefined, 'array is undefined'],
  ])('%s is a TypeError that says what was given', (_what, array, words) => {
    const from = (): Frame => Frame.from(array as never);
    expect(from).toThrow(TypeError);
    expect(from).toThrow(words);
  });

  test('metadata out of range is a RangeError', () => {
    expect(() => Frame.from(Int8Array.of(1), { channel: 256 })).toThrow(RangeError);
  });
});

test('dataView is over the payload, in place', () => {
  const frame = frameAt(3, Buffer.from([1, 2, 3, 4]));
  const view = frame.dataView;
  expect([view.byteLength, view.getUint16(0, true), view.getUint16(2)]).toEqual([4, 0x0201, 0x0304]);
  view.setUint8(0, 9);
  expect(frame.payload[0]).toBe(9);
});
