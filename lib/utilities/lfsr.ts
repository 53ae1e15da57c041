// Rogue's pseudo-random words: a Fibonacci shift register as wide as a word, seeded with the sequence number.
// slaclab/rogue src/rogue/utilities/Prbs.cpp, flfsr. Pure.
//
// Word k is a window of `width` bits on one stream of bits b: its bit i is b[k - i], the seed being word 0, and
// b[n] = XOR over the taps t of b[n - 1 - t]. Two consequences make it fast:
// - Squaring the recurrence over GF(2) keeps its terms and doubles its distances. After five squarings
//   b[n] = XOR of b[n - 32 (t + 1)]: the stream follows from itself in pieces of 32 bits, a number at a time.
// - Every 32 bits of every word are a window on two neighbouring pieces.

import { endianness } from 'node:os';

const PIECE_BITS = 32;
const LIMB_BYTES = 4;
const BIG_ENDIAN = endianness() === 'BE';

/** Generates the payload words of PRBS frames of one width and one set of taps. */
export class Lfsr {
  private readonly limbsPerWord: number;
  /** Taps that count: one given twice cancels itself. */
  private readonly taps: readonly number[];
  // Pieces in front of the first generated one: the last is the seed, the ones before are its zeros.
  private readonly seedPieces: number;
  // The stream, reused from frame to frame. Piece n stands at seedPieces + n and holds b[32n + 1] in its highest
  // bit to b[32n + 32] in its lowest.
  private pieces = new Int32Array(0);

  /**
   * @param width bits a word, a multiple of 32.
   * @param taps bit numbers, each below `width`.
   */
  constructor(width: number, taps: readonly number[]) {
    this.limbsPerWord = width / PIECE_BITS;
    this.seedPieces = this.limbsPerWord;
    this.taps = [...new Set(taps)].filter((tap) => taps.filter((other) => other === tap).length % 2 === 1);
  }

  /**
   * Fills `out`, whole words, little-endian, with what follows `seed`.
   *
   * @param out aligned to 4 bytes, a whole number of words.
   * @param seed 32 bits; wider words are filled up with zeros.
   */
  fill(out: Buffer, seed: number): void {
    const limbs = new Int32Array(out.buffer, out.byteOffset, out.length / LIMB_BYTES);
    const words = limbs.length / this.limbsPerWord;
    this.generate(Math.ceil(words / PIECE_BITS), seed);
    const { pieces, seedPieces, limbsPerWord } = this;
    for (let word = 0, n = seedPieces; word < words; word += PIECE_BITS, n++) {
      const count = Math.min(words - word, PIECE_BITS);
      if (limbsPerWord === 1 && count === PIECE_BITS) {
        expandNarrow(limbs, word, pieces[n - 1]!, pieces[n]!);
      } else {
        expandWide(limbs, word * limbsPerWord, limbsPerWord, count, pieces, n);
      }
    }
    if (BIG_ENDIAN) out.swap32();
  }

  /** Makes `count` pieces of the stream. */
  private generate(count: number, seed: number): void {
    const { taps, seedPieces } = this;
    if (this.pieces.length < seedPieces + count) this.pieces = new Int32Array(seedPieces + count);
    const { pieces } = this;
    pieces.fill(0, 0, seedPieces);
    pieces[seedPieces - 1] = seed;
    // The squared recurrence needs this many pieces behind it.
    const slow = Math.min(count, Math.max(0, ...taps) + 1);
    for (let n = seedPieces; n < seedPieces + slow; n++) this.generateBitByBit(n);
    for (let n = seedPieces + slow; n < seedPieces + count; n++) {
      let piece = 0;
      // By index: half as fast again as for-of in these two inner loops.
      // eslint-disable-next-line @typescript-eslint/prefer-for-of
      for (let i = 0; i < taps.length; i++) piece ^= pieces[n - 1 - taps[i]!]!;
      pieces[n] = piece;
    }
  }

  private generateBitByBit(n: number): void {
    const { taps, pieces } = this;
    // The lowest 32 bits of the register; the ones above are in the pieces before.
    let register = pieces[n - 1]!;
    for (let i = 0; i < PIECE_BITS; i++) {
      let bit = 0;
      // eslint-disable-next-line @typescript-eslint/prefer-for-of
      for (let j = 0; j < taps.length; j++) {
        const tap = taps[j]!;
        bit ^=
          tap < PIECE_BITS ? register >>> tap : windowAt(pieces, n - Math.floor(tap / PIECE_BITS), i) >>> tap;
      }
      register = (register << 1) | (bit & 1);
    }
    pieces[n] = register;
  }
}

/** The 32 bits that end `bits` into piece n. A shift by 32 is none in JavaScript, so 0 is a case of its own. */
function windowAt(pieces: Int32Array, n: number, bits: number): number {
  const before = pieces[n - 1]!;
  return bits === 0 ? before : (before << bits) | (pieces[n]! >>> (PIECE_BITS - bits));
}

/**
 * 32 words of 32 bits: the windows that end in `piece`, `before` being the piece ahead of it. Eight a step with
 * constant shifts is 2.2 times as fast as one a step.
 */
function expandNarrow(out: Int32Array, start: number, before: number, piece: number): void {
  let window = before;
  let rest = piece;
  for (let at = start; at < start + PIECE_BITS; at += 8) {
    out[at] = (window << 1) | (rest >>> 31);
    out[at + 1] = (window << 2) | (rest >>> 30);
    out[at + 2] = (window << 3) | (rest >>> 29);
    out[at + 3] = (window << 4) | (rest >>> 28);
    out[at + 4] = (window << 5) | (rest >>> 27);
    out[at + 5] = (window << 6) | (rest >>> 26);
    out[at + 6] = (window << 7) | (rest >>> 25);
    window = (window << 8) | (rest >>> 24);
    out[at + 7] = window;
    rest <<= 8;
  }
}

/** `count` words of any width from `start` on: limb j of them are the windows that end in piece n - j. */
function expandWide(
  out: Int32Array,
  start: number,
  limbsPerWord: number,
  count: number,
  pieces: Int32Array,
  n: number,
): void {
  const fours = limbsPerWord - (limbsPerWord % 4);
  for (let limb = 0; limb < fours; limb += 4) {
    // Four limbs side by side share their pieces: twice as fast as one after the other.
    const p0 = pieces[n - limb]!;
    const p1 = pieces[n - limb - 1]!;
    const p2 = pieces[n - limb - 2]!;
    const p3 = pieces[n - limb - 3]!;
    const p4 = pieces[n - limb - 4]!;
    const shifted = Math.min(count, PIECE_BITS - 1);
    let at = start + limb;
    for (let i = 1; i <= shifted; i++, at += limbsPerWord) {
      const rest = PIECE_BITS - i;
      out[at] = (p1 << i) | (p0 >>> rest);
      out[at + 1] = (p2 << i) | (p1 >>> rest);
      out[at + 2] = (p3 << i) | (p2 >>> rest);
      out[at + 3] = (p4 << i) | (p3 >>> rest);
    }
    if (count < PIECE_BITS) continue;
    out[at] = p0;
    out[at + 1] = p1;
    out[at + 2] = p2;
    out[at + 3] = p3;
  }
  for (let limb = fours; limb < limbsPerWord; limb++) {
    let at = start + limb;
    for (let i = 1; i <= count; i++, at += limbsPerWord) {
      out[at] = i === PIECE_BITS ? pieces[n - limb]! : windowAt(pieces, n - limb, i);
    }
  }
}
