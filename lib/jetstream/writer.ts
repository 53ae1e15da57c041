// A slave that writes its frames into a log.

import { randomBytes } from 'node:crypto';
import { clearTimeout, epochMs, setImmediate, setTimeout, clearImmediate } from '../async/clock';
import { thisTurn } from '../async/turn-clock';
import { Gate } from '../async/gate';
import { lingerMsOf, settlesWithin, type LingerOptions } from '../async/linger';
import { describeError, GeneralError } from '../errors';
import { LogLimit } from '../log-limit';
import { Logging } from '../logging';
import { BufferPool } from '../memory/buffer-pool';
import type { Frame } from '../stream/frame';
import { isFrame, notAFrame } from '../stream/frame';
import { Slave } from '../stream/slave';
import { HEADER_BYTES } from '../utilities/fileio/record';
import { Batch } from './batch';
import { Chain } from './chain';
import { connect, type LogClient } from './client';
import { LogEmitter, type LogEvents, type LogListener } from './events';
import { Link } from './link';
import { batchMessages, frameMessages, FrameNumbers, type MessageContext } from './messages';
import { logText, openLogs, type LogIdentity } from './metrics';
import { resolveWriterOptions, type JetStreamWriterOptions, type WriterOptions } from './options';
import { ensureStream, logEnd, type Kept, type LogEnd } from './stream';

// From here on a frame has a message of its own: copying it costs more than the message.
const LONE_BYTES = 64 * 1024;
// What the headers of a message take at most, besides the order of a batch.
const HEADERS_BYTES = 1024;
// The order of a batch takes up to three bytes a frame; a record has at least nine.
const ORDER_SHARE = 0.6;
// Of a server; its default is a mebibyte.
const MIN_MAX_PAYLOAD = 4 * HEADERS_BYTES;
const MAX_SPARE_BATCHES = 64;
const DEFAULT_LINGER_MS = 10_000;

/** What a writer has done so far. */
export interface JetStreamWriterStats {
  /** Frames accepted: on their way, or stored. */
  readonly framesSent: number;
  readonly bytesSent: number;
  /** Frames that the log has acknowledged. */
  readonly framesStored: number;
  /** Messages that the log has acknowledged. */
  readonly messages: number;
  /** Frames accepted and not acknowledged. */
  readonly unacknowledged: number;
  readonly unacknowledgedBytes: number;
  /** Messages that were sent again, because nobody knew whether they had been stored. */
  readonly resent: number;
  /** Of these, the ones that had been: the log has them once. */
  readonly duplicates: number;
  /** Frames dropped, with the option `drop`. */
  readonly dropped: number;
  /** Frames refused: empty, released, or after the end. */
  readonly refused: number;
  /** Frames accepted, and lost when the writer failed or was stopped. */
  readonly notStored: number;
  /** Messages that the log had acknowledged, and does not have any more. */
  readonly lost: number;
  /** Times that the connection came back. */
  readonly reconnects: number;
  readonly lastError: Error | undefined;
  readonly lastFrameAt: Date | undefined;
}

/**
 * Writes its frames into a log, a stream of NATS JetStream, in order and once each.
 *
 * ```ts
 * const writer = await JetStreamWriter.create('nats://daq-host:4222/run42?replicas=3');
 * tcp.to(writer);
 * ...
 * await writer.stop();
 * ```
 *
 * The source is held back while the log is slow or away; a writer goes on trying. It fails for good when the stream is
 * deleted, another writer takes over, or the servers do not let it in any more: `acceptFrame` then rejects.
 */
export class JetStreamWriter extends Slave implements AsyncDisposable {
  readonly retainsFrames = true;
  /** Who this is, for metrics. */
  readonly identity: LogIdentity;
  private readonly log = Logging.create('jetstream.Writer');
  private readonly events = new LogEmitter();
  private readonly link: Link;
  private readonly chain: Chain;
  private readonly pool: BufferPool;
  private readonly gate = new Gate();
  private readonly dropLines = new LogLimit((text) => this.log.warning(text));
  private readonly context: MessageContext;
  private readonly batchBytes: number;
  private readonly chunkBytes: number;
  private readonly maxBytes: number;
  /** Frames of it may be waiting for others. */
  private batch: Batch | undefined;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  /** Of its first frame, counted from the first frame of this writer. */
  private batchFrame = 0;
  /** Settles when the frames of the batch are stored. */
  private batchStored: Deferred | undefined;
  private readonly counts = { bytes: 0, stored: 0, dropped: 0, refused: 0, notStored: 0, lost: 0 };
  private accepted = 0;
  private lastError: Error | undefined;
  private lastFrame = 0;
  private stopping: Promise<void> | undefined;
  private troubleSince: number | undefined;

