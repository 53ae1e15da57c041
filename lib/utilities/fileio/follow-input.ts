// A data file that is still being written: a read at its end waits for more bytes, as `tail -f` does.

import type { FileHandle } from 'node:fs/promises';
import { settlesWithin } from '../../async/linger';
import { MAGIC_BYTES } from './other-formats';
import { isThere } from './paths';
import type { Input } from './stream-input';

// How often the end of the file is looked at. Not by fs.watch, which sees nothing of what another host writes.
const LOOK_MS = 50;

/** A file as an {@link Input} that has no end while there is no next part of it. */
export class FollowInput implements Input {
  private isOver = false;
  private hasEnded = false;
  /** Of the file, as far as it has been seen. */
  private size = 0;
  /** Ends the pause between two looks. */
  private wake: (() => void) | undefined;

  /** @param nextPart the file that the writer goes on with when this one is done; undefined where there is none. */
  constructor(
    private readonly handle: FileHandle,
    private readonly nextPart: string | undefined,
  ) {}

  async read(
    into: Buffer,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    // The first bytes are read to know the format by them.
    const least = position === 0 ? Math.min(length, MAGIC_BYTES) : 1;
    while (!this.isOver) {
      const { bytesRead } = await this.handle.read(into, at, length, position);
      if (bytesRead > 0) this.size = Math.max(this.size, position + bytesRead);
      if (bytesRead >= least) return { bytesRead };
      if (await this.isDone()) return { bytesRead };
      await this.pause();
    }
    return { bytesRead: 0 };
  }

  /** The size is known at the end; until then it has none that a record could exceed. */
  async stat(): Promise<{ readonly size: number }> {
    return this.hasEnded ? this.handle.stat() : { size: Infinity };
  }

  endWait(): void {
    this.isOver = true;
    this.wake?.();
  }

  close(): Promise<void> {
    this.endWait();
    return this.handle.close();
  }

  /** Whether the writer has gone on elsewhere. @throws {Error} where there is less than there was. */
  private async isDone(): Promise<boolean> {
    const hasNext = this.nextPart !== undefined && (await isThere(this.nextPart));
    // Looked at afterwards: what the writer wrote before it began the next part is there by now.
    const { size } = await this.handle.stat();
    if (size < this.size)
      throw new Error(`the file has become shorter, ${size} bytes, while it was followed`);
    this.hasEnded = hasNext && size === this.size;
    this.size = size;
    return this.hasEnded;
  }

  private async pause(): Promise<void> {
    if (!this.isOver) await settlesWithin(LOOK_MS, new Promise<void>((resolve) => (this.wake = resolve)));
  }
}
