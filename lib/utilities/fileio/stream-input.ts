// Records that come as a stream of bytes, from a pipe or a decompressor, read as a file is: forwards, and once.

import type { Readable } from 'node:stream';
import { MAGIC_BYTES } from './other-formats';

/** What a reader of records needs of a file; a `FileHandle` has it. */
export interface Input {
  read(into: Buffer, at: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
  /** Ends a read that waits for more bytes; it returns 0 bytes. A plain file never waits, and has no such method. */
  endWait?(): void;
}

/** A stream of bytes as an {@link Input}. Each read is behind the one before, except for the first bytes. */
export class StreamInput implements Input {
  private readonly pieces: AsyncIterator<Buffer, undefined>;
  /** What was read last. */
  private piece: Buffer = Buffer.alloc(0);
  /** Where in the stream that begins. */
  private pieceAt = 0;
  private hasEnded = false;
  private isClosed = false;

  constructor(private readonly stream: Readable) {
    this.pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    // Thrown by the read that meets it; without a listener it would end the process before.
    stream.on('error', () => undefined);
  }

  async read(
    into: Buffer,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    try {
      // The first bytes are read twice, to know the format by them.
      while (this.end <= position || (position === 0 && this.end < MAGIC_BYTES)) {
        if (!(await this.next(position === 0))) break;
      }
    } catch (err) {
      if (!this.isClosed) throw err;
    }
    const from = position - this.pieceAt;
    if (this.isClosed || from >= this.piece.length) return { bytesRead: 0 };
    return { bytesRead: this.piece.copy(into, at, from, from + length) };
  }

  /** The size is known at the end; until then it has none that a record could exceed. */
  stat(): Promise<{ readonly size: number }> {
    return Promise.resolve({ size: this.hasEnded ? this.end : Infinity });
  }

  endWait(): void {
    this.isClosed = true;
    this.stream.destroy();
  }

  close(): Promise<void> {
    this.endWait();
    return Promise.resolve();
  }

  private get end(): number {
    return this.pieceAt + this.piece.length;
  }

  private async next(keepsPiece: boolean): Promise<boolean> {
    const { done, value } = await this.pieces.next();
    if (done === true) {
      this.hasEnded = true;
      return false;
    }
    if (keepsPiece) this.piece = Buffer.concat([this.piece, value]);
    else {
      this.pieceAt = this.end;
      this.piece = value;
    }
    return true;
  }
}

/** Whether this is a Node stream that can be read; not by its class, of which there may be several. */
export function isStream(value: unknown): value is Readable {
  const { pipe, read } = Object(value) as Partial<Readable>;
  return typeof pipe === 'function' && typeof read === 'function';
}

/** @throws {TypeError} for a stream of anything but bytes. */
export function checkStream(stream: Readable): Readable {
  const { readableObjectMode, readableEncoding } = stream;
  if (!readableObjectMode && readableEncoding === null) return stream;
  const what = readableObjectMode ? 'objects' : `text (${String(readableEncoding)})`;
  throw new TypeError(`paths is a stream of ${what}, but must be one of bytes`);
}
