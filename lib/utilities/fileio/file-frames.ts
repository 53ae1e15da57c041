// Records of data files, one after the other, in constant memory.
// slaclab/rogue src/rogue/utilities/fileio/StreamReader.cpp, python/pyrogue/utilities/fileio/_FileReader.py.

import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { describeError, GeneralError, systemCode } from '../../errors';
import { copyBytes, copyToShared, OWN_MEMORY_BYTES, sharedMemory } from '../../memory/payload-memory';
import { payloadPool, type PayloadSlot } from '../../memory/payload-pool';
import { visible } from '../../quoted';
import type { Config } from '../config/config';
import { ConfigRecords } from './config-records';
import { FileFrame, type FrameSource } from './file-frame';
import { firstPartAfter } from './file-names';
import { FollowInput } from './follow-input';
import { MAGIC_BYTES, otherFormat, type OtherFormat } from './other-formats';
import { isThere, streamName } from './paths';
import { checkSource, type FileSource, type ReadFramesOptions } from './read-options';
import { HEADER_BYTES, LENGTH_OVERHEAD_BYTES, readLength } from './record';
import { StreamInput, type Input } from './stream-input';

// One read.
const CHUNK_BYTES = 256 * 1024;
// Small payloads are copied from the chunk together, at most this many bytes, so one that is kept holds no more. As large
// as the chunk, their memory would exceed the processor's caches, and the allocator would not use it again.
const KEPT_BYTES = 64 * 1024;
// The file is read straight into the memory of a payload of this size; a smaller one is copied from the chunk.
const STRAIGHT_READ_BYTES = 64 * 1024;
// Node ends the process where it is asked for 2^31 bytes at once.
const MAX_READ_BYTES = 2 ** 30;
const NOTHING = Buffer.alloc(0);
// The lowest length field there is: a record without a payload.
const MIN_LENGTH = LENGTH_OVERHEAD_BYTES;

/** Reads one file after the other; {@link take} what is there, then {@link fill}. */
export class FileFrames implements FrameSource {
  private handle: Input | undefined;
  private path = '';
  private readonly paths: (string | Readable)[];
  /** What the parts of a recording have in common, when it was named by its first part. */
  private readonly base: string | undefined;
  private part = 1;

  private chunk: Buffer = NOTHING;
  private pos = 0;
  /** What the file is read into, again and again. */
  private memory: Buffer = NOTHING;
  /** A copy of the chunk from `keptFrom` to `keptEnd`, in which payloads of frames lie. */
  private kept: Buffer = NOTHING;
  private keptFrom = 0;
  private keptEnd = 0;
  /** What this file may be instead of data. */
  private other: OtherFormat | undefined;
  /** Of this file, when it was last asked for. */
  private size = 0;
  /** Where in the file the chunk begins. */
  private chunkAt = 0;
  private large: FileFrame | undefined;
  /** Where the payload lies of the frame that is being made. */
  private slot: PayloadSlot | undefined;
  private waitsNoMore = false;
  /** Read from this file so far. */
  private records = 0;
  private readonly channels: ReadonlySet<number> | undefined;
  private readonly configs: ConfigRecords;
  private readonly configChan: number | undefined;

  /** @throws {TypeError} {RangeError} for arguments that are wrong. */
  constructor(
    paths: FileSource,
    private readonly options: ReadFramesOptions,
    what: string,
    names: readonly string[],
  ) {
    ({
      paths: this.paths,
      base: this.base,
      channels: this.channels,
    } = checkSource(paths, options, what, names));
    this.configs = new ConfigRecords(options);
    this.configChan = this.configs.channel;
  }

  /** The configuration up to the last frame that was taken; undefined without the option `config`. */
  get config(): Config | undefined {
    return this.configs.config;
  }

  /** Configuration records, and keys of them, left out so far. */
  get configErrorCount(): number {
    return this.configs.errorCount;
  }

  /** Opens the first file. @throws {GeneralError} `ERR_FILE_OPEN` */
  async open(): Promise<void> {
    await this.openNext(this.paths.shift()!);
  }

