// Runs in the threads of `StreamUnZip`: one bzip2 stream in, what it was made of out. libbz2 by @foxglove/wasm-bz2.

import Bzip2 from '@foxglove/wasm-bz2';
import { Frame } from '../frame';
import type { UnZipData } from './stream-unzip';

// What bzip2 makes of text, and more than it makes of most detector data.
const USUAL_RATIO = 8;
const MIN_BYTES = 64 * 1024;

const loading = Bzip2.init();

/** @throws {Error} saying what is wrong with the stream. */
export default async function unzip(frame: Frame, { maxFrameBytes }: UnZipData): Promise<Frame> {
  const { payload } = frame;
  if (payload.length === 0) throw new Error('an empty payload is no bzip2 stream');
  const bzip2 = await loading;
  // Its size stands nowhere in a stream. A memory that was too small costs the work again, so it grows in large steps.
  for (let bytes = Math.max(MIN_BYTES, payload.length * USUAL_RATIO); ; bytes *= USUAL_RATIO) {
    const limit = Math.min(bytes, maxFrameBytes);
    try {
      return new Frame(bzip2.decompress(payload, limit), frame);
    } catch (err) {
      const { message } = err as Error;
      if (!message.includes('BZ_OUTBUFF_FULL')) throw new Error(reasonOf(message), { cause: err });
      if (limit === maxFrameBytes)
        throw new Error(`it has more than maxFrameBytes = ${maxFrameBytes} bytes`, { cause: err });
    }
  }
}

function reasonOf(message: string): string {
  if (message.includes('BZ_DATA_ERROR_MAGIC')) return 'it is no bzip2 stream';
  if (message.includes('BZ_DATA_ERROR')) return 'the bzip2 stream is damaged';
  if (message.includes('BZ_UNEXPECTED_EOF')) return 'the bzip2 stream is cut off';
  return message;
}
