// Frames in memory that is used again. slaclab/rogue src/rogue/interfaces/stream/Master.cpp, reqFrame.

import { payloadPool } from '../memory/payload-pool';
import { checkInteger } from '../validate';
import { MAX_PAYLOAD_BYTES } from '../wire/message';
import { Frame, type FrameOptions } from './frame';

/**
 * A frame of `size` bytes to be filled and sent, as Rogue's `reqFrame`: its memory comes from a pool, and goes back to it
 * when every slave has accepted the frame and every bridge has written it.
 *
 * ```ts
 * const frame = reqFrame(samples.byteLength, { channel: 3 });
 * frame.array(Float32Array).set(samples);
 * await src.sendFrame(frame);
 * ```
 *
 * The payload begins at a multiple of 8 and holds whatever was there before: fill all of it. After it was sent, the frame's
 * payload is not to be used; what needs it longer takes {@link Frame.clone}, or {@link Frame.retain} before it is sent. A
 * frame that could not be sent can be sent again.
 *
 * @param size bytes, 0..4294967295.
 * @throws {RangeError} {TypeError} for a size or metadata out of range.
 */
export function reqFrame(size: number, options?: FrameOptions): Frame {
  return pooledFrame(size, options, false);
}

/** As {@link reqFrame}; but slaves that promise nothing keep the frame until they release it. */
export function ownedFrame(size: number, options?: FrameOptions): Frame {
  return pooledFrame(size, options, true);
}

function pooledFrame(size: number, options: FrameOptions | undefined, isKeptBySlaves: boolean): Frame {
  checkInteger('size', size, 0, MAX_PAYLOAD_BYTES);
  // Who gets a frame without asking for it may transfer its memory to a worker.
  const slot = payloadPool.take(size, isKeptBySlaves);
  // The kernel's pages are zeroes already where there are so many.
  return new Frame(slot?.payload ?? size, options).lieIn(slot, isKeptBySlaves);
}
