// Bytes in, frames out: everything behind the greeting. Pure: no socket, no timer, no logger.
// zeromq/rfc 37, Framing; zeromq/libzmq src/v2_decoder.cpp. What a frame of Rogue's is: lib/wire/message.ts.

import {
  BufferView,
  copyBytes,
  copyToShared,
  OWN_MEMORY_BYTES,
  ownCopy,
  sharedMemory,
} from '../memory/payload-memory';
import type { PayloadSlot } from '../memory/payload-pool';
import { PART_FLAGS, ProtocolError } from './protocol';
import type { ReadMemory } from './read-memory';

/** What a {@link Decoder} finds. None of these but `first` may throw. */
export interface DecoderSink {
  /** The body of the first frame, which is the peer's handshake. May throw a {@link ProtocolError}. */
  first(body: Buffer): void;
  /**
   * A frame, and where its payload lies if that is memory to be used again. False holds back what is behind it until
   * {@link Decoder.resume}.
   */
  frame(payload: Buffer, flags: number, channel: number, error: number, slot?: PayloadSlot): boolean;
  /** A message that is no frame: how many parts, and the sizes of the first four, in bytes. */
  malformed(parts: number, sizesBytes: readonly number[]): void;
  /** The body of a command, after the handshake. */
  command(body: Buffer): void;
}

/** What a decoder accepts. */
export interface DecoderOptions {
  /** False skips messages, as a PUSH does with what is sent to it: without holding a byte. */
  readonly messages: boolean;
  /** A larger payload is a {@link ProtocolError}, before memory is taken for it. */
  readonly maxFrameBytes: number;
}

const PART_COUNT = 4;
const HEADER_SIZES: readonly number[] = [2, 1, 1];
const SHORT_HEAD_BYTES = 2;
const LONG_HEAD_BYTES = 9;
// Flags, channel and error as parts of their own, and the first byte of the fourth.
const FRAME_HEAD_BYTES = 11;
const TWO_32 = 2 ** 32;

// If at least this much of a payload is still to come, it is read straight into the payload's memory. Less is read
// together with what comes after it, and copied: a system call of its own would cost more.
const STRAIGHT_READ_BYTES = 16 * 1024;
// After a payload of this size another one is likely: then little is read ahead, and the rest straight into its buffer.
const LARGE_BYTES = 32 * 1024;
// A peer must have sent this much of a payload before it is given memory for all of it: a header alone is cheap to send.
const UNTRUSTED_BYTES = 16 * 1024 * 1024;
// A READY may carry long properties.
const MAX_READY_BYTES = 16 * 1024;
// Behind the handshake a PING is the only command that means anything to us; a longer one is skipped.
const MAX_COMMAND_BYTES = 256;
// Bounds the sizes of what is skipped, which takes no memory, when maxFrameBytes is very small.
const MIN_LIMIT_BYTES = 1024 * 1024;

const NO_MEMORY = new SharedArrayBuffer(0);

/** Decodes one peer's bytes, however they are cut. */
export class Decoder {
  /** What is not decoded of the last chunk. */
  private rest: Buffer | undefined;
  private pos = 0;
  private isHeld = false;
  private handshaken = false;

  // The message under way: parts so far, whether it can still be a frame, its header.
  private parts = 0;
  private sizesBytes: number[] = [];
  private bad = false;
  /** The memory of the small payloads last found in the chunk being decoded: a copy of the chunk around them. */
  private kept: ArrayBufferLike = NO_MEMORY;
  /** The offset in `kept` of the chunk's first byte. */
  private keptStart = 0;
  /** How far the copy goes, in the chunk. */
  private keptEnd = 0;
  /** True if a payload with memory of its own has come since the last copy. */
  private isMixed = false;

  private flags = 0;
  private channel = 0;
  private error = 0;

  // The body under way: a payload with a buffer of its own, or bytes that nobody wants.
  private payload: Buffer | undefined;
  private slot: PayloadSlot | undefined;
  private payloadBytes = 0;
  private filledBytes = 0;
  private skipBytes = 0;
  private skipsMore = false;
  private skipsCommand = false;

  private readsPayload = false;
  private nearLarge = false;

  constructor(
    private readonly sink: DecoderSink,
    private readonly memory: ReadMemory,
    private readonly options: DecoderOptions,
  ) {}

