// Where exported numbers go: a file that is not there yet, or standard output.

import { once } from 'node:events';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { visible } from '../../quoted';
import { Failure, lineOf } from '../support/errors';

// One write. Frames are small, and a call into the system each would take longer than the rest.
const BATCH_BYTES = 1024 * 1024;
// Node counts what it writes in 31 bits.
const MAX_PIECE_BYTES = 2 ** 30;

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
   * @param signal ends the wait for whoever reads standard output.
   * @throws {Failure} where there is such a file, unless it is to be replaced.
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
    for (let at = 0; at < bytes.length; at += MAX_PIECE_BYTES) {
      const piece = bytes.subarray(at, at + MAX_PIECE_BYTES);
      this.pieces.push(piece);
      this.bytes += piece.length;
      if (this.bytes >= BATCH_BYTES) await this.flush();
    }
    if (this.pieces.length === 0) written();
    else this.after.push(written);
  }

  async flush(): Promise<void> {
    const { pieces, after } = this;
    [this.pieces, this.after, this.bytes] = [[], [], 0];
    try {
      if (this.handle === undefined) await this.print(pieces);
      else await writeAll(this.handle, pieces);
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

  /** Nothing was written that anybody needs; whether there was a file. */
  async remove(): Promise<boolean> {
    // A device, such as /dev/full, is not ours.
    if (this.handle === undefined || !(await stat(this.path)).isFile()) return false;
    await rm(this.path, { force: true });
    return true;
  }

  private async print(pieces: readonly Buffer[]): Promise<void> {
    const { signal } = this;
    for (const piece of pieces) {
      if (signal.aborted) return;
      // Whoever has read enough closes the pipe, and needs no word about it.
      if (!process.stdout.write(piece))
        await once(process.stdout, 'drain', { signal }).catch(() => undefined);
    }
  }
}

/** Writes all of the pieces, however little the system takes at a time. @internal */
export async function writeAll(file: Pick<FileHandle, 'writev'>, pieces: readonly Buffer[]): Promise<void> {
  let rest = [...pieces];
  while (rest.length > 0) {
    let { bytesWritten } = await file.writev(rest);
    if (bytesWritten === 0) throw new Error('the system takes no more bytes');
    const first = rest.findIndex(({ length }) => {
      if (length > bytesWritten) return true;
      bytesWritten -= length;
      return false;
    });
    rest = first < 0 ? [] : [rest[first]!.subarray(bytesWritten), ...rest.slice(first + 1)];
  }
}
