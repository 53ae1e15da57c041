// A file that numpy.load reads: the samples of a frame, in their own type and byte order.

import { bytesOfType, imageBytes, sampleCount, type Interpretation } from '../../interpretation';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
/** The header is padded so that the data begin at a multiple of this. */
const ALIGNMENT = 64;

/** Pieces of the file: version 1.0 header, then the samples after the skipped bytes. */
export function npy(payload: Uint8Array<ArrayBuffer>, reading: Interpretation): Uint8Array<ArrayBuffer>[] {
  const { type, order, skip, shape } = reading;
  const size = bytesOfType(type);
  const needed = imageBytes(reading);
  const isImage = shape !== undefined && needed !== undefined && needed <= payload.length;
  const samples = isImage ? shape[0] * shape[1] : sampleCount(reading, payload.length);
  const mark = size === 1 ? '|' : order === 'le' ? '<' : '>';
  const dimensions = isImage ? `(${shape[0]}, ${shape[1]})` : `(${samples},)`;
  const text = `{'descr': '${mark}${type}', 'fortran_order': False, 'shape': ${dimensions}, }`;
  const fixed = MAGIC.length + 2;
  const length = Math.ceil((fixed + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(length).fill(0x20);
  header.set(MAGIC);
  new DataView(header.buffer).setUint16(MAGIC.length, length - fixed, true);
  header.set(new TextEncoder().encode(text), fixed);
  header[length - 1] = 0x0a;
  return [header, payload.subarray(skip, skip + samples * size)];
}