  /** True while the sink holds back what is behind the last frame. */
  get held(): boolean {
    return this.isHeld;
  }

  /** Where the next bytes are to be put, to be told to {@link filled}. Never empty. */
  nextBuffer(): Buffer {
    this.readsPayload =
      this.payload !== undefined &&
      !this.isHeld &&
      this.payload.length - this.filledBytes >= STRAIGHT_READ_BYTES;
    if (this.readsPayload) return this.payload!.subarray(this.filledBytes);
    return this.nearLarge ? this.memory.smallScratch : this.memory.scratch;
  }

  /**
   * Decodes `length` bytes that were put where {@link nextBuffer} said.
   * @throws {ProtocolError} when the peer broke the protocol: close the connection.
   */
  filled(length: number): void {
    if (this.readsPayload) {
      this.readsPayload = false;
      this.grow(length);
      return;
    }
    this.start(this.memory.behind(this.takeRest(), length));
  }

  /**
   * Decodes a chunk. Nothing refers to the chunk afterwards.
   * @throws {ProtocolError} as {@link filled}.
   */
  write(chunk: Buffer): void {
    const rest = this.takeRest();
    this.start(rest === undefined ? chunk : Buffer.concat([rest, chunk]));
  }

  /** Goes on behind the frame at which the sink held. @throws {ProtocolError} as {@link filled}. */
  resume(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    const rest = this.takeRest();
    if (rest === undefined) return;
    // It was kept when the sink held, so its payloads need no second copy.
    this.kept = rest.buffer;
    this.keptStart = rest.byteOffset;
    this.keptEnd = rest.length;
    this.run(rest);
  }

  private takeRest(): Buffer | undefined {
    const { rest } = this;
    this.rest = undefined;
    return rest;
  }

  private start(chunk: Buffer): void {
    this.nearLarge = false;
    this.run(chunk);
  }

  /** Decodes what there is; what is left of the chunk is the beginning of something, or held back. */
  private run(chunk: Buffer): void {
    const end = chunk.length;
    this.pos = 0;
    while (this.pos < end && !this.isHeld) {
      if (this.payload !== undefined) this.fillFrom(chunk);
      else if (this.skipBytes > 0) this.skipFrom(chunk);
      else if (!this.decodeFrame(chunk) && !this.decodePart(chunk)) break;
    }
    if (this.pos < end) this.rest = this.isHeld ? this.heldRest(chunk) : ownCopy(chunk.subarray(this.pos));
    this.kept = NO_MEMORY;
    this.keptEnd = 0;
  }

  private heldRest(chunk: Buffer): Buffer {
    if (this.keptEnd < chunk.length) this.keep(chunk, this.pos, chunk.length);
    return new BufferView(this.kept, this.keptStart + this.pos, chunk.length - this.pos);
  }

  /** A whole payload, which outlives the chunk. */
  private payloadAt(chunk: Buffer, at: number, size: number): Buffer {
    if (size >= OWN_MEMORY_BYTES) {
      this.isMixed = true;
      const payload = this.allocate(size);
      copyBytes(chunk.subarray(at, at + size), payload, 0);
      return payload;
    }
    if (at + size > this.keptEnd) {
      this.keep(chunk, at, this.isMixed ? runEnd(chunk, at + size) : chunk.length);
      this.isMixed = false;
    }
    return new BufferView(this.kept, this.keptStart + at, size);
  }

  /** Copies a part of the chunk, so that the payloads in it last. */
  private keep(chunk: Buffer, from: number, to: number): void {
    const kept = sharedMemory(to - from);
    copyToShared(chunk.subarray(from, to), kept, 0);
    this.kept = kept.buffer;
    this.keptStart = -from;
    this.keptEnd = to;
  }

