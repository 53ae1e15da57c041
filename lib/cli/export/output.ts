// Where exported numbers go: a file that is not there yet, or standard output.

import { once } from 'node:events';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { visible } from '../../quoted';
import { Failure } from '../support/errors';

// One write. Frames are small, and a call into the system each would take longer than the rest.
const BATCH_BYTES = 1024 * 1024;

/** A file, or standard output, that is written in large pieces. */
export class Output {
  private pieces: Buffer[] = [];
  private bytes = 0;
  /** What to do once the pieces are written. */
  private after: (() => void)[] = [];

  private constructor(
    readonly name: string,
    private readonly path: string,
    /** Undefined for standard output. */
    private readonly handle: FileHandle | undefined,
  ) {}

  /** @param path of a file, or `-`. @throws {Failure} where there is such a file, unless it is to be replaced. */
  static async open(path: string, overwrite: boolean): Promise<Output> {
    if (path === '-') return new Output('standard output', path, undefined);
    try {
      return new Output(visible(path), path, await open(path, overwrite ? 'w' : 'wx'));
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'EEXIST') throw err;
      throw new Failure(`${visible(path)} is there already: choose another name, or add --overwrite`);
    }
  }

  /** @param written called when the bytes are no longer needed. */
  async write(bytes: Buffer, written: () => void): Promise<void> {
    this.pieces.push(bytes);
    this.after.push(written);
    this.bytes += bytes.length;
    if (this.bytes >= BATCH_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const { pieces, after } = this;
    if (pieces.length === 0) return;
    [this.pieces, this.after, this.bytes] = [[], [], 0];
    if (this.handle === undefined) {
      for (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
    } else await this.handle.writev(pieces);
    for (const written of after) written();
  }

  /** Writes the first bytes of a file anew. */
  async rewriteHead(bytes: Buffer): Promise<void> {
    await this.handle?.write(bytes, 0, bytes.length, 0);
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }

  /** Nothing was written that anybody needs. */
  async remove(): Promise<void> {
    if (this.handle !== undefined) await rm(this.path, { force: true });
  }
}