  /** The next frame, if it is in memory; undefined asks for {@link fill}. @throws {GeneralError} `ERR_FILE_FORMAT` */
  take(): FileFrame | undefined {
    const { large, configs } = this;
    if (large !== undefined) {
      this.large = undefined;
      return large;
    }
    // What is behind a configuration text waits until that has been taken.
    while (!configs.isPending) {
      const { chunk, pos } = this;
      const available = chunk.length - pos;
      if (available < HEADER_BYTES) return undefined;
      const length = this.lengthAt(pos);
      const end = pos + HEADER_BYTES + length - LENGTH_OVERHEAD_BYTES;
      if (end > chunk.length) return undefined;
      this.pos = end;
      const frame = this.frameOf(chunk, pos, end, this.chunkAt + pos);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  /**
   * Reads on; false at the end of the last file, and when the reading has been ended while it waited for `onConfig`.
   * @throws {GeneralError} `ERR_FILE_READ`, `ERR_FILE_OPEN`, `ERR_FILE_FORMAT`, `ERR_TORN_RECORD`
   */
  async fill(): Promise<boolean> {
    const { handle, configs } = this;
    if (handle === undefined) return false;
    if (configs.isPending) return configs.isDone(this.waitsNoMore, this.options.signal);
    const rest = this.chunk.length - this.pos;
    if (rest >= HEADER_BYTES) {
      const size = this.lengthAt(this.pos) - LENGTH_OVERHEAD_BYTES;
      if (!this.isWanted(this.chunk[this.pos + 7]!)) return this.skip(size);
      if (size >= STRAIGHT_READ_BYTES) return this.readLarge(handle, size);
    }
    this.moveRest(rest);
    const { memory } = this;
    const read = await this.read(handle, memory, rest, this.chunkAt + rest);
    if (read === 0) return !this.waitsNoMore && this.endFile(rest);
    this.chunk = memory.subarray(0, rest + read);
    return true;
  }

  /** Brings what is left of the chunk to the beginning of the memory. */
  private moveRest(rest: number): void {
    const { chunk, pos } = this;
    if (this.memory === NOTHING) this.memory = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    if (rest > 0) this.memory.copyWithin(0, pos, chunk.length);
    this.chunkAt += pos;
    this.setChunk(this.memory.subarray(0, rest));
  }

  /**
   * Ends the wait for `onConfig` and for a stream, which may never settle, now and later; nothing else waits for more than
   * the disk.
   */
  readonly endWait = (): void => {
    this.waitsNoMore = true;
    this.configs.endWait();
    this.handle?.endWait?.();
  };

  async close(): Promise<void> {
    const { handle } = this;
    this.endWait();
    for (const source of this.paths) if (typeof source !== 'string') source.destroy();
    this.options.signal?.removeEventListener('abort', this.endWait);
    this.handle = undefined;
    this.release();
    await handle?.close();
  }

  private lengthAt(pos: number): number {
    const length = readLength(this.chunk, pos);
    if (length >= MIN_LENGTH) return length;
    throw this.formatError(
      this.chunkAt + pos,
      `the length field of a record is ${length}, but is at least ${MIN_LENGTH}`,
    );
  }

  private isWanted(channel: number): boolean {
    return channel === this.configChan || this.channels === undefined || this.channels.has(channel);
  }

  /** The record in `chunk` from `pos` to `end`, or with this payload, as a frame, if it is to be one. */
  private frameOf(
    chunk: Buffer,
    pos: number,
    end: number,
    position: number,
    own?: Buffer,
  ): FileFrame | undefined {
    this.records += 1;
    const channel = chunk[pos + 7]!;
    const at = pos + HEADER_BYTES;
    if (channel === this.configChan) {
      this.configs.take(own ?? chunk.subarray(at, end), { path: this.path, position });
      // It has been decoded; the next frame must not be given this memory.
      this.slot?.giveBack();
      this.slot = undefined;
      return undefined;
    }
    if (this.channels !== undefined && !this.channels.has(channel)) return undefined;
    const flags = chunk[pos + 4]! | (chunk[pos + 5]! << 8);
    const payload = own ?? this.payloadAt(at, end);
    const fields = { flags, channel, error: chunk[pos + 6]! };
    const frame = new FileFrame(payload, fields, this.path, position, undefined, this.configs.config);
    if (this.slot !== undefined) frame.lieIn(this.slot, true).retain();
    this.slot = undefined;
    return frame;
  }

  /** A part of the chunk as a payload, which outlives the chunk. */
  private payloadAt(at: number, end: number): Buffer {
    const size = end - at;
    if (size >= OWN_MEMORY_BYTES) {
      const payload = this.allocate(size, this.chunkAt + at - HEADER_BYTES);
      copyBytes(this.chunk.subarray(at, end), payload, 0);
      return payload;
    }
    if (end > this.keptEnd) this.keep(at, this.runEnd(end, at + KEPT_BYTES));
    return this.kept.subarray(at - this.keptFrom, end - this.keptFrom);
  }

  private keep(from: number, end: number): void {
    this.kept = sharedMemory(end - from);
    copyToShared(this.chunk.subarray(from, end), this.kept, 0);
    this.keptFrom = from;
    this.keptEnd = end;
  }

  /** The end, up to `limit`, of the last of the small records that follow each other from `from` on. */
  private runEnd(from: number, limit: number): number {
    const { chunk } = this;
    const most = Math.min(limit, chunk.length);
    let at = from;
    while (at + HEADER_BYTES <= most) {
      const size = readLength(chunk, at) - LENGTH_OVERHEAD_BYTES;
      const end = at + HEADER_BYTES + size;
      if (size < 0 || size >= OWN_MEMORY_BYTES || end > most) break;
      at = end;
    }
    return at;
  }

  /** The record at `pos`, of which a part is in the chunk, is not read. */
  private async skip(size: number): Promise<boolean> {
    const position = this.chunkAt + this.pos;
    const end = position + HEADER_BYTES + size;
    // What is still written has no size.
    if (this.size === Infinity && (await this.read(this.handle!, Buffer.alloc(1), 0, end - 1)) === 0) {
      if (this.waitsNoMore) return false;
      this.size = (await this.handle!.stat()).size;
    }
    await this.checkSize(position, end);
    this.records += 1;
    this.chunkAt = end;
    this.setChunk(NOTHING);
    return true;
  }

  private async readLarge(handle: Input, size: number): Promise<boolean> {
    const { chunk, pos } = this;
    const position = this.chunkAt + pos;
    // Before memory is taken for what may be no record at all.
    await this.checkSize(position, position + HEADER_BYTES + size);
    const payload = this.allocate(size, position);
    const begun = chunk.subarray(pos + HEADER_BYTES);
    copyBytes(begun, payload, 0);
    let filled = begun.length;
    while (filled < size) {
      const read = await this.read(handle, payload, filled, position + HEADER_BYTES + filled);
      if (read === 0 && this.waitsNoMore) return false;
      if (read === 0) throw this.tornError(position, size, filled);
      filled += read;
    }
    this.chunkAt = position + HEADER_BYTES + size;
    this.setChunk(NOTHING);
    this.large = this.frameOf(chunk, pos, pos + HEADER_BYTES + size, position, payload);
    return true;
  }

  /** Memory for a payload, which is used again if those who get the frame release it. */
  private allocate(size: number, position: number): Buffer {
    try {
      this.slot = payloadPool.take(size, true);
      return this.slot?.payload ?? Buffer.allocUnsafeSlow(size);
    } catch (err) {
      const text = `${visible(this.path)}, offset ${position}: no memory for a record of ${size} bytes`;
      throw new GeneralError('ERR_FILE_READ', text, { cause: err, path: this.path, offset: position });
    }
  }

  /** @throws when the record at `position` would end behind the file. */
  private async checkSize(position: number, end: number): Promise<void> {
    // Asked again only beyond what is known: a file may still grow.
    if (end > this.size) this.size = (await this.handle!.stat()).size;
    if (end <= this.size) return;
    throw this.tornError(position, end - position - HEADER_BYTES, this.size - position - HEADER_BYTES);
  }

  private async endFile(rest: number): Promise<boolean> {
    if (rest > 0) {
      const size = rest < HEADER_BYTES ? undefined : this.lengthAt(this.pos) - LENGTH_OVERHEAD_BYTES;
      throw this.tornError(this.chunkAt + this.pos, size, rest - HEADER_BYTES);
    }
    const { handle } = this;
    this.handle = undefined;
    await handle?.close();
    const next = this.paths.shift() ?? (await this.nextPart());
    if (next === undefined) {
      this.release();
      return false;
    }
    await this.openNext(next);
    return true;
  }

  private release(): void {
    this.setChunk(NOTHING);
    this.memory = NOTHING;
    this.kept = NOTHING;
  }

  private setChunk(chunk: Buffer): void {
    this.chunk = chunk;
    this.pos = 0;
    this.keptEnd = 0;
  }

  private async openNext(source: string | Readable): Promise<void> {
    const path = typeof source === 'string' ? source : streamName(source);
    this.path = path;
    this.setChunk(NOTHING);
    this.chunkAt = 0;
    this.records = 0;
    if (typeof source === 'string') await this.openFile(source);
    else this.begin(new StreamInput(source));
    const handle = this.handle!;
    try {
      const head = Buffer.alloc(MAGIC_BYTES);
      const filled = await this.read(handle, head, 0, 0);
      this.other = otherFormat(typeof source === 'string' ? path : undefined, head.subarray(0, filled));
      if (this.other?.isCertain === true) throw this.formatError(0, `it is ${this.other.text}`);
    } catch (err) {
      await this.close();
      throw err;
    }
  }

  /** Reads what has no size yet. */
  private begin(input: Input): void {
    this.size = Infinity;
    this.handle = input;
    // Its next byte may never come.
    this.options.signal?.addEventListener('abort', this.endWait);
    if (this.waitsNoMore || this.options.signal?.aborted === true) this.endWait();
  }

  private async openFile(path: string): Promise<void> {
    try {
      // Asked first: opening a pipe waits for its other end, and nothing can end that wait.
      const found = await stat(path);
      if (!found.isFile()) throw new Error('it is no regular file');
      const handle = await open(path, 'r');
      if (this.options.follow === true && this.paths.length === 0) {
        const next = this.base === undefined ? undefined : `${this.base}${this.part + 1}`;
        this.begin(new FollowInput(handle, next));
        return;
      }
      this.size = found.size;
      this.handle = handle;
    } catch (err) {
      const hint = (await isThere(`${path}.1`))
        ? `; the first part of a recording is there: ${visible(path)}.1`
        : '';
      const text = `${visible(path)} could not be opened for reading: ${describeError(err)}${hint}`;
      throw new GeneralError('ERR_FILE_OPEN', text, { cause: err, path });
    }
  }

  private async nextPart(): Promise<string | undefined> {
    if (this.base === undefined) return undefined;
    this.part += 1;
    const path = `${this.base}${this.part}`;
    if (await isThere(path)) return path;
    const next = await firstPartAfter(this.base, this.part);
    if (next === undefined) return undefined;
    const text = `${visible(path)} is missing: the recording goes on in ${visible(next)}; give a list of files to read without it`;
    throw new GeneralError('ERR_FILE_OPEN', text, { path });
  }

  private async read(handle: Input, into: Buffer, at: number, position: number): Promise<number> {
    try {
      const length = Math.min(into.length - at, MAX_READ_BYTES);
      return (await handle.read(into, at, length, position)).bytesRead;
    } catch (err) {
      // Closed while it was read: there is nothing more.
      if (this.handle === undefined && systemCode(err) === 'EBADF') return 0;
      const text = `${visible(this.path)} could not be read at offset ${position}: ${describeError(err)}`;
      throw new GeneralError('ERR_FILE_READ', text, { cause: err, path: this.path, offset: position });
    }
  }

  private formatError(offset: number, fault: string): GeneralError {
    const { other } = this;
    const guess = other === undefined || other.isCertain || offset > 0 ? '' : `; it may be ${other.text}`;
    const text = `${visible(this.path)} is no Rogue data file from offset ${offset} on: ${fault}${guess}`;
    return new GeneralError('ERR_FILE_FORMAT', text, { path: this.path, offset });
  }

  /** `size` is undefined where not even the header is whole. */
  private tornError(offset: number, size: number | undefined, available: number): GeneralError {
    const record =
      size === undefined
        ? `${available + HEADER_BYTES} of the ${HEADER_BYTES} bytes of a header`
        : `${Math.max(available, 0)} of the ${size} payload bytes its header announces`;
    if (offset === 0) {
      return this.formatError(
        0,
        `its first record has ${record}; or the file was cut off within that record`,
      );
    }
    const text =
      `${visible(this.path)} ends within a record, or its header is damaged: at offset ${offset} there are ${record}. ` +
      `Records before it, all of them read: ${this.records}`;
    return new GeneralError('ERR_TORN_RECORD', text, { path: this.path, offset });
  }
}
