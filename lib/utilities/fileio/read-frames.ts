// Data files for `for await`.

import { Mutex } from '../../async/mutex';
import type { AsyncFrames } from '../../stream/frames';
import type { Config } from '../config/config';
import { BatchedFrames } from './batched-frames';
import type { FileFrame, FrameSource } from './file-frame';
import { FileFrames } from './file-frames';
import { READ_OPTIONS, type FileSource, type ReadFramesOptions } from './read-options';

/** What {@link readFrames} returns. */
export interface FileFrameIterator extends AsyncFrames<FileFrame> {
  /** Records of the file that were to be batches and are none, so far; the log has the offset of each. */
  readonly dropCount: number;
  /**
   * The configuration so far, as `frame.config` of the last frame; at the end, with the records behind the last frame.
   * Undefined without the option `config`.
   */
  readonly config: Config | undefined;
  /** Configuration records, and keys of them, that were left out so far; the log has the offset of each. */
  readonly configErrorCount: number;
}

/**
 * The frames of a data file, in order, each with the file and the position it was read from. Memory stays the same
 * however large the file is; a frame that you keep for long may keep 256 kB of its neighbours, so keep a `clone()`.
 *
 * With `batched`, the records of the batches in the file: their destinations are the channels, their users the flags,
 * `frame.batch` has the record's index and the metadata of its batch. A damaged batch is left out, logged with its offset
 * under `pyrogue.fileio.FileReader` and counted in `dropCount`.
 *
 * With `config`, the configuration that pyrogue wrote into the file: `frame.config.value('Top.Det.Gain')`. Its records are
 * merged and are no frames. A record that is no configuration, and a key that cannot be merged, are left out, logged with
 * the offset under `pyrogue.fileio.FileReader` and counted in `configErrorCount`.
 *
 * With `follow`, the reading does not end with the file: `for await (const frame of readFrames('run.dat', { follow: true }))`
 * sees each record as it is written.
 *
 * @param paths a file, by its name or a `file:` URL; one whose name ends in `.1` stands for the parts `.1`, `.2`, ... of a
 *   recording. A list of files, which are read as they are, one after the other. Or a Node stream of bytes, `process.stdin`
 *   or a decompressor for example, which is destroyed when the reading ends.
 * @throws {TypeError} {RangeError} for arguments that are wrong.
 * @throws {GeneralError} `ERR_MISSING_PACKAGE`: `config` needs the optional package `yaml`. The iteration throws
 * @throws {GeneralError} `ERR_FILE_OPEN`; `ERR_FILE_READ`; `ERR_FILE_FORMAT` with the offset where the file is no row of
 *   records; `ERR_TORN_RECORD`, behind all whole records, when the last one is not.
 */
export function readFrames(paths: FileSource, options: ReadFramesOptions = {}): FileFrameIterator {
  const files = new FileFrames(paths, options, 'readFrames', READ_OPTIONS);
  const { batched, signal } = options;
  const batches = batched === undefined ? undefined : new BatchedFrames(files, batched);
  return new FrameIterator(files, batches, signal);
}

const DONE: IteratorResult<FileFrame, undefined> = { done: true, value: undefined };

class FrameIterator implements FileFrameIterator {
  private opened = false;
  private ended = false;
  /** Of the calls that have to wait. */
  private readonly mutex = new Mutex();

  private readonly source: FrameSource;

  constructor(
    private readonly files: FileFrames,
    private readonly batches: BatchedFrames | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.source = batches ?? files;
  }

  get dropCount(): number {
    return this.batches?.dropCount ?? 0;
  }

  get config(): Config | undefined {
    return this.files.config;
  }

  get configErrorCount(): number {
    return this.files.configErrorCount;
  }

  next(): Promise<IteratorResult<FileFrame, undefined>> {
    if (this.mutex.pending === 0 && this.opened && this.signal?.aborted !== true) {
      try {
        const frame = this.source.take();
        if (frame !== undefined) return Promise.resolve({ done: false, value: frame });
      } catch (err) {
        return this.mutex.runExclusive(() => this.fail(err));
      }
    }
    return this.mutex.runExclusive(() => this.advance());
  }

  return(): Promise<IteratorResult<FileFrame, undefined>> {
    this.source.endWait();
    return this.mutex.runExclusive(() => this.end());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async advance(): Promise<IteratorResult<FileFrame, undefined>> {
    if (this.ended || this.signal?.aborted === true) return this.end();
    try {
      if (!this.opened) {
        await this.source.open();
        this.opened = true;
      }
      for (;;) {
        const frame = this.source.take();
        if (frame !== undefined) return { done: false, value: frame };
        if (!(await this.source.fill())) return await this.end();
      }
    } catch (err) {
      return this.fail(err);
    }
  }

  private async fail(err: unknown): Promise<never> {
    await this.end();
    throw err;
  }

  private async end(): Promise<IteratorResult<FileFrame, undefined>> {
    this.ended = true;
    await this.source.close();
    return DONE;
  }
}
