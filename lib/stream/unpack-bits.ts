// Samples that a front end has packed without gaps, as numbers of 16 bits. Groups of them are written as words, in the byte
// order of the machine, which is little-endian.

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
const SAMPLE_BYTES = 2;
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
  // Not filled with zeros first, which would take as long as unpacking: each sample is written below.
  const samples = new Uint16Array(Buffer.allocUnsafeSlow(length * SAMPLE_BYTES).buffer, 0, length);
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
    const b = bytes[at + 1]!;
    const c = bytes[at + 2]!;
    const d = bytes[at + 3]!;
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
    const b = bytes[at + 1]!;
    const d = bytes[at + 3]!;
    const f = bytes[at + 5]!;
    samples[to] = bytes[at]! | ((b & 0x3f) << 8);
    samples[to + 1] = (b >> 6) | (bytes[at + 2]! << 2) | ((d & 0xf) << 10);
    samples[to + 2] = (d >> 4) | (bytes[at + 4]! << 4) | ((f & 0x3) << 12);
    samples[to + 3] = (f >> 2) | (bytes[at + 6]! << 6);
  }
  return end;
}

/**
 * Eight samples lie in three words, and fill four. A processor handles words faster than bytes. Signed words, because V8
 * keeps those in registers as they are; an unsigned one above 2^31 would be a floating-point number.
 */
function unpack12(payload: Uint8Array, samples: Uint16Array): number {
  const groups = Math.floor(samples.length / 8);
  const used = payload.subarray(0, groups * 3 * WORD_BYTES);
  const bytes =
    used.byteOffset % WORD_BYTES === 0
      ? used
      : ownCopy(Buffer.from(used.buffer, used.byteOffset, used.length));
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, groups * 3);
  const pairs = new Int32Array(samples.buffer, samples.byteOffset, groups * 4);
  for (let at = 0, to = 0; at < words.length; at += 3, to += 4) {
    const a = words[at]!;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    pairs[to] = (a & 0xfff) | ((a << 4) & 0xfff0000);
    pairs[to + 1] = (a >>> 24) | ((b & 0xf) << 8) | ((b << 12) & 0xfff0000);
    pairs[to + 2] = ((b >>> 16) & 0xfff) | ((b >>> 12) & 0xf0000) | ((c & 0xff) << 20);
    pairs[to + 3] = ((c >>> 8) & 0xfff) | ((c >>> 4) & 0xfff0000);
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
