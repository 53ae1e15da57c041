// One file that records are written to.

import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { describeError, GeneralError } from '../../errors';
import { visible } from '../../quoted';
import { streamName } from './paths';
import type { RecordBatch } from './record-batch';
import { StreamOutput, type Output } from './stream-output';

// One write. Node keeps the number of bytes that were written in 32 bits with a sign, and Linux writes no more than that.
const MAX_WRITE_BYTES = 2 ** 30;

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
    let pieces = batch.pieces();
    let written = 0;
    try {
      while (written < batch.bytes) {
        const { bytesWritten } = await this.handle.writev(upTo(pieces, MAX_WRITE_BYTES));
        written += bytesWritten;
        // A disk that is nearly full takes a part without an error, and has one for the rest.
        if (written < batch.bytes) pieces = after(pieces, bytesWritten);
      }
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
