// A stream of bytes that records are written to, a pipe or a compressor, in place of a file.

import type { Writable } from 'node:stream';

/** What an output file needs of the file it writes to; a `FileHandle` has it. */
export interface Output {
  writev(pieces: readonly Buffer[]): Promise<{ readonly bytesWritten: number }>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** A stream as an {@link Output}. It stays open: whoever made it ends it. */
export class StreamOutput implements Output {
  constructor(private readonly stream: Writable) {
    // Thrown by the write that meets it. For good: it may come after that.
    stream.on('error', () => undefined);
  }

  /** Resolves when the stream has passed all of it on, so that its memory can be used again. */
  writev(pieces: readonly Buffer[]): Promise<{ readonly bytesWritten: number }> {
    const { stream } = this;
    return new Promise((resolve, reject) => {
      let bytesWritten = 0;
      let waiting = pieces.length;
      const onWritten = (bytes: number, err?: Error | null): void => {
        if (err instanceof Error) reject(err);
        bytesWritten += bytes;
        waiting -= 1;
        if (waiting === 0) resolve({ bytesWritten });
      };
      stream.cork();
      for (const piece of pieces) stream.write(piece, (err) => onWritten(piece.length, err));
      stream.uncork();
    });
  }

  /** What a stream has been given cannot be taken back. */
  truncate(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Whether this is a Node stream that can be written to; not by its class, of which there may be several. */
export function isWritable(value: unknown): value is Writable {
  const { write, cork } = Object(value) as Partial<Writable>;
  return typeof write === 'function' && typeof cork === 'function';
}

/** @throws {TypeError} for a stream of anything but bytes. */
export function checkWritable(stream: Writable): Writable {
  if (!stream.writableObjectMode) return stream;
  throw new TypeError('path is a stream of objects, but must be one of bytes');
}