  /** The frame path: a whole message that begins at `pos`. False where it is anything else, or not all there. */
  private decodeFrame(chunk: Buffer): boolean {
    const at = this.pos;
    const end = chunk.length;
    if (
      end - at < FRAME_HEAD_BYTES + 1 ||
      this.parts !== 0 ||
      !this.handshaken ||
      !this.options.messages ||
      // MORE and a size of 2, 1 and 1.
      chunk[at] !== 1 ||
      chunk[at + 1] !== 2 ||
      chunk[at + 4] !== 1 ||
      chunk[at + 5] !== 1 ||
      chunk[at + 7] !== 1 ||
      chunk[at + 8] !== 1
    ) {
      return false;
    }
    const partFlags = chunk[at + 10]!;
    let bodyAt: number;
    let size: number;
    if (partFlags === 0) {
      size = chunk[at + 11]!;
      bodyAt = at + 12;
    } else if (partFlags === PART_FLAGS.long && end - at >= FRAME_HEAD_BYTES + 8) {
      // The upper half must be 0: no frame has more than 2^32 - 1 bytes.
      if (readUInt32(chunk, at + 11) !== 0) return false;
      size = readUInt32(chunk, at + 15);
      bodyAt = at + 19;
    } else {
      return false;
    }
    if (end - bodyAt < size || size > this.options.maxFrameBytes) return false;
    this.pos = bodyAt + size;
    const payload = this.payloadAt(chunk, bodyAt, size);
    const { slot } = this;
    this.slot = undefined;
    const flags = chunk[at + 2]! | (chunk[at + 3]! << 8);
    this.isHeld = !this.sink.frame(payload, flags, chunk[at + 6]!, chunk[at + 9]!, slot);
    return true;
  }

  /** One part or command at `pos`, with as little of the body as can be. False where more bytes are needed. */
  private decodePart(chunk: Buffer): boolean {
    const at = this.pos;
    const available = chunk.length - at;
    const partFlags = chunk[at]!;
    const long = (partFlags & PART_FLAGS.long) !== 0;
    const bodyAt = at + (long ? LONG_HEAD_BYTES : SHORT_HEAD_BYTES);
    if (available < bodyAt - at) return false;
    const size = long ? readUInt32(chunk, at + 1) * TWO_32 + readUInt32(chunk, at + 5) : chunk[at + 1]!;
    if (!this.handshaken) return this.decodeFirst(chunk, bodyAt, size);
    // The largest double below 2^64 is no exact size, and need not be: every limit is far below.
    if (size > Math.max(this.options.maxFrameBytes, MIN_LIMIT_BYTES)) throw this.tooLarge(size);
    const more = (partFlags & PART_FLAGS.more) !== 0;
    if ((partFlags & PART_FLAGS.command) !== 0) return this.decodeCommand(chunk, bodyAt, size);
    if (!this.options.messages) {
      this.skip(bodyAt, size, more);
      return true;
    }
    if (this.parts < HEADER_SIZES.length) return this.decodeHeader(chunk, bodyAt, size, more);
    if (this.parts !== PART_COUNT - 1 || more || this.bad) {
      this.bad = true;
      this.skip(bodyAt, size, more);
      return true;
    }
    return this.decodePayload(chunk, bodyAt, size);
  }

  private decodeFirst(chunk: Buffer, bodyAt: number, size: number): boolean {
    if (size > MAX_READY_BYTES)
      throw new ProtocolError(`began with ${size} bytes, which is no READY command`);
    if (chunk.length - bodyAt < size) return false;
    this.pos = bodyAt + size;
    this.handshaken = true;
    this.sink.first(chunk.subarray(bodyAt, bodyAt + size));
    return true;
  }

  private decodeCommand(chunk: Buffer, bodyAt: number, size: number): boolean {
    if (size > MAX_COMMAND_BYTES) {
      this.skipsCommand = true;
      this.skip(bodyAt, size, false);
      return true;
    }
    if (chunk.length - bodyAt < size) return false;
    this.pos = bodyAt + size;
    this.sink.command(chunk.subarray(bodyAt, bodyAt + size));
    return true;
  }

  private decodeHeader(chunk: Buffer, bodyAt: number, size: number, more: boolean): boolean {
    if (!more || this.bad || size !== HEADER_SIZES[this.parts]) {
      this.bad = true;
      this.skip(bodyAt, size, more);
      return true;
    }
    if (chunk.length - bodyAt < size) return false;
    if (this.parts === 0) this.flags = chunk[bodyAt]! | (chunk[bodyAt + 1]! << 8);
    else if (this.parts === 1) this.channel = chunk[bodyAt]!;
    else this.error = chunk[bodyAt]!;
    this.sizesBytes.push(size);
    this.parts += 1;
    this.pos = bodyAt + size;
    return true;
  }

