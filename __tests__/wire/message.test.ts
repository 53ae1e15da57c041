import fc from 'fast-check';
import { Frame } from '../../lib';
import { describeMalformed, flagsOf, isFrame, toParts } from '../../lib/wire/message';

const anyFrame = fc.record({
  payload: fc.uint8Array({ maxLength: 300 }),
  flags: fc.integer({ min: 0, max: 0xffff }),
  channel: fc.integer({ min: 0, max: 0xff }),
  error: fc.integer({ min: 0, max: 0xff }),
});

describe('a frame as four parts', () => {
  test('is flags in two bytes little-endian, channel, error, and the payload itself', () => {
    const frame = new Frame(Buffer.from('hi'), { flags: 0x0201, channel: 3, error: 4 });
    const parts = toParts(frame);
    expect(parts.map((part) => part.toString('hex'))).toEqual(['0102', '03', '04', '6869']);
    expect(parts[3]).toBe(frame.payload);
  });

  test('comes back as it was, whatever the frame', () => {
    fc.assert(
      fc.property(anyFrame, ({ payload, ...metadata }) => {
        const parts = toParts(new Frame(payload, metadata)).map((part) => Buffer.from(part));
        expect(isFrame(parts)).toBe(true);
        if (!isFrame(parts)) return;
        expect({ flags: flagsOf(parts), channel: parts[1][0], error: parts[2][0] }).toEqual(metadata);
        expect(parts[3].equals(payload)).toBe(true);
      }),
    );
  });

  test('is recognised by four parts of 2, 1, 1 and any bytes, and by nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { minLength: 1, maxLength: 6 }), (arrays) => {
        const parts = arrays.map((bytes) => Buffer.from(bytes));
        const sizes = parts.slice(0, 3).map((part) => part.length);
        const expected = parts.length === 4 && sizes.join() === '2,1,1';
        expect(isFrame(parts)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
    expect(isFrame([2, 1, 1, 0].map((size) => Buffer.alloc(size)))).toBe(true);
  });

  test('what is none is described, wrong sizes in the words of Rogue', () => {
    expect(describeMalformed(4, [1, 2, 3, 9])).toBe('Bad message sizes. flags=1 channel=2 error=3');
    expect(describeMalformed(3, [2, 1, 1])).toBe('Bad message part count. parts=3, expected 4');
  });
});
