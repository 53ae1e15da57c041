// The bytes of a payload as numbers.

import { bytesOfType, type Interpretation, type SampleType } from '../interpretation';
import { fromHalf, PACKED_ARRAYS, type Numbers, type Packing } from '../numbers';

/** Samples as numbers; those of 64-bit integers and half floats have been converted. */
export type Samples = Numbers;

/** How samples of a type travel. */
export const PACKINGS: Readonly<Record<SampleType, Packing>> = {
  i1: 'i1',
  u1: 'u1',
  i2: 'i2',
  u2: 'u2',
  i4: 'i4',
  u4: 'u4',
  i8: 'f8',
  u8: 'f8',
  f2: 'f4',
  f4: 'f4',
  f8: 'f8',
};

type SamplesClass = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Samples;

/** An empty array of what {@link samplesOf} gives for this type. */
export function arrayOfPacking(packing: Packing, length: number): Samples {
  return new PACKED_ARRAYS[packing](length);
}

/**
 * Samples `from` to `to` (exclusive) of a payload, which must have them: a view where the machine can read it in place,
 * else a copy.
 */
export function samplesOf(payload: Uint8Array, how: Interpretation, from: number, to: number): Samples {
  const { type, order, skip } = how;
  const bytes = bytesOfType(type);
  const start = payload.byteOffset + skip + from * bytes;
  const count = to - from;
  if (count <= 0) return arrayOfPacking(PACKINGS[type], 0);
  const isView = order === 'le' && start % bytes === 0;
  const { buffer, byteOffset } = isView ? { buffer: payload.buffer, byteOffset: start } : copy();
  switch (type) {
    case 'i8':
      return toDouble(new BigInt64Array(buffer, byteOffset, count));
    case 'u8':
      return toDouble(new BigUint64Array(buffer, byteOffset, count));
    case 'f2':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), fromHalf);
    default:
      return new (PACKED_ARRAYS[type] as SamplesClass)(buffer, byteOffset, count);
  }

  function copy(): { buffer: ArrayBufferLike; byteOffset: number } {
    const copied = Buffer.alloc(count * bytes);
    copied.set(payload.subarray(skip + from * bytes, skip + to * bytes));
    if (order === 'be') swap(copied, bytes);
    return copied;
  }
}

/** `count` samples from `from` on, every `stride`th; no others are converted or copied. */
export function pickSamples(
  payload: Uint8Array,
  how: Interpretation,
  from: number,
  count: number,
  stride: number,
): Samples {
  if (stride === 1) return samplesOf(payload, how, from, from + count);
  const bytes = bytesOfType(how.type);
  const picked = new Uint8Array(count * bytes);
  for (let i = 0, at = how.skip + from * bytes; i < count; i++, at += stride * bytes) {
    for (let j = 0; j < bytes; j++) picked[i * bytes + j] = payload[at + j]!;
  }
  return samplesOf(picked, { ...how, skip: 0 }, 0, count);
}

function swap(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else if (size === 8) bytes.swap64();
}

function toDouble(values: ArrayLike<bigint>): Float64Array {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) numbers[i] = Number(values[i]);
  return numbers;
}
