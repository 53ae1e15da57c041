// Packed samples: every width, both orders, every place in memory, against bits counted one by one.

import fc from 'fast-check';
import { unpackBits } from '../../lib';

/** Bit by bit. */
function expected(bytes: Uint8Array, bits: number, count: number, highFirst: boolean): number[] {
  const bitAt = (i: number): number => {
    const inByte = highFirst ? 7 - (i % 8) : i % 8;
    return (bytes[Math.floor(i / 8)]! >> inByte) & 1;
  };
  return Array.from({ length: count }, (_, sample) => {
    let value = 0;
    for (let bit = 0; bit < bits; bit++) {
      const one = bitAt(sample * bits + bit);
      value = highFirst ? value * 2 + one : value + one * 2 ** bit;
    }
    return value;
  });
}

test('any bytes, of any width, in either order, from any place in memory', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 16 }),
      fc.boolean(),
      fc.nat(7),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (bytes, bits, highFirst, shift, part) => {
        const payload = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
        const whole = Math.floor((bytes.length * 8) / bits);
        const all = expected(bytes, bits, whole, highFirst);
        expect([...unpackBits(payload, bits, { highFirst })]).toEqual(all);
        const count = Math.floor(whole * part);
        expect([...unpackBits(payload, bits, { highFirst, count })]).toEqual(all.slice(0, count));
      },
    ),
    { numRuns: 500 },
  );
});

test.each([0, 2, 3000])(
  'the samples of %i bytes lie in memory of their own, which can be transferred',
  (bytes) => {
    const samples = unpackBits(Buffer.alloc(bytes), 12);
    expect(samples.buffer).toBeInstanceOf(ArrayBuffer);
    expect([samples.byteOffset, samples.buffer.byteLength]).toEqual([0, samples.length * 2]);
  },
);

test.each<[what: string, run: () => unknown, message: string]>([
  ['no bytes', () => unpackBits([1] as unknown as Uint8Array, 12), 'payload is'],
  ['17 bits', () => unpackBits(Buffer.alloc(2), 17), 'bits is 17, but must be a whole number from 1 to 16'],
  ['too many', () => unpackBits(Buffer.alloc(3), 12, { count: 3 }), 'count is 3, but must be'],
  ['a misspelt option', () => unpackBits(Buffer.alloc(3), 12, { highfirst: true } as object), "'highfirst'"],
])('%s is refused in one line', (_what, run, message) => {
  expect(run).toThrow(message);
});
