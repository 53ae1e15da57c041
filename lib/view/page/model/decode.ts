// Bytes to numbers: previews as the gateway packs them, whole payloads as the channel is read.

import { bytesOfType, sampleCount, type Interpretation } from '../../interpretation';
import { HEADER_BYTES } from '../../../utilities/fileio/record';
import { fromHalf, PACKED_ARRAYS, type Numbers, type Packing } from '../../numbers';

/** The payload of a record, as numbers. Every machine that runs a browser is little-endian, as the packing is. */
export function unpack(record: ArrayBuffer, packing: Packing): Numbers {
  const array = PACKED_ARRAYS[packing];
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
      return (offset) => fromHalf(view.getUint16(offset, isLittle));
    case 'f4':
      return (offset) => view.getFloat32(offset, isLittle);
    case 'f8':
      return (offset) => view.getFloat64(offset, isLittle);
  }
}
