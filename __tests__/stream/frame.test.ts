import { runInNewContext } from 'node:vm';
import { Frame } from '../../lib';

describe('Frame', () => {
  test('references the Buffer it is given and wraps the memory of any other Uint8Array', () => {
    const buffer = Buffer.from('rogue');
    expect(new Frame(buffer).payload).toBe(buffer);
    const array = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    const frame = new Frame(array);
    array[0] = 9;
    expect([...frame.payload]).toEqual([9, 3]);
    expect(frame.size).toBe(2);
  });

  test('of a number of bytes is zeros, and metadata is 0 unless given', () => {
    const frame = new Frame(3);
    expect(frame).toMatchObject({ payload: Buffer.alloc(3), size: 3, flags: 0, channel: 0, error: 0 });
    expect(new Frame(1, { flags: 0xffff, channel: 255, error: 255 })).toMatchObject({
      flags: 0xffff,
      channel: 255,
      error: 255,
    });
  });

  test('firstUser and lastUser each replace their own byte of flags, and only that', () => {
    const frame = new Frame(1, { flags: 0x1234 });
    expect([frame.firstUser, frame.lastUser]).toEqual([0x34, 0x12]);
    frame.firstUser = 0x0f;
    frame.firstUser = 0xf0;
    expect(frame.flags).toBe(0x12f0);
    frame.lastUser = 0x01;
    expect(frame.flags).toBe(0x01f0);
  });

  test('clone has the same metadata and a payload of its own', () => {
    const frame = new Frame(Buffer.from([1, 2]), { flags: 7, channel: 8, error: 9 });
    const clone = frame.clone();
    frame.payload[0] = 99;
    frame.flags = 0;
    expect(clone).toMatchObject({ payload: Buffer.from([1, 2]), flags: 7, channel: 8, error: 9 });
  });

  test.each([0, 1, 64, 100, 5_000, 100_000])(
    'clone of %d bytes has an ArrayBuffer of just that size, of a view and in shared memory, too',
    (size) => {
      for (const memory of [new ArrayBuffer(size + 7), new SharedArrayBuffer(size + 7)]) {
        const payload = Buffer.from(memory, 3, size).fill('rogue');
        const clone = new Frame(payload).clone().payload;
        expect(clone.equals(payload)).toBe(true);
        expect(clone.buffer).toBeInstanceOf(ArrayBuffer);
        expect([clone.byteOffset, clone.buffer.byteLength]).toEqual([0, size]);
        const moved = structuredClone(clone, { transfer: [clone.buffer as ArrayBuffer] });
        expect([moved.length, clone.length]).toEqual([size, 0]);
      }
    },
  );

  test('takes a Uint8Array of another realm, and no other class of arrays', () => {
    const foreign = runInNewContext('Uint8Array.of(1, 2, 3).subarray(1)') as Uint8Array;
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    const frame = new Frame(foreign);
    foreign[0] = 9;
    expect([...frame.payload]).toEqual([9, 3]);
    for (const array of [new Uint16Array(1), new Uint8ClampedArray(1), new DataView(new ArrayBuffer(1))]) {
      expect(() => new Frame(array as never)).toThrow('for other typed arrays there is Frame.from');
    }
  });

  test.each([
    ['flags', -1],
    ['flags', 0x10000],
    ['flags', 1.5],
    ['flags', NaN],
    ['channel', 256],
    ['channel', -1],
    ['error', 256],
    ['firstUser', 256],
    ['lastUser', -1],
  ] as const)('%s of %d is a RangeError that names both', (field, value) => {
    const frame = new Frame(1);
    const set = (): void => {
      frame[field] = value;
    };
    expect(set).toThrow(RangeError);
    expect(set).toThrow(`${field} is ${value}`);
  });

  test.each([
    ['a string', 'text', TypeError, "payload is 'text'"],
    ['null', null, TypeError, 'payload is null'],
    ['an array', [1, 2], TypeError, 'payload is an array'],
    ['a negative size', -1, RangeError, 'size is -1'],
    ['half a byte', 0.5, RangeError, 'size is 0.5'],
    ['more than 2^32 - 1 bytes', 2 ** 32, RangeError, 'size is 4294967296'],
  ])('a payload that is %s is refused with its value', (_what, payload, errorClass, words) => {
    const make = (): Frame => new Frame(payload as never);
    expect(make).toThrow(errorClass);
    expect(make).toThrow(words);
  });

  test('a flag of the wrong type is a TypeError', () => {
    expect(() => new Frame(1, { flags: '3' as never })).toThrow(TypeError);
    expect(() => new Frame(1, { flags: '3' as never })).toThrow("flags is '3'");
  });
});
