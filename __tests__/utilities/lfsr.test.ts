import fc from 'fast-check';
import { Lfsr } from '../../lib/utilities/lfsr';

/** The register as its definition says, a bit at a time: what the fast one must equal. */
function naive(width: number, taps: readonly number[], seed: number, words: number): Buffer {
  let state = BigInt(seed >>> 0);
  const mask = (1n << BigInt(width)) - 1n;
  const out: Buffer[] = [];
  for (let word = 0; word < words; word++) {
    let bit = 0n;
    for (const tap of taps) bit ^= (state >> BigInt(tap)) & 1n;
    state = ((state << 1n) | bit) & mask;
    out.push(Buffer.from(state.toString(16).padStart(width / 4, '0'), 'hex').reverse());
  }
  return Buffer.concat(out);
}

function fast(width: number, taps: readonly number[], seed: number, words: number): Buffer {
  const out = Buffer.allocUnsafeSlow((words * width) / 8);
  new Lfsr(width, taps).fill(out, seed);
  return out;
}

describe('Lfsr', () => {
  test.each([
    [32, [1, 2, 6, 31]],
    [128, [1, 2, 6, 31]],
    [64, [1, 2, 40, 63]],
    [96, [1, 33, 70, 95, 3]],
    [512, [511, 254, 1]],
    [32, []],
    [32, [0]],
    [32, [3, 3, 5]],
  ])('width %d with taps %j equals its definition at every length around the fast path', (width, taps) => {
    for (const words of [1, 31, 32, 33, 64, 1023, 1024, 1025, 1100]) {
      expect(fast(width, taps, 0x89abcdef, words).equals(naive(width, taps, 0x89abcdef, words))).toBe(true);
    }
  });

  test('any width, taps, seed and length equal the definition', () => {
    const shapes = fc
      .integer({ min: 1, max: 9 })
      .chain((limbs) =>
        fc.tuple(fc.constant(limbs * 32), fc.array(fc.nat(limbs * 32 - 1), { maxLength: 6 })),
      );
    fc.assert(
      fc.property(
        shapes,
        fc.nat(0xffffffff),
        fc.integer({ min: 1, max: 700 }),
        ([width, taps], seed, words) => {
          expect(fast(width, taps, seed, words).equals(naive(width, taps, seed, words))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a second frame is not coloured by the first, longer one', () => {
    const lfsr = new Lfsr(64, [1, 2, 6, 31]);
    lfsr.fill(Buffer.allocUnsafeSlow(80_000), 7);
    const out = Buffer.allocUnsafeSlow(800);
    lfsr.fill(out, 8);
    expect(out.equals(naive(64, [1, 2, 6, 31], 8, 100))).toBe(true);
  });
});
