// Records on their way into a file: small payloads gathered, large ones passed on as they are. Pure.

import { BufferPool } from '../../memory/buffer-pool';
import { copyBytes } from '../../memory/payload-memory';
import type { Frame } from '../../stream/frame';
import { HEADER_BYTES, LENGTH_OVERHEAD_BYTES, readLength, writeHeader } from './record';

const CHUNK_BYTES = 256 * 1024;
// From here on a payload is referenced: copying it costs more than a piece of its own in a write.
const REFERENCE_BYTES = 32 * 1024;
// Kept for the next batch: one is filled while another is written.
const MAX_SPARE_CHUNKS = 32;

/** Chunks for the batches of one writer. */
export function newChunkPool(): BufferPool {
  return new BufferPool(CHUNK_BYTES, MAX_SPARE_CHUNKS);
}

/** Records of one file, in order. */
export class RecordBatch {
  /** Records added. */
  records = 0;
  /** Bytes they take in the file. */
  bytes = 0;
  private readonly done: Buffer[] = [];
  /** Of raw payloads, which do not tell their own. */
  private readonly sizes: number[] = [];
  private readonly chunks: Buffer[] = [];
  /** Those whose payloads are referenced. */
  private readonly frames: Frame[] = [];
  private start = 0;
  private used = CHUNK_BYTES;

  constructor(
    private readonly pool: BufferPool,
    private readonly raw: boolean,
  ) {}

  /** What the record of a payload of `size` bytes takes. */
  static recordBytes(size: number, raw: boolean): number {
    return raw ? size : HEADER_BYTES + size;
  }

  /** Adds one record; a large payload is referenced and not copied. */
  add(frame: Frame, channel: number): void {
    const { payload } = frame;
    const size = payload.length;
    const copied = size < REFERENCE_BYTES;
    const chunk = this.room(copied ? HEADER_BYTES + size : HEADER_BYTES);
    let at = this.used;
    if (!this.raw) at = writeHeader(chunk, at, frame, channel);
    if (copied) {
      copyBytes(payload, chunk, at);
      at += size;
    }
    this.used = at;
    if (!copied) {
      this.closePiece();
      this.done.push(payload);
      frame.beginUse();
      this.frames.push(frame);
    }
    if (this.raw) this.sizes.push(size);
    this.records += 1;
    this.bytes += RecordBatch.recordBytes(size, this.raw);
  }

  /** The bytes, in pieces; nothing may be added after this. */
  pieces(): readonly Buffer[] {
    this.closePiece();
    return this.done;
  }

  /** It is written, or never will be: its chunks, and its payloads' memory, can be used again. */
  release(): void {
    for (const frame of this.frames) frame.endUse();
    for (const chunk of this.chunks) this.pool.give(chunk);
  }

  /** How much of the first `written` bytes are whole records, and how many. */
  wholeRecords(written: number): { bytes: number; records: number } {
    const pieces = this.pieces();
    let [bytes, records] = [0, 0];
    // The piece that byte `bytes` is in, and where it begins.
    let [piece, pieceAt] = [0, 0];
    while (records < this.records) {
      let size = this.sizes[records];
      if (size === undefined) {
        while (bytes >= pieceAt + pieces[piece]!.length) pieceAt += pieces[piece++]!.length;
        size = HEADER_BYTES - LENGTH_OVERHEAD_BYTES + readLength(pieces[piece]!, bytes - pieceAt);
      }
      if (bytes + size > written) break;
      bytes += size;
      records += 1;
    }
    return { bytes, records };
  }

  private room(bytes: number): Buffer {
    if (CHUNK_BYTES - this.used >= bytes) return this.chunks.at(-1)!;
    this.closePiece();
    const chunk = this.pool.take();
    this.chunks.push(chunk);
    this.start = 0;
    this.used = 0;
    return chunk;
  }

  private closePiece(): void {
    if (this.chunks.length === 0 || this.start === this.used) return;
    this.done.push(this.chunks.at(-1)!.subarray(this.start, this.used));
    this.start = this.used;
  }
}
