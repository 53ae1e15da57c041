// Where bytes are read to: one scratch buffer that all connections of a process share, and the payloads' own. Pure.

import type { PayloadPool } from '../memory/payload-pool';

// What one read may bring. More costs cache (the bytes are parsed right after the kernel has put them there), less
// costs system calls.
const SCRATCH_BYTES = 64 * 1024;
// The same for a connection in the middle of large frames: what is read here is copied, what comes behind it is not.
const SMALL_READ_BYTES = 8 * 1024;
// In front of the scratch, for the beginning of a message whose end was read into it: the head of a payload, or a
// command.
const REST_BYTES = 512;

/** The scratch. A connection that is idle holds nothing of it, so ten thousand cost no more than one. */
export class ReadMemory {
  private readonly all: Buffer = Buffer.allocUnsafeSlow(REST_BYTES + SCRATCH_BYTES);
  /** To be read into, by anyone; what is not copied before this turn ends is overwritten. */
  readonly scratch: Buffer = this.all.subarray(REST_BYTES);
  readonly smallScratch: Buffer = this.scratch.subarray(0, SMALL_READ_BYTES);

  /** @param payloads where large payloads get their memory; without it, each gets new memory. */
  constructor(readonly payloads?: PayloadPool) {}

  /** `rest` and, behind it, the first `length` bytes of the scratch: as short-lived as these. */
  behind(rest: Buffer | undefined, length: number): Buffer {
    if (rest === undefined) return this.scratch.subarray(0, length);
    const start = REST_BYTES - rest.length;
    if (start < 0) return Buffer.concat([rest, this.scratch.subarray(0, length)]);
    this.all.set(rest, start);
    return this.all.subarray(start, REST_BYTES + length);
  }
}
