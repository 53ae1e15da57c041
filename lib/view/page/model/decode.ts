// Bytes to numbers: previews as the gateway packs them, whole payloads as the channel is read.

import { bytesOfType, sampleCount, type Interpretation } from '../../interpretation';
import type { Packing } from '../../protocol';

export type Numbers =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

const ARRAYS = {
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

/** Of a record of a Rogue data file. */
export const HEADER_BYTES = 8;

/** The payload of a record, as numbers. Every machine that runs a browser is little-endian, as the packing is. */
export function unpack(record: ArrayBuffer, packing: Packing): Numbers {
  const array = ARRAYS[packing];
  const size = array.BYTES_PER_ELEMENT;
  const count = Math.floor((record.byteLength - HEADER_BYTES) / size);
  return new array(record, HEADER_BYTES, count);
}

/** Reads one sample of a payload. */
export type SampleAt = (index: number) => number;

export interface Whole {
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly samples: number;
  readonly at: SampleAt;
}

export function whole(payload: ArrayBuffer, reading: Interpretation): Whole {
  const view = new DataView(payload);
  const { type, skip } = reading;
  const isLittle = reading.order === 'le';
  const size = bytesOfType(type);
  const at = readerOf(view, type, isLittle);
  return {
    payload: new Uint8Array(payload),
    samples: sampleCount(reading, payload.byteLength),
    at: (index) => at(skip + index * size),
  };
}

function readerOf(
  view: DataView,
  type: Interpretation['type'],
  isLittle: boolean,
): (offset: number) => number {
  switch (type) {
    case 'i1':
      return (offset) => view.getInt8(offset);
    case 'u1':
      return (offset) => view.getUint8(offset);
    case 'i2':
      return (offset) => view.getInt16(offset, isLittle);
    case 'u2':
      return (offset) => view.getUint16(offset, isLittle);
    case 'i4':
      return (offset) => view.getInt32(offset, isLittle);
    case 'u4':
      return (offset) => view.getUint32(offset, isLittle);
    case 'i8':
      return (offset) => Number(view.getBigInt64(offset, isLittle));
    case 'u8':
      return (offset) => Number(view.getBigUint64(offset, isLittle));
    case 'f2':
      return (offset) => half(view.getUint16(offset, isLittle));
    case 'f4':
      return (offset) => view.getFloat32(offset, isLittle);
    case 'f8':
      return (offset) => view.getFloat64(offset, isLittle);
  }
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