  /** Use `create`: connecting takes a moment. */
  private constructor(
    private readonly options: WriterOptions,
    client: LogClient,
    end: LogEnd,
    kept: Kept,
    name: string,
  ) {
    super();
    const { stream } = options;
    this.identity = { log: stream, servers: client.servers, role: 'writer' };
    this.context = { stream, writer: name, numbers: new FrameNumbers(end) };
    const maxPayload = client.connection.info?.max_payload ?? 1024 * 1024;
    this.maxBytes = kept.maxBytes;
    const mostBytes = Math.min(maxPayload, kept.maxBytes) - HEADERS_BYTES;
    this.batchBytes = Math.min(options.batchBytes, Math.max(Math.floor(mostBytes * ORDER_SHARE), 0));
    this.chunkBytes = maxPayload - HEADERS_BYTES;
    this.pool = new BufferPool(this.batchBytes, MAX_SPARE_BATCHES);
    this.link = new Link(client, this.events, this.log, {
      onDown: () => this.chain.onDown(),
      onUp: () => this.chain.onUp(),
      onClosed: (error) => this.chain.fail(error),
    });
    this.chain = new Chain(client, () => this.link, stream, end.sequence, kept.copies, options, {
      onTrouble: (error) => this.onTrouble(error),
      onFailed: (error) => this.onFailed(error),
      onStored: () => this.onRoom(),
      onLost: (first, last) => this.onLost(first, last),
      onMoved: async () => {
        const moved = await logEnd(client, stream);
        this.context.numbers.moveTo(moved);
        return moved.sequence;
      },
    });
    openLogs.writers.enter(this);
  }

  /**
   * Connects, makes the stream where it is missing, and finds the end of the log, behind which it goes on.
   *
   * @param target the address of the log as `nats://host:4222/STREAM`, or options.
   * @throws {TypeError} {RangeError} for an option that is wrong.
   * @throws {GeneralError} `ERR_LOG_CONNECT`, `ERR_LOG_STREAM`, `ERR_MISSING_PACKAGE`
   */
  static async create(target: string | JetStreamWriterOptions): Promise<JetStreamWriter> {
    const options = resolveWriterOptions(target);
    const { stream, source, maxBytes, maxAgeMs, maxMessages, replicas, storage, discard } = options;
    const client = await connect(options, 'JetStreamWriter');
    try {
      checkMaxPayload(client);
      const keep = { maxBytes, maxAgeMs, maxMessages, replicas, storage, discard };
      const kept = await ensureStream(client, stream, definedOf(keep));
      const end = await logEnd(client, stream);
      // Two runs of one writer number different frames alike: their ids must differ.
      const name = `${source}-${randomBytes(6).toString('hex')}`;
      return new JetStreamWriter(options, client, end, kept, name);
    } catch (err) {
      await client.connection.close();
      if (err instanceof GeneralError) throw err;
      const text = `the stream ${stream} on ${client.servers} cannot be looked at: ${describeError(err)}`;
      throw new GeneralError('ERR_LOG_STREAM', text, { cause: err });
    }
  }

  /** The number that the next frame gets. After `create`: the frames that the log has ever had. */
  get nextFrame(): number {
    return this.context.numbers.next;
  }

  /** Whether there is a connection to a server. */
  get connected(): boolean {
    return this.link.isUp;
  }

  get stats(): JetStreamWriterStats {
    const { chain, counts, accepted } = this;
    const { bytes: bytesSent, stored: framesStored, dropped, refused, notStored, lost } = counts;
    return {
      framesSent: accepted,
      bytesSent,
      framesStored,
      messages: chain.stored,
      unacknowledged: accepted - framesStored - notStored,
      unacknowledgedBytes: chain.bytes + (this.batch?.bytes ?? 0),
      resent: chain.resent,
      duplicates: chain.duplicates,
      dropped,
      refused,
      notStored,
      lost,
      reconnects: this.link.reconnects,
      lastError: this.lastError,
      lastFrameAt: this.lastFrame === 0 ? undefined : new Date(this.lastFrame),
    };
  }

