// One file that records are written to.

import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { describeError, GeneralError } from '../../errors';
import { visible } from '../../quoted';
import { streamName } from './paths';
import type { RecordBatch } from './record-batch';
import { StreamOutput, type Output } from './stream-output';
import { writePieces } from './write-pieces';

/** How much of a batch is in a file. */
export interface Written {
  readonly records: number;
  readonly bytes: number;
  readonly error?: GeneralError;
}

/** A file open for writing, from its beginning. */
export class OutputFile {
  /** Bytes in the file. */
  size = 0;

  constructor(
    readonly path: string,
    private readonly handle: Output,
  ) {}

  /**
   * Makes the file, empty.
   * @throws {GeneralError} `ERR_FILE_OPEN` for the first of a recording, `ERR_FILE_WRITE` for one in the middle of it.
   */
  static async create(
    path: string,
    code: 'ERR_FILE_OPEN' | 'ERR_FILE_WRITE' = 'ERR_FILE_OPEN',
  ): Promise<OutputFile> {
    try {
      return new OutputFile(path, await open(path, 'w'));
    } catch (err) {
      const text = `${visible(path)} could not be opened for writing: ${describeError(err)}`;
      throw new GeneralError(code, text, { cause: err, path });
    }
  }

  /** A stream in place of a file. @throws {GeneralError} `ERR_FILE_OPEN` for one that has ended. */
  static onto(stream: Writable): OutputFile {
    const path = streamName(stream);
    if (stream.writable) return new OutputFile(path, new StreamOutput(stream));
    const text = `${visible(path)} could not be opened for writing: it has ended`;
    throw new GeneralError('ERR_FILE_OPEN', text, { path });
  }

  /**
   * Appends the batch. When that fails, what was written of it is cut back to whole records.
   * @returns what is in the file: all of it, or less with the error that kept out the rest.
   */
  async write(batch: RecordBatch): Promise<Written> {
    let written = 0;
    try {
      await writePieces(this.handle, batch.pieces(), (bytes) => (written += bytes));
      this.size += written;
      return { records: batch.records, bytes: batch.bytes };
    } catch (err) {
      const whole = batch.wholeRecords(written);
      this.size += whole.bytes;
      await this.cutBack();
      return { ...whole, error: this.failure(err) };
    }
  }

  /** @throws {GeneralError} `ERR_FILE_WRITE`: the system may tell of a failing write only now. */
  async close(): Promise<void> {
    try {
      await this.handle.close();
    } catch (err) {
      throw this.failure(err);
    }
  }

  private async cutBack(): Promise<void> {
    try {
      await this.handle.truncate(this.size);
    } catch {
      // A device has no size; of a disk that is broken, readers find the torn record.
    }
  }

  private failure(err: unknown): GeneralError {
    const text = `writing to ${visible(this.path)} failed after ${this.size} bytes: ${describeError(err)}`;
    return new GeneralError('ERR_FILE_WRITE', text, { cause: err, path: this.path });
  }
}
