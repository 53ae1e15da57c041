// Rogue's file writer. slaclab/rogue src/rogue/utilities/fileio/StreamWriter.cpp.

import type { Writable } from 'node:stream';
import { Refusals } from '../../async/refusals';
import { GeneralError, systemCode } from '../../errors';
import { Logging } from '../../logging';
import { Queue } from '../../async/queue';
import type { Frame } from '../../stream/frame';
import { Gate } from '../../async/gate';
import { Mutex } from '../../async/mutex';
import { checkBoolean, checkInteger, checkOptionNames, MAX_INT32 } from '../../validate';
import { RateMeter } from '../rate';
import { CountWaiters, type WaitFrameCountOptions } from '../../async/count-waiters';
import { FileNames } from './file-names';
import { OutputFile, type Written } from './output-file';
import { checkPath, type FilePath } from './paths';
import { MAX_RECORD_PAYLOAD_BYTES } from './record';
import { newChunkPool, RecordBatch } from './record-batch';
import { checkWritable, isWritable } from './stream-output';
import { StreamWriterChannel } from './stream-writer-channel';
import { checkWriterConfig, configFrame, type WriterConfig } from './writer-config';

/** How a {@link StreamWriter} writes. */
export interface StreamWriterOptions {
  /** Bytes to gather before they are written, besides at the end; default 0, which writes as soon as the disk can. */
  readonly bufferSize?: number;
  /** Bytes a file may have; then `<name>.1`, `<name>.2`, ... are written. Default 0, one file without a limit. */
  readonly maxSize?: number;
  /** True leaves out frames whose error field is not 0. Default false. */
  readonly dropErrors?: boolean;
  /** True writes payloads alone, without headers: such a file cannot be read back as records. Default false. */
  readonly raw?: boolean;
  /**
   * Writes the configuration as the first record of a recording and as its last, as pyrogue's writer does, with flags 0 and
   * error 0. Of a recording in parts, the first record of the first part and the last of the last.
   */
  readonly config?: WriterConfig;
}

const OPTIONS = ['bufferSize', 'maxSize', 'dropErrors', 'raw', 'config'];
const MAX_BUFFER_BYTES = MAX_INT32;
// What may wait for the disk before senders do: a few large frames, or a write's worth of small ones.
const PENDING_BYTES = 4 * 1024 * 1024;

/** What goes into one file of a recording. */
interface Part {
  readonly index: number;
  readonly batch: RecordBatch;
}

/**
 * Writes frames to a file that Rogue's tools read: `src.to(writer.getChannel(0))`.
 *
 * Senders wait while the disk is behind. When a write fails (a full disk), the file is cut back to whole records and
 * closed, and every frame from then on is refused with `ERR_FILE_WRITE`. Frames that come while no file is open are
 * left out, as in Rogue, and counted in {@link dropCount}.
 */
export class StreamWriter implements AsyncDisposable {
  private readonly options: Required<Omit<StreamWriterOptions, 'config'>>;
  private readonly config: WriterConfig | undefined;
  private readonly log = Logging.create('fileio.StreamWriter');
  private readonly channels = new Map<number, StreamWriterChannel>();
  private readonly pool = newChunkPool();
  private readonly waiters = new CountWaiters();
  private readonly refusals = new Refusals();
  private readonly gate = new Gate();
  private meter = new RateMeter();

  private names = new FileNames('', false);
  private file: OutputFile | undefined;
  private fileIndex = 0;
  private opened = false;
  private warnedClosed = false;
  /** Calls of open that are under way. */
  private switching = 0;
  private readonly onSwitched = new Gate();
  /** True from a call of close to the next one of open: no frame waits for the disk, which may hang. */
  private closing = false;
  /** Of open and close. */
  private readonly mutex = new Mutex();
  private failure: GeneralError | undefined;

  /** What is being gathered, and before it what waits to be written. */
  private part: Part | undefined;
  private readonly parts = new Queue<Part>();
  private pendingBytes = 0;
  private pumping: Promise<void> | undefined;

