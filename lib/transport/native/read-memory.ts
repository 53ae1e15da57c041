// Where bytes are read to: one scratch buffer that all connections of a process share, and the slabs its content is
// kept in. Pure.

// What one read may bring. More costs cache (the bytes are parsed right after the kernel has put them there), less
// costs system calls.
const SCRATCH_BYTES = 64 * 1024;
// The same for a connection in the middle of large frames: what is read here is copied, what comes behind it is not.
const SMALL_READ_BYTES = 8 * 1024;
const SLAB_BYTES = 256 * 1024;

/** Scratch and slabs. A connection that is idle holds nothing of them, so ten thousand cost no more than one. */
export class ReadMemory {
  /** To be read into, by anyone; what is not kept before this turn ends is overwritten. */
  readonly scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  readonly smallScratch: Buffer = this.scratch.subarray(0, SMALL_READ_BYTES);
  private slab: Buffer = Buffer.alloc(0);
  private used = 0;

  /** A copy of `rest` and, behind it, the first `length` bytes of the scratch. */
  keep(rest: Buffer | undefined, length: number): Buffer {
    const restBytes = rest === undefined ? 0 : rest.length;
    const total = restBytes + length;
    if (rest !== undefined && this.canGrow(rest, length)) {
      // Byte by byte, too, a message is put together without copying its beginning each time.
      const { slab, used } = this;
      slab.set(this.scratch.subarray(0, length), used);
      this.used += length;
      return slab.subarray(used - restBytes, this.used);
    }
    if (this.slab.length - this.used < total) {
      this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, total));
      this.used = 0;
    }
    const { slab, used } = this;
    if (rest !== undefined) slab.set(rest, used);
    slab.set(length === SCRATCH_BYTES ? this.scratch : this.scratch.subarray(0, length), used + restBytes);
    this.used += total;
    return slab.subarray(used, used + total);
  }

  /** Whether `rest` is the last thing in the slab, with room behind it. */
  private canGrow(rest: Buffer, length: number): boolean {
    const { slab, used } = this;
    return (
      rest.buffer === slab.buffer && rest.byteOffset + rest.length === used && slab.length - used >= length
    );
  }
}