  on<E extends keyof LogEvents>(event: E, listener: LogListener<E>): this {
    this.events.on(event, listener as never);
    return this;
  }

  once<E extends keyof LogEvents>(event: E, listener: LogListener<E>): this {
    this.events.once(event, listener as never);
    return this;
  }

  off<E extends keyof LogEvents>(event: E, listener: LogListener<E>): this {
    this.events.off(event, listener as never);
    return this;
  }

  /**
   * Takes one frame. The promise, where there is one, settles when there is room for more, or, with `settle: 'stored'`, when
   * the log has acknowledged the frame.
   *
   * @throws {GeneralError} `ERR_EMPTY_FRAME`; `ERR_FRAME_TOO_LARGE` for the log's `maxBytes`; `ERR_FRAME_RELEASED`; `ERR_LOG_STOPPED` after `stop`; what the writer has failed
   *   with.
   */
  override acceptFrame(frame: Frame): void | Promise<void> {
    if (!isFrame(frame)) throw notAFrame(frame);
    if (this.stopping !== undefined) return this.refuse(stoppedError());
    if (this.chain.failure !== undefined) return this.refuse(this.chain.failure);
    if (frame.isReleased) return this.refuse(frame.releasedError());
    const { size } = frame;
    if (size === 0) {
      return this.refuse(
        new GeneralError(
          'ERR_EMPTY_FRAME',
          'the frame has no payload: no bridge to a Rogue peer could send it',
        ),
      );
    }
    if (size + Math.ceil(size / this.chunkBytes) * HEADERS_BYTES > this.maxBytes) {
      const text = `the frame has ${size} bytes, and the log ${logText(this.identity)} keeps ${this.maxBytes} in all`;
      return this.refuse(new GeneralError('ERR_FRAME_TOO_LARGE', `${text}: give it a larger max-bytes`));
    }
    if (this.options.drop && this.isFull) {
      this.counts.dropped += 1;
      this.dropLines.note(`a frame of ${size} bytes was dropped: the log is too slow, or away`);
      return undefined;
    }
    void super.acceptFrame(frame);
    this.accepted += 1;
    this.counts.bytes += size;
    this.lastFrame = thisTurn().epochMs;
    const stored =
      size >= LONE_BYTES || size + HEADER_BYTES > this.batchBytes
        ? this.sendLone(frame)
        : this.addToBatch(frame);
    if (this.options.settle === 'stored') return stored.promise;
    return this.isFull && !this.options.drop ? this.gate.wait() : undefined;
  }

  /**
   * Resolves when all frames that were accepted until now are stored.
   * @throws what the writer has failed with.
   */
  async flush(): Promise<void> {
    this.sendBatch();
    await this.chain.whenSettled();
    if (this.chain.failure !== undefined) throw this.chain.failure;
  }

  /**
   * Takes no more frames, waits up to `lingerMs` (default 10 s) until the log has acknowledged what it has, and closes the
   * connection. What is not acknowledged by then is counted in `stats.notStored` and logged.
   */
  stop(options: LingerOptions = {}): Promise<void> {
    const lingerMs = options.lingerMs === undefined ? DEFAULT_LINGER_MS : lingerMsOf(options);
    this.stopping ??= this.end(lingerMs);
    return this.stopping;
  }

  /** {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private get isFull(): boolean {
    return this.chain.bytes + (this.batch?.bytes ?? 0) >= this.options.windowBytes;
  }

  private refuse(error: GeneralError): Promise<void> {
    this.counts.refused += 1;
    return Promise.reject(error);
  }

  private addToBatch(frame: Frame): Deferred {
    if (this.batch?.hasRoomFor(frame.size) === false) this.sendBatch();
    const number = this.context.numbers.take();
    if (this.batch === undefined) {
      this.batch = new Batch(this.pool);
      this.batchFrame = number;
      this.batchStored = new Deferred();
      this.startTimer();
    }
    this.batch.add(frame);
    return this.batchStored!;
  }

  private startTimer(): void {
    const { batchMs } = this.options;
    if (batchMs === 0) this.immediate = setImmediate(() => this.sendBatch());
    else this.timer = setTimeout(() => this.sendBatch(), batchMs);
  }

  /** Sends what waits for more. */
  private sendBatch(): void {
    const { batch, batchStored: stored } = this;
    if (batch === undefined) return;
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.batch = undefined;
    const messages = batchMessages(
      this.context,
      batch,
      this.batchFrame,
      (frames, error) => this.settle(frames, error),
      (error) => {
        batch.release();
        stored!.settle(error);
      },
    );
    for (const message of messages) this.chain.push(message);
  }