  private frames = 0;
  private dropped = 0;
  private current = 0;
  private total = 0;

  /** @throws {TypeError} {RangeError} naming the option and the value. */
  constructor(options: StreamWriterOptions = {}) {
    checkOptionNames('the options of StreamWriter', options, OPTIONS);
    const { bufferSize = 0, maxSize = 0, dropErrors = false, raw = false } = options;
    this.options = {
      bufferSize: checkInteger('bufferSize', bufferSize, 0, MAX_BUFFER_BYTES),
      maxSize: checkInteger('maxSize', maxSize, 0, Number.MAX_SAFE_INTEGER),
      dropErrors: checkBoolean('dropErrors', dropErrors),
      raw: checkBoolean('raw', raw),
    };
    this.config = checkWriterConfig(options.config, raw);
  }

  /** True between {@link open} and {@link close}, or a write that failed. */
  get isOpen(): boolean {
    return this.opened && !this.closing;
  }

  /** Frames written since {@link open}, with those that wait for the disk, and, as in Rogue, records of `config`. */
  get frameCount(): number {
    return this.frames;
  }

  /** Frames left out since {@link open}: while no file was open, empty, with an error, lost with a failing disk. */
  get dropCount(): number {
    return this.dropped;
  }

  /** Bytes of all files since {@link open}, with what waits for the disk. */
  get totalSize(): number {
    return this.total;
  }

  /** Bytes of the current file, with what waits for the disk. */
  get currentSize(): number {
    return this.current;
  }

  /** Bytes a second, over the last second or more. */
  get bandwidth(): number {
    this.meter.update(this.frames, this.total);
    return this.meter.bandwidth;
  }

  /**
   * The slave whose frames are recorded as `channel`; 0 keeps the channel of each frame. The same one every time.
   * @param channel 0..255
   */
  getChannel(channel: number): StreamWriterChannel {
    checkInteger('channel', channel, 0, 0xff);
    let slave = this.channels.get(channel);
    if (slave === undefined) {
      slave = new StreamWriterChannel(
        (frame) => this.write(frame, channel === 0 ? frame.channel : channel),
        () => this.isRecording,
      );
      this.channels.set(channel, slave);
    }
    return slave;
  }

  /**
   * Begins a recording, and ends the one before; frames that come meanwhile wait for the new one. All counts begin at 0.
   *
   * @param path the file, by its name or a `file:` URL; with `maxSize` its parts are `<path>.1`, `<path>.2`, ... Or a Node
   *   stream of bytes, `process.stdout` or a compressor for example, which stays open.
   * @param options `overwrite: true` replaces a file that has data in it, and the parts of an older recording.
   * @throws {GeneralError} `ERR_FILE_OPEN`: the file could not be made, or it, or a part of that name, has data in it.
   *   The recording before goes on where that is known beforehand.
   * @throws {GeneralError} `ERR_FILE_WRITE`: the recording before could not be ended, and this one has not begun.
   * @throws what the function `config.text` fails with: the recording before goes on. If it fails for the last record of
   *   that recording, its file is closed without it, and this one has not begun.
   */
  open(path: FilePath | Writable, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    checkOptionNames('the options of open', options, ['overwrite']);
    const target = isWritable(path)
      ? checkWritable(path)
      : checkPath('path', path, ', or a Node stream of bytes');
    if (typeof target !== 'string' && this.options.maxSize > 0) {
      throw new TypeError('maxSize is for files: a stream is one file without a limit');
    }
    const overwrite = checkBoolean('overwrite', options.overwrite ?? false);
    this.closing = false;
    this.switching += 1;
    const begun = this.mutex.runExclusive(() => this.begin(target, overwrite));
    return begun.finally(() => {
      this.switching -= 1;
      this.onSwitched.release();
      if (!this.isRecording) this.endWaits();
    });
  }

