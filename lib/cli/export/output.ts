// Where exported numbers go: a file that is not there yet, or standard output.

import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { visible } from '../../quoted';
import { writePieces } from '../../utilities/fileio/write-pieces';
import { Failure, lineOf } from '../support/errors';
import { removeMade } from '../support/made-file';

// One write. Frames are small, and a call into the system each would take longer than the rest.
const BATCH_BYTES = 1024 * 1024;

/** A file, or standard output, that is written in large pieces. */
export class Output {
  /** True once a write has failed. */
  hasFailed = false;
  private pieces: Buffer[] = [];
  private bytes = 0;
  /** What to do once the pieces are written. */
  private after: (() => void)[] = [];

  private constructor(
    readonly name: string,
    private readonly path: string,
    /** Undefined for standard output. */
    private readonly handle: FileHandle | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param path of a file, or `-`.
   * @param overwrite replaces a file that exists.
   * @param signal stops the wait for standard output when it is aborted.
   * @throws {Failure} when the file exists and `overwrite` is false.
   */
  static async open(path: string, overwrite: boolean, signal: AbortSignal): Promise<Output> {
    if (path === '-') return new Output('standard output', path, undefined, signal);
    try {
      return new Output(visible(path), path, await open(path, overwrite ? 'w' : 'wx'), signal);
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'EEXIST') throw err;
      throw new Failure(`${visible(path)} is there already: choose another name, or add --overwrite`);
    }
  }

  /** @param written called when the bytes are no longer needed. @throws {Failure} when they cannot be written. */
  async write(bytes: Buffer, written = (): void => undefined): Promise<void> {
    this.pieces.push(bytes);
    this.after.push(written);
    this.bytes += bytes.length;
    if (this.bytes >= BATCH_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const { pieces, after } = this;
    [this.pieces, this.after, this.bytes] = [[], [], 0];
    try {
      if (this.handle === undefined) await this.print(pieces);
      else await writePieces(this.handle, pieces);
    } catch (err) {
      this.hasFailed = true;
      const end = (await this.remove()) ? '; what there was of it was removed' : '';
      throw new Failure(`${this.name} could not be written: ${lineOf(err)}${end}`);
    }
    for (const written of after) written();
  }

  /** Writes the first bytes of a file anew. */
  async rewriteHead(bytes: Buffer): Promise<void> {
    await this.handle?.write(bytes, 0, bytes.length, 0);
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }

  /** Removes the file when it is of no use. @returns whether there was one. */
  async remove(): Promise<boolean> {
    return this.handle !== undefined && (await removeMade(this.path));
  }

  private async print(pieces: readonly Buffer[]): Promise<void> {
    const { signal } = this;
    for (const piece of pieces) {
      if (signal.aborted) return;
      // A closed pipe means that its reader has enough: no error.
      if (!process.stdout.write(piece))
        await once(process.stdout, 'drain', { signal }).catch(() => undefined);
    }
  }
}
