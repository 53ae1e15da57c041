// The memory that payloads lie in: one payload's own, or shared by several in a way that none of them can end.

// Not the global, which is a getter: asking it for every frame shows in a profile.
import { Buffer } from 'node:buffer';

/**
 * A received payload of at least this size has an `ArrayBuffer` of its own; a smaller one lies in a `SharedArrayBuffer`,
 * with the others that came with it.
 *
 * An allocation for each payload costs half a microsecond: as much as all the rest of receiving 1 kB, a tenth of what
 * 10 kB take from sender to slave. But V8 does not count shared memory when it decides whether to collect, so that a queue
 * of frames in it takes several times its size, and copies from it slowly: the more bytes, the less it pays.
 */
export const OWN_MEMORY_BYTES = 16 * 1024;

/**
 * The class of Buffer's own views, as node:buffer names it to the language. `Buffer.subarray` comes to the same, but asks
 * its buffer for its memory and its offset every time, which is a seventh of what a small frame costs its receiver.
 */
export const BufferView = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  memory: ArrayBufferLike,
  start: number,
  length: number,
) => Buffer;

// Below this size V8's copy is faster than a call into Node, even from shared memory.
const FEW_BYTES = 256;

// Held here: V8 does not optimize a look-up through Buffer's prototype, and one a frame shows in a profile.
// eslint-disable-next-line @typescript-eslint/unbound-method
const { set } = Uint8Array.prototype;

/**
 * Memory for several payloads, filled with zeros.
 *
 * In a `SharedArrayBuffer`, because any slave may call `postMessage(payload, [payload.buffer])` or
 * `payload.buffer.transfer()`: an `ArrayBuffer` would be detached, which empties all payloads in it. `postMessage(payload)`
 * shares this memory with the worker and copies nothing; of an `ArrayBuffer` it would clone all. Not
 * `markAsUntransferable`: Node 22's `transfer()` ignores that mark, and the clone remains.
 */
export function sharedMemory(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
}

/**
 * Copies all of `source`, whose memory may be shared, into `target`, whose memory is not, from `at` on.
 *
 * `set` and `Buffer.copy` copy to or from shared memory word by word, or byte by byte if the two are aligned differently:
 * 10 kB in 3 us. `fill` is a memcpy in every version of Node.
 */
export function copyBytes(source: Uint8Array, target: Buffer, at: number): void {
  if (source.length < FEW_BYTES || source.buffer instanceof SharedArrayBuffer)
    copyToShared(source, target, at);
  else set.call(target, source, at);
}

/** The same where the memory of `target` may be shared, too. */
export function copyToShared(source: Uint8Array, target: Buffer, at: number): void {
  const { length } = source;
  if (length >= FEW_BYTES) target.fill(source, at, at + length);
  // If its memory has been transferred, it is empty, and set() throws.
  else if (length > 0) set.call(target, source, at);
}

/** A copy in an `ArrayBuffer` of exactly its size. `Buffer.from` may take it from a pool that it shares with others. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copyBytes(bytes, copy, 0);
  return copy;
}
