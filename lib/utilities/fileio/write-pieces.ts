// Writing all of some bytes to a file that may take any part of them at a time.

import type { Output } from './stream-output';

// One write. Node keeps the number of bytes that were written in 32 bits with a sign, and Linux writes no more than that.
const MAX_WRITE_BYTES = 2 ** 30;

/**
 * Writes the pieces, one behind the other.
 *
 * @param onWritten called after each write with the bytes that it took; a later write may still fail.
 * @throws what a write fails with.
 */
export async function writePieces(
  output: Pick<Output, 'writev'>,
  pieces: readonly Buffer[],
  onWritten: (bytes: number) => void = () => undefined,
): Promise<void> {
  // Without empty ones, of which the system would take nothing.
  for (let rest = after(pieces, 0); rest.length > 0;) {
    const { bytesWritten } = await output.writev(upTo(rest, MAX_WRITE_BYTES));
    if (bytesWritten === 0) throw new Error('the system takes no more bytes');
    onWritten(bytesWritten);
    // A disk that is nearly full takes a part without an error, and has one for the rest.
    rest = after(rest, bytesWritten);
  }
}

/** The first `bytes` of the pieces. */
function upTo(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  const first: Buffer[] = [];
  let room = bytes;
  for (const piece of pieces) {
    if (room === 0) break;
    first.push(piece.length <= room ? piece : piece.subarray(0, room));
    room -= Math.min(piece.length, room);
  }
  return first;
}

/** What is left of the pieces after the first `bytes`. */
function after(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skip = bytes;
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    if (skip < piece.length) rest.push(piece.subarray(skip));
    skip = Math.max(skip - piece.length, 0);
  }
  return rest;
}
