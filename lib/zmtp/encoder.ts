// Frames in, bytes out: small frames gathered into shared buffers, large payloads passed on as they are.
// Pure: no socket, no timer, no logger. zeromq/rfc 37, Framing; zeromq/libzmq src/v2_encoder.cpp.

import { BufferPool } from '../memory/buffer-pool';
import type { PayloadOwner, WireFrame } from '../wire/message';
import { MAX_SHORT_BYTES, PART_FLAGS } from './protocol';

// What is worth a system call before the turn is over.
export const BATCH_BYTES = 64 * 1024;
// From here on a payload is referenced. Below it copying costs no more than a piece of its own in a write, and far above
// it much more: at 10 kB both ways measure the same (`npm run bench -- throughput`), at 100 kB copying halves it.
const REFERENCE_BYTES = 16 * 1024;
// Flags, channel, error, and the head of a payload with an 8-byte size.
const MAX_HEAD_BYTES = 19;
// Frames are gathered in buffers that hold a batch and the frame that completes it: one buffer a write.
const BUFFER_BYTES = BATCH_BYTES + MAX_HEAD_BYTES + REFERENCE_BYTES;
// Buffers kept for the next sender. More than a few are in use only while peers do not keep up.
const MAX_SPARE_BUFFERS = 16;

const { more, long } = PART_FLAGS;

// Held here: V8 does not optimise a look-up through Buffer's prototype, and one a frame shows in a profile.
// eslint-disable-next-line @typescript-eslint/unbound-method
const { set } = Uint8Array.prototype;

/** One piece of what is to be written, in order. */
interface Piece {
  readonly bytes: Buffer;
  /** The payload whose head `bytes` ends with. Not a piece of its own: a command could come between them. */
  readonly payload: Buffer | undefined;
  /** Its size when it was added, and that of its head; both 0 without a payload. */
  readonly payloadBytes: number;
  readonly headBytes: number;
  /** Messages that end in it. */
  readonly messages: number;
  /** Whose payload it is. */
  readonly owner: PayloadOwner | undefined;
  /** Its whole buffer, when it is the last piece of one that is full. */
  readonly full: Buffer | undefined;
}

/** The payload that follows a piece. */
type PieceEnd = Pick<Piece, 'payload' | 'owner' | 'headBytes'>;

const NO_PAYLOAD: PieceEnd = { payload: undefined, owner: undefined, headBytes: 0 };

/** Pieces that go out in one write. */
export interface Batch {
  /** May be none, when the payload of the only message was detached. */
  readonly chunks: readonly Buffer[];
  readonly messages: number;
  /** All chunks together. */
  readonly bytes: number;
  /** Messages that were left out, because their payload is not the memory any more that it was. */
  readonly detached: number;
  readonly full: readonly Buffer[];
  /** Of the payloads among the chunks. */
  readonly owners: readonly PayloadOwner[];
}

/** Batch buffers for all connections of a process. */
export function newBatchPool(): BufferPool {
  return new BufferPool(BUFFER_BYTES, MAX_SPARE_BUFFERS);
}

/** What waits to be written to one peer. */
export class Encoder {
  private pieces: Piece[] = [];
  private batch: Buffer | undefined;
  /** The part of `batch` that is in no piece yet: from here to `used`. */
  private start = 0;
  private used = 0;
  private messagesInBatch = 0;
  private queuedMessages = 0;
  private queuedBytes = 0;
  private commands: Buffer[] = [];

  constructor(private readonly pool: BufferPool) {}

  /** Messages added and not yet taken. */
  get messages(): number {
    return this.queuedMessages;
  }

  /** Bytes added and not yet taken. */
  get bytes(): number {
    return this.queuedBytes;
  }

  /** Commands added and not yet taken. */
  get commandCount(): number {
    return this.commands.length;
  }

  get empty(): boolean {
    return this.queuedBytes === 0;
  }

  /** Adds one frame as four parts; a large payload is referenced and not copied. */
  add(frame: WireFrame): void {
    const { payload } = frame;
    const size = payload.length;
    const copied = size < REFERENCE_BYTES ? size : 0;
    const batch = this.room(MAX_HEAD_BYTES + copied);
    const from = this.used;
    let at = writeHead(batch, from, frame, size);
    this.queuedMessages += 1;
    if (size < REFERENCE_BYTES) {
      set.call(batch, payload, at);
      at += size;
      this.used = at;
      this.messagesInBatch += 1;
      this.queuedBytes += at - from;
      frame.owner?.endUse();
      return;
    }
    this.used = at;
    this.messagesInBatch += 1;
    this.closePiece(undefined, { payload, owner: frame.owner, headBytes: at - from });
    this.queuedBytes += at - from + size;
  }