  /**
   * Waits until `count` frames of this recording are written or wait for the disk. False when that takes longer than
   * `timeoutMs`, when the recording ends before, and when there is none.
   */
  async waitFrameCount(count: number, options: WaitFrameCountOptions = {}): Promise<boolean> {
    return this.waiters.wait(count, this.frames, this.isRecording, options);
  }

  /**
   * Ends the recording when everything that was accepted is in the file. Does nothing when none is open.
   *
   * Frames that come after this call are left out, and so are those that wait for an {@link open} under way. Senders
   * that wait for the disk go on at once, whatever the disk does: their frames are accepted.
   *
   * @throws {GeneralError} `ERR_FILE_WRITE`: a write has failed; said once.
   * @throws what the function `config.text` fails with: the file is closed, without its last record.
   */
  close(): Promise<void> {
    this.closing = true;
    this.endWaits();
    this.onSwitched.release();
    return this.mutex.runExclusive(() => this.end());
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get isRecording(): boolean {
    return !this.closing && (this.opened || this.switching > 0);
  }

  private async begin(target: string | Writable, overwrite: boolean): Promise<void> {
    // Asked for first: if there is none, the recording before goes on.
    const config = await this.nextConfig();
    if (typeof target === 'string') await this.beginFile(target, overwrite);
    else {
      await this.end();
      this.file = OutputFile.onto(target);
      this.names = new FileNames(this.file.path, false);
    }
    this.fileIndex = 1;
    this.frames = this.dropped = this.current = this.total = 0;
    this.meter = new RateMeter();
    for (const channel of this.channels.values()) channel.restart();
    this.opened = true;
    this.warnedClosed = false;
    if (config !== undefined) this.append(config, config.channel);
  }

  private async beginFile(path: string, overwrite: boolean): Promise<void> {
    const names = new FileNames(path, this.options.maxSize > 0);
    if (!overwrite) await names.refuseData();
    await this.end();
    if (overwrite) await names.removeParts();
    this.names = names;
    this.file = await OutputFile.create(names.of(1));
  }

  private async end(): Promise<void> {
    const wasOpen = this.opened;
    this.opened = false;
    const unwritten = wasOpen ? await this.appendConfig() : undefined;
    this.endPart();
    await this.pumping;
    const { file, failure } = this;
    this.file = undefined;
    this.failure = undefined;
    this.endWaits();
    await file?.close();
    if (failure !== undefined) throw failure;
    if (unwritten !== undefined) throw unwritten.error;
  }

  /** The last record; what kept it out of the file is returned, because the file is closed in any case. */
  private async appendConfig(): Promise<{ readonly error: unknown } | undefined> {
    try {
      const config = await this.nextConfig();
      // A write may have failed meanwhile, which is told.
      if (config !== undefined && this.failure === undefined) this.append(config, config.channel);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  /** @throws {GeneralError} `ERR_FRAME_TOO_LARGE` for a text that no file can take. */
  private async nextConfig(): Promise<Frame | undefined> {
    if (this.config === undefined) return undefined;
    const frame = await configFrame(this.config);
    const refused = this.refusalOf(frame.size);
    if (refused !== undefined) throw refused;
    return frame;
  }

  private write(frame: Frame, channel: number): void | Promise<void> {
    const { failure, options } = this;
    if (failure !== undefined) return this.refusals.reject(failure);
    if (this.closing) {
      this.leaveOut();
      return undefined;
    }
    if (!this.opened && this.switching > 0) {
      return this.onSwitched.wait().then(() => this.write(frame, channel));
    }
    const { size } = frame;
    if (!this.opened || size === 0 || (options.dropErrors && frame.error !== 0)) {
      this.leaveOut();
      return undefined;
    }
    const refused = this.refusalOf(size);
    if (refused !== undefined) return this.refusals.reject(refused);
    this.append(frame, channel);
    if (this.pendingBytes >= Math.max(PENDING_BYTES, 2 * options.bufferSize)) return this.gate.wait();
    return undefined;
  }

  /** Undefined when a payload of this size fits into a file. */
  private refusalOf(size: number): GeneralError | undefined {
    const { maxSize, raw } = this.options;
    const bytes = RecordBatch.recordBytes(size, raw);
    if (size <= MAX_RECORD_PAYLOAD_BYTES && (maxSize === 0 || bytes <= maxSize)) return undefined;
    const limit = maxSize > 0 ? `a file of maxSize = ${maxSize} bytes` : 'a record';
    return new GeneralError('ERR_FRAME_TOO_LARGE', `a frame of ${size} bytes does not fit into ${limit}`);
  }

  private append(frame: Frame, channel: number): void {
    const { options } = this;
    const bytes = RecordBatch.recordBytes(frame.size, options.raw);
    if (options.maxSize > 0 && this.current + bytes > options.maxSize) {
      this.endPart();
      this.fileIndex += 1;
      this.current = 0;
    }
    this.part ??= { index: this.fileIndex, batch: new RecordBatch(this.pool, options.raw) };
    this.part.batch.add(frame, channel);
    this.frames += 1;
    this.current += bytes;
    this.total += bytes;
    this.pendingBytes += bytes;
    this.waiters.update(this.frames);
    if (this.part.batch.bytes > options.bufferSize && this.pumping === undefined) this.endPart();
  }

  private leaveOut(): void {
    this.dropped += 1;
    if (this.opened || this.warnedClosed) return;
    this.warnedClosed = true;
    this.log.warning('Frames arrive and are not recorded: no file is open');
  }

  /** What has been gathered is to be written. */
  private endPart(): void {
    if (this.part === undefined) return;
    this.parts.push(this.part);
    this.part = undefined;
    this.pumping ??= this.pump();
  }

  /** Writes until nothing waits, or a write fails. Never rejects. */
  private async pump(): Promise<void> {
    for (let part = this.parts.shift(); part !== undefined; part = this.parts.shift()) {
      const { batch } = part;
      const { records, bytes, error } = await this.writePart(part);
      if (error !== undefined) {
        await this.fail(error, { records: batch.records - records, bytes: batch.bytes - bytes });
        break;
      }
      this.pendingBytes -= batch.bytes;
      batch.release();
      this.meter.update(this.frames, this.total);
      // What came meanwhile is the next write, unless it is to wait for more.
      if (this.part !== undefined && this.part.batch.bytes > this.options.bufferSize) this.endPart();
      this.gate.release();
    }
    this.pumping = undefined;
  }

  /** How much of it is in the file, and what kept out the rest. */
  private async writePart({ index, batch }: Part): Promise<Written> {
    const path = this.names.of(index);
    try {
      if (this.file?.path !== path) {
        await this.file?.close();
        this.file = await OutputFile.create(path, 'ERR_FILE_WRITE');
      }
      return await this.file.write(batch);
    } catch (err) {
      return { records: 0, bytes: 0, error: err as GeneralError };
    }
  }

  /** Ends the recording: `lost` and all that waits is not in the file. */
  private async fail(failure: GeneralError, lost: { records: number; bytes: number }): Promise<void> {
    this.opened = false;
    this.failure = failure;
    if (this.part !== undefined) this.parts.push(this.part);
    this.part = undefined;
    let { records, bytes } = lost;
    for (let part = this.parts.shift(); part !== undefined; part = this.parts.shift()) {
      records += part.batch.records;
      bytes += part.batch.bytes;
    }
    this.pendingBytes = 0;
    this.frames -= records;
    this.dropped += records;
    this.total -= bytes;
    this.current = this.file?.size ?? 0;
    const text = `${failure.message}; ${records} frames that had been accepted are not in the file`;
    // The reader of a pipe has had enough, as `head` has.
    if (systemCode(failure.cause) === 'EPIPE') this.log.info(text);
    else this.log.error(text);
    const { file } = this;
    this.file = undefined;
    await file?.close().catch(() => undefined);
    this.endWaits(failure);
  }

  private endWaits(failure?: GeneralError): void {
    this.waiters.end();
    for (const channel of this.channels.values()) channel.endWaits();
    this.gate.release(failure);
  }
}
