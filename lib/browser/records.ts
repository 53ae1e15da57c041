// Records of a Rogue data file in one binary message.

import { HEADER_BYTES, LENGTH_OVERHEAD_BYTES } from '../utilities/fileio/record.js';
import { Frame } from './frame.js';

/** The frames of a message; their payloads lie in its memory. @throws {Error} when it is no row of whole records. */
export function framesOf(message: ArrayBuffer): Frame[] {
  const view = new DataView(message);
  const frames: Frame[] = [];
  for (let at = 0; at < message.byteLength;) {
    const size =
      at + HEADER_BYTES <= message.byteLength ? view.getUint32(at, true) - LENGTH_OVERHEAD_BYTES : -1;
    const start = at + HEADER_BYTES;
    if (size < 0 || start + size > message.byteLength)
      throw new Error('the gateway sent a record that is cut short');
    const [flags, error, channel] = [
      view.getUint16(at + 4, true),
      view.getUint8(at + 6),
      view.getUint8(at + 7),
    ];
    frames.push(new Frame(new Uint8Array(message, start, size), { flags, error, channel }));
    at = start + size;
  }
  return frames;
}