  /** Sends a large frame, in chunks where the servers take no message of its size. */
  private sendLone(frame: Frame): Deferred {
    this.sendBatch();
    const stored = new Deferred();
    frame.beginUse();
    const done = (error: Error | undefined): void => {
      frame.endUse();
      this.settle(1, error);
      stored.settle(error);
    };
    const own = this.context.numbers.take();
    for (const message of frameMessages(this.context, frame, own, this.chunkBytes, done))
      this.chain.push(message);
    return stored;
  }

  private settle(frames: number, error: Error | undefined): void {
    if (error === undefined) this.counts.stored += frames;
    else this.counts.notStored += frames;
  }

  private onRoom(): void {
    if (!this.isFull) this.gate.release();
  }

  private onTrouble(error: GeneralError | undefined): void {
    if (error === undefined) {
      const seconds = (epochMs() - this.troubleSince!) / 1000;
      this.log.warning(`the log ${logText(this.identity)} takes frames again, after ${seconds.toFixed(1)} s`);
      this.troubleSince = undefined;
      return;
    }
    this.troubleSince ??= epochMs();
    this.log.error(
      `${error.message}; ${this.options.drop ? 'frames are dropped' : 'the source is held back'} until it does`,
    );
    this.tell(error);
  }

  private onLost(first: number, last: number): void {
    const count = last - first + 1;
    this.counts.lost += count;
    const error = new GeneralError(
      'ERR_LOG_LOST',
      `the log ${logText(this.identity)} has lost messages ${first} to ${last}, which it had acknowledged: its servers lost their power, ` +
        'a copy that was not up to date became the leader, or the stream was made anew; look at the log of nats-server',
    );
    this.log.error(error.message);
    this.tell(error);
  }

  private onFailed(error: GeneralError): void {
    const { notStored } = this.counts;
    if (error.code !== 'ERR_LOG_STOPPED') {
      this.log.error(`${error.message}${notStored > 0 ? `; ${notStored} frames were not stored` : ''}`);
      this.tell(error);
    }
    this.gate.release(error);
  }

  private tell(error: Error): void {
    this.lastError = error;
    this.events.emitSafely('error', error);
  }

  private async end(lingerMs: number): Promise<void> {
    this.sendBatch();
    this.endWaits();
    if (!(await settlesWithin(lingerMs, this.chain.whenSettled()))) {
      const error = stoppedError();
      const before = this.counts.notStored;
      this.chain.fail(error);
      const lost = this.counts.notStored - before;
      this.lastError = error;
      this.log.error(`stopped with ${lost} frames that the log has not acknowledged within ${lingerMs} ms`);
    }
    this.gate.release(this.chain.failure);
    await this.link.close();
    openLogs.writers.leave(this);
  }
}

/** A promise that is settled from outside, and made only where somebody asks for it. */
class Deferred {
  private made:
    { readonly promise: Promise<void>; resolve: () => void; reject: (err: Error) => void } | undefined;

  get promise(): Promise<void> {
    if (this.made === undefined) {
      let resolve: () => void = () => undefined;
      let reject: (err: Error) => void = () => undefined;
      const promise = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      this.made = { promise, resolve, reject };
    }
    return this.made.promise;
  }

  settle(error?: Error): void {
    if (error === undefined) this.made?.resolve();
    else this.made?.reject(error);
  }
}

/** @throws {GeneralError} `ERR_LOG_CONNECT` for a server that takes no more than headers and a few bytes. */
function checkMaxPayload({ connection, servers }: LogClient): void {
  const { max_payload: most = Infinity } = connection.info ?? {};
  if (most >= MIN_MAX_PAYLOAD) return;
  throw new GeneralError(
    'ERR_LOG_CONNECT',
    `${servers} takes messages of at most ${most} bytes, and a log needs ${MIN_MAX_PAYLOAD}: ` +
      'give max_payload in the configuration of nats-server a larger value',
  );
}

function stoppedError(): GeneralError {
  return new GeneralError('ERR_LOG_STOPPED', 'the writer was stopped, so this frame was not stored');
}

function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