  /** Adds a command, ahead of every message not yet taken. */
  addCommand(bytes: Buffer): void {
    this.commands.push(bytes);
    this.queuedBytes += bytes.length;
  }

  /** Takes what is to be written next: about `maxBytes`, at least one piece. */
  take(maxBytes: number): Batch {
    this.closePiece();
    const chunks = this.commands;
    this.commands = [];
    const full: Buffer[] = [];
    const owners: PayloadOwner[] = [];
    let messages = 0;
    let detached = 0;
    let bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    let count = 0;
    for (const piece of this.pieces) {
      const size = piece.bytes.length + piece.payloadBytes;
      // Not by the count: the piece that ends a full buffer may be empty, and a write must not be.
      if (bytes > 0 && bytes + size > maxBytes) break;
      count += 1;
      bytes += size;
      messages += piece.messages;
      if (piece.full !== undefined) full.push(piece.full);
      // A head that announces bytes which are not there any more would desynchronize the stream.
      const isWhole = piece.payload === undefined || piece.payload.length === piece.payloadBytes;
      const headless = piece.bytes.length - piece.headBytes;
      const before = isWhole ? piece.bytes : piece.bytes.subarray(0, headless);
      if (before.length > 0) chunks.push(before);
      if (!isWhole) detached += 1;
      else if (piece.payload !== undefined) {
        chunks.push(piece.payload);
        if (piece.owner !== undefined) owners.push(piece.owner);
      }
    }
    this.pieces = count === this.pieces.length ? [] : this.pieces.slice(count);
    this.queuedBytes -= bytes;
    this.queuedMessages -= messages;
    return { chunks, messages: messages - detached, bytes, detached, full, owners };
  }

  /** The batch taken before has been written: its buffers, and its payloads' memory, can be used again. */
  written(batch: Batch): void {
    for (const owner of batch.owners) owner.endUse();
    for (const buffer of batch.full) this.pool.give(buffer);
    if (this.batch === undefined || this.queuedBytes > 0) return;
    this.pool.give(this.batch);
    this.batch = undefined;
  }

  /** The current batch buffer, with room for `bytes`. */
  private room(bytes: number): Buffer {
    if (this.batch !== undefined) {
      if (this.batch.length - this.used >= bytes) return this.batch;
      this.closePiece(this.batch);
    }
    this.batch = this.pool.take();
    this.start = 0;
    this.used = 0;
    return this.batch;
  }

  /** Makes a piece of what was added since the last one. */
  private closePiece(full?: Buffer, end: PieceEnd = NO_PAYLOAD): void {
    const { batch, start, used } = this;
    if (batch === undefined || (start === used && full === undefined)) return;
    const bytes = batch.subarray(start, used);
    const { payload, owner, headBytes } = end;
    const payloadBytes = payload?.length ?? 0;
    const messages = this.messagesInBatch;
    this.pieces.push({ bytes, payload, payloadBytes, headBytes, messages, owner, full });
    this.start = used;
    this.messagesInBatch = 0;
  }
}

/** Flags, channel, error and the head of the payload part; returns where the payload goes. */
function writeHead(batch: Buffer, from: number, frame: WireFrame, size: number): number {
  const { flags } = frame;
  batch[from] = more;
  batch[from + 1] = 2;
  batch[from + 2] = flags & 0xff;
  batch[from + 3] = flags >> 8;
  batch[from + 4] = more;
  batch[from + 5] = 1;
  batch[from + 6] = frame.channel;
  batch[from + 7] = more;
  batch[from + 8] = 1;
  batch[from + 9] = frame.error;
  if (size <= MAX_SHORT_BYTES) {
    batch[from + 10] = 0;
    batch[from + 11] = size;
    return from + 12;
  }
  batch[from + 10] = long;
  // The upper half of the size: no frame has more than 2^32 - 1 bytes.
  batch[from + 11] = batch[from + 12] = batch[from + 13] = batch[from + 14] = 0;
  batch[from + 15] = size >>> 24;
  batch[from + 16] = size >>> 16;
  batch[from + 17] = size >>> 8;
  batch[from + 18] = size;
  return from + 19;
}