  private decodePayload(chunk: Buffer, bodyAt: number, size: number): boolean {
    if (size > this.options.maxFrameBytes) throw this.tooLarge(size);
    const available = chunk.length - bodyAt;
    if (available >= size) {
      this.pos = bodyAt + size;
      this.emit(this.payloadAt(chunk, bodyAt, size));
      return true;
    }
    this.isMixed ||= size >= OWN_MEMORY_BYTES;
    this.pos = bodyAt;
    this.payloadBytes = size;
    this.filledBytes = 0;
    this.payload = this.allocate(Math.min(size, UNTRUSTED_BYTES));
    if (available > 0) this.fillFrom(chunk);
    return true;
  }

  private fillFrom(chunk: Buffer): void {
    const payload = this.payload!;
    const length = Math.min(payload.length - this.filledBytes, chunk.length - this.pos);
    copyToShared(chunk.subarray(this.pos, this.pos + length), payload, this.filledBytes);
    this.pos += length;
    this.grow(length);
  }

  /** `length` more bytes of the payload are in. */
  private grow(length: number): void {
    const payload = this.payload!;
    this.filledBytes += length;
    if (this.filledBytes < payload.length) return;
    if (this.filledBytes < this.payloadBytes) {
      const { slot } = this;
      this.payload = this.allocate(this.payloadBytes);
      this.payload.set(payload);
      if (slot !== undefined) this.memory.payloads?.give(slot);
      return;
    }
    this.payload = undefined;
    this.nearLarge = this.payloadBytes >= LARGE_BYTES;
    this.emit(payload);
  }

  private emit(payload: Buffer): void {
    const { flags, channel, error, slot } = this;
    this.slot = undefined;
    this.endMessage();
    this.isHeld = !this.sink.frame(payload, flags, channel, error, slot);
  }

  private skip(bodyAt: number, size: number, more: boolean): void {
    this.pos = bodyAt;
    this.skipBytes = size;
    this.skipsMore = more;
    if (!this.skipsCommand && this.sizesBytes.length < PART_COUNT) this.sizesBytes.push(size);
    if (size === 0) this.endSkip();
  }

  private skipFrom(chunk: Buffer): void {
    const length = Math.min(this.skipBytes, chunk.length - this.pos);
    this.pos += length;
    this.skipBytes -= length;
    if (this.skipBytes === 0) this.endSkip();
  }

  private endSkip(): void {
    if (this.skipsCommand) {
      this.skipsCommand = false;
      return;
    }
    this.parts += 1;
    if (this.skipsMore) return;
    const { parts, sizesBytes } = this;
    this.endMessage();
    if (this.options.messages) this.sink.malformed(parts, sizesBytes);
  }

  private endMessage(): void {
    this.parts = 0;
    this.sizesBytes = [];
    this.bad = false;
  }

  /** Memory for one payload; a large one's is used again, if its slaves let it go. */
  private allocate(bytes: number): Buffer {
    try {
      if (bytes < OWN_MEMORY_BYTES) return sharedMemory(bytes);
      this.slot = this.memory.payloads?.take(bytes, true);
      return this.slot?.payload ?? Buffer.allocUnsafeSlow(bytes);
    } catch (err) {
      throw new ProtocolError(`sent a payload of ${bytes} bytes, for which there is no memory`, {
        cause: err,
      });
    }
  }

  private tooLarge(size: number): ProtocolError {
    return new ProtocolError(`announced ${size} bytes; maxFrameBytes is ${this.options.maxFrameBytes}`);
  }
}

function readUInt32(bytes: Buffer, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

/**
 * The end of the last of the small frames that follow each other from `at` on. They are copied together: a copy for each
 * would cost more than decoding it. The beginning of a large payload after them is not: a kept frame would hold it.
 */
function runEnd(chunk: Buffer, at: number): number {
  const end = chunk.length;
  let from = at;
  while (from + FRAME_HEAD_BYTES < end) {
    const isShort = chunk[from + 10] === 0;
    const bodyAt = from + (isShort ? 12 : 19);
    if (bodyAt > end) break;
    const size = isShort ? chunk[from + 11]! : readUInt32(chunk, from + 15);
    if (size >= OWN_MEMORY_BYTES || bodyAt + size > end) break;
    from = bodyAt + size;
  }
  return from;
}
