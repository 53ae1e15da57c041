// Writes super-frames. Pure. slaclab/rogue src/rogue/protocols/batcher/CombinerV1.cpp, CombinerV2.cpp.

import { copyBytes } from '../../memory/payload-memory';
import type { WireFrame } from '../../wire/message';
import { recordBytes, WIDTH_AT, type Layout } from './layout';

/** What becomes a record: channel, users and payload of a frame. */
export type RecordSource = Pick<WireFrame, 'payload' | 'flags' | 'channel'>;

/**
 * Writes every byte of a super-frame.
 *
 * @param bytes of exactly the header's and the records' size, with any content; not in shared memory.
 * @param sequence 0..255
 */
export function writeBatch(
  bytes: Buffer,
  sources: readonly RecordSource[],
  layout: Layout,
  sequence: number,
): void {
  const { version, width, headerBytes, tailBytes } = layout;
  writeZeros(bytes, 2, headerBytes);
  bytes[0] = version | (width << 4);
  bytes[1] = sequence;
  let at = headerBytes;
  for (const { payload, flags, channel } of sources) {
    const { length } = payload;
    copyBytes(payload, bytes, at);
    const next = at + recordBytes(length, layout);
    const tail = next - tailBytes;
    writeZeros(bytes, at + length, tail);
    bytes[tail] = length;
    bytes[tail + 1] = length >>> 8;
    bytes[tail + 2] = length >>> 16;
    bytes[tail + 3] = length >>> 24;
    bytes[tail + 4] = channel;
    bytes[tail + 5] = flags;
    bytes[tail + 6] = flags >> 8;
    if (version === 1) {
      bytes[tail + WIDTH_AT] = width;
      writeZeros(bytes, tail + WIDTH_AT + 1, next);
    }
    at = next;
  }
}

/** For a word at most: a call of `fill` would cost more than all the rest of a small record. */
function writeZeros(bytes: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at++) bytes[at] = 0;
}
