// Buffers that are used again.

/** Buffers of one size that nobody uses. */
export class BufferPool {
  private readonly spare: Buffer[] = [];

  /** @param maxSpare kept for the next user; what is given back beyond that is the collector's. */
  constructor(
    private readonly bufferBytes: number,
    private readonly maxSpare: number,
  ) {}

  take(): Buffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(this.bufferBytes);
  }

  give(buffer: Buffer): void {
    if (this.spare.length < this.maxSpare) this.spare.push(buffer);
  }
}
