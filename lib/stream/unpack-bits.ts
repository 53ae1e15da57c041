// Samples that a front end has packed without gaps, as numbers of 16 bits.

import { Buffer } from 'node:buffer';
import { show } from '../errors';
import { ownCopy } from '../memory/payload-memory';
import { checkBoolean, checkInteger, checkOptionNames } from '../validate';
import { isUint8Array } from './frame-array';

/** How samples are packed. */
export interface UnpackBitsOptions {
  /** Samples to unpack; default as many as there are. */
  readonly count?: number;
  /** True where the first sample begins at the highest bit of the first byte; default false, at the lowest. */
  readonly highFirst?: boolean;
}

const MAX_BITS = 16;
const WORD_BYTES = 4;

/**
 * Unpacks samples of 1 to 16 bits (10, 12 and 14 are usual for ADCs) that lie one after the other without gaps. Bits that
 * are left at the end, fewer than a sample has, are ignored.
 *
 * ```ts
 * const samples = unpackBits(frame.payload.subarray(8), 12);
 * ```
 *
 * @param payload the packed bytes.
 * @returns the samples, in memory of their own.
 * @throws {RangeError} {TypeError} naming the argument and the value.
 */
export function unpackBits(payload: Uint8Array, bits: number, options: UnpackBitsOptions = {}): Uint16Array {
  if (!isUint8Array(payload)) {
    throw new TypeError(`payload is ${show(payload)}, but must be a Buffer or a Uint8Array`);
  }
  checkInteger('bits', bits, 1, MAX_BITS);
  checkOptionNames('the options of unpackBits', options, ['count', 'highFirst']);
  const { count, highFirst = false } = options;
  checkBoolean('highFirst', highFirst);
  const whole = Math.floor((payload.length * 8) / bits);
  const length =
    count === undefined ? whole : checkInteger('count', count, 0, whole, ', the samples there are');
  const samples = new Uint16Array(length);
  if (highFirst) unpackHighFirst(payload, bits, samples);
  else unpackLowFirst(payload, bits, samples, UNROLLED[bits]?.(payload, samples) ?? 0);
  return samples;
}

/** The usual widths, a group of samples at a time; each returns how many it has unpacked, and leaves the last few. */
const UNROLLED: Readonly<Record<number, (payload: Uint8Array, samples: Uint16Array) => number>> = {
  10: unpack10,
  12: unpack12,
  14: unpack14,
};

/** Four samples lie in five bytes. */
function unpack10(bytes: Uint8Array, samples: Uint16Array): number {
  const end = samples.length - (samples.length % 4);
  for (let to = 0, at = 0; to < end; to += 4, at += 5) {
    const [b, c, d] = [bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    samples[to] = bytes[at]! | ((b & 0x3) << 8);
    samples[to + 1] = (b >> 2) | ((c & 0xf) << 6);
    samples[to + 2] = (c >> 4) | ((d & 0x3f) << 4);
    samples[to + 3] = (d >> 6) | (bytes[at + 4]! << 2);
  }
  return end;
}

/** Four samples lie in seven bytes. */
function unpack14(bytes: Uint8Array, samples: Uint16Array): number {
  const end = samples.length - (samples.length % 4);
  for (let to = 0, at = 0; to < end; to += 4, at += 7) {
    const [b, d, f] = [bytes[at + 1]!, bytes[at + 3]!, bytes[at + 5]!];
    samples[to] = bytes[at]! | ((b & 0x3f) << 8);
    samples[to + 1] = (b >> 6) | (bytes[at + 2]! << 2) | ((d & 0xf) << 10);
    samples[to + 2] = (d >> 4) | (bytes[at + 4]! << 4) | ((f & 0x3) << 12);
    samples[to + 3] = (f >> 2) | (bytes[at + 6]! << 6);
  }
  return end;
}

/** Eight samples lie in three words; a processor reads words faster than bytes. */
function unpack12(payload: Uint8Array, samples: Uint16Array): number {
  const groups = Math.floor(samples.length / 8);
  const used = payload.subarray(0, groups * 3 * WORD_BYTES);
  const bytes =
    used.byteOffset % WORD_BYTES === 0
      ? used
      : ownCopy(Buffer.from(used.buffer, used.byteOffset, used.length));
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, groups * 3);
  for (let at = 0, to = 0; at < words.length; at += 3, to += 8) {
    const [a, b, c] = [words[at]!, words[at + 1]!, words[at + 2]!];
    samples[to] = a & 0xfff;
    samples[to + 1] = (a >>> 12) & 0xfff;
    samples[to + 2] = (a >>> 24) | ((b & 0xf) << 8);
    samples[to + 3] = (b >>> 4) & 0xfff;
    samples[to + 4] = (b >>> 16) & 0xfff;
    samples[to + 5] = (b >>> 28) | ((c & 0xff) << 4);
    samples[to + 6] = (c >>> 8) & 0xfff;
    samples[to + 7] = c >>> 20;
  }
  return groups * 8;
}

function unpackLowFirst(payload: Uint8Array, bits: number, samples: Uint16Array, from: number): void {
  const mask = 2 ** bits - 1;
  // Groups end with a byte.
  let at = (from * bits) / 8;
  // At most 15 bits are left over, and a byte comes at a time.
  let [kept, keptBits] = [0, 0];
  for (let to = from; to < samples.length; to++) {
    while (keptBits < bits) {
      kept |= payload[at++]! << keptBits;
      keptBits += 8;
    }
    samples[to] = kept & mask;
    kept >>>= bits;
    keptBits -= bits;
  }
}

function unpackHighFirst(payload: Uint8Array, bits: number, samples: Uint16Array): void {
  const mask = 2 ** bits - 1;
  let at = 0;
  let [kept, keptBits] = [0, 0];
  for (let to = 0; to < samples.length; to++) {
    while (keptBits < bits) {
      kept = ((kept << 8) | payload[at++]!) & 0xffffff;
      keptBits += 8;
    }
    keptBits -= bits;
    samples[to] = (kept >>> keptBits) & mask;
  }
}
