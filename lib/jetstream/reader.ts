// A master that reads the frames of a log.

import { monotonicMs, nextTurn, pause } from '../async/clock';
import { thisTurn } from '../async/turn-clock';
import { describeError, GeneralError } from '../errors';
import { LogLimit } from '../log-limit';
import { Logging } from '../logging';
import { FailureLog } from '../stream/failures';
import { Master } from '../stream/master';
import type { SlaveLike } from '../stream/slave';
import { Assembler } from './assembler';
import { chunksBefore } from './chunks';
import { connect, type LogClient } from './client';
import { LogEmitter, type LogEvents, type LogListener } from './events';
import { isUnfinished, readHead, type Head } from './format';
import { Link } from './link';
import { logText, openLogs, type LogIdentity } from './metrics';
import { resolveReaderOptions, type JetStreamReaderOptions, type ReaderOptions } from './options';
import { framesOf, LogFrame } from './records';
import { GroupSource } from './group';
import type { Incoming } from './incoming';
import { CopySource, filterOf, isBefore, type MessageSource } from './source';
import { startOf, type Start } from './start';
import { lastMessage, streamInfo } from './stream';

const MISSING_TIMES = 3;
const MISSING_PAUSE_MS = 500;
const MAX_TURN_MS = 10;

/** What a reader has done so far. */
export interface JetStreamReaderStats {
  /** Frames that the slaves have accepted. */
  readonly framesReceived: number;
  readonly bytesReceived: number;
  readonly messages: number;
  /** Messages of the stream that are none of a log: skipped. */
  readonly foreign: number;
  /** Of a group: messages that were given to a reader before. */
  readonly redelivered: number;
  /** Frames that their writer never wrote to their end: left out. */
  readonly abandoned: number;
  /** Messages that the log has for this reader behind the last one it was given, as the server told with that one. */
  readonly pending: number;
  /** How long the last frame had been in the log when it was given to the slaves, in ms; by the clocks of server and reader. */
  readonly delayMs: number;
  /** Sequence of the last message, 0 before the first; number of the last frame, -1 before the first. */
  readonly position: { readonly sequence: number; readonly frame: number };
  readonly reconnects: number;
  readonly lastError: Error | undefined;
  readonly lastFrameAt: Date | undefined;
}

/**
 * Reads the frames of a log, a stream of NATS JetStream, and gives them to its slaves as fast as they accept.
 *
 * ```ts
 * const reader = await JetStreamReader.create('nats://daq-host:4222/run42?since=10m');
 * reader.to(tcp);
 * await reader.finished();
 * ```
 *
 * It begins as soon as it has a slave. Frames are {@link LogFrame}s, which know their number and their place.
 */
export class JetStreamReader extends Master implements AsyncDisposable {
  /** Who this is, for metrics. */
  readonly identity: LogIdentity;
  private readonly log = Logging.create('jetstream.Reader');
  private readonly failures = new FailureLog(this.log);
  private readonly events = new LogEmitter();
  private readonly strayLines = new LogLimit((text) => this.log.warning(text));
  private readonly link: Link;
  private readonly channels: ReadonlySet<number> | undefined;
  private readonly assembler: Assembler;
  private readonly counts = { frames: 0, bytes: 0, messages: 0, foreign: 0, redelivered: 0, pending: 0 };
  private last = { sequence: 0, frame: -1, at: 0, delayMs: 0 };
  private lastError: Error | undefined;
  private isStarted = false;
  private isEnded = false;
  private closing: Promise<void> | undefined;
  private isMissing = false;
  private settle: (error?: Error) => void = () => undefined;
  private readonly done: Promise<void>;
  private failure: Error | undefined;

  /** Use `create`: connecting takes a moment. */
  private constructor(
    private readonly options: ReaderOptions,
    private readonly client: LogClient,
    private readonly source: MessageSource,
    /** Frames with lower numbers were not asked for. */
    private readonly firstFrame: number,
    /** The last message to be read, 0 for none; undefined: it goes on. */
    private readonly endSequence: number | undefined,
  ) {
    super();
    const { stream, channels } = options;
    this.identity = { log: stream, servers: client.servers, role: 'reader' };
    this.channels = channels === undefined ? undefined : new Set(channels);
    const isOneChannel = this.channels?.size === 1;
    this.assembler = new Assembler(isOneChannel ? 'channel' : 'log', (text) =>
      this.log.warning(`${stream}: ${text}`),
    );
    this.done = new Promise((resolve) => {
      this.settle = () => resolve();
    });
    this.link = new Link(client, this.events, this.log, {
      onDown: () => undefined,
      onUp: () => this.source.onUp(),
      onClosed: (error) => this.end(error),
    });
    openLogs.readers.enter(this);
    source.onMissing = () => void this.onMissing();
  }

  /**
   * Connects, and finds the place where reading begins.
   *
   * @param target the address of the log as `nats://host:4222/STREAM?from=first`, or options.
   * @throws {TypeError} {RangeError} for an option that is wrong.
   * @throws {GeneralError} `ERR_LOG_CONNECT`, `ERR_LOG_STREAM`, `ERR_LOG_GAP`, `ERR_MISSING_PACKAGE`
   */
  static async create(target: string | JetStreamReaderOptions): Promise<JetStreamReader> {
    const options = resolveReaderOptions(target);
    const { stream, from, group, channels, readAheadBytes, untilEnd } = options;
    const client = await connect(options, 'JetStreamReader');
    try {
      const info = await streamInfo(client, stream);
      if (info === undefined) {
        const text = `there is no stream ${stream} on ${client.servers}: check the name; a writer makes it`;
        throw new GeneralError('ERR_LOG_STREAM', text);
      }
      const one = new Set(channels).size === 1 ? channels![0] : undefined;
      const sourceOptions = { stream, created: info.created, channel: one, readAheadBytes };
      const findStart = () => startOf(client, info, from);
      if (group !== undefined) {
        const source = await GroupSource.open(client, sourceOptions, group, findStart);
        return new JetStreamReader(options, client, source, 0, undefined);
      }
      const start = await findStart();
      const source = await CopySource.open(client, sourceOptions, start);
      source.endSequence = untilEnd ? await endOfReading(client, stream, one, start) : undefined;
      return new JetStreamReader(options, client, source, start.frame ?? 0, source.endSequence);
    } catch (err) {
      await client.connection.close();
      if (err instanceof GeneralError) throw err;
      const text = `the stream ${stream} on ${client.servers} cannot be read: ${describeError(err)}`;
      throw new GeneralError('ERR_LOG_STREAM', text, { cause: err });
    }
  }

  get connected(): boolean {
    return this.link.isUp;
  }

  get stats(): JetStreamReaderStats {
    const { frames: framesReceived, bytes: bytesReceived, ...counts } = this.counts;
    const { sequence, frame, at, delayMs } = this.last;
    return {
      framesReceived,
      bytesReceived,
      ...counts,
      abandoned: this.assembler.abandoned,
      delayMs,
      position: { sequence, frame },
      reconnects: this.link.reconnects,
      lastError: this.lastError,
      lastFrameAt: at === 0 ? undefined : new Date(at),
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

  /** Reading begins with the first slave. */
  override addSlave(slave: SlaveLike): void {
    super.addSlave(slave);
    if (this.isStarted || this.isEnded) return;
    this.isStarted = true;
    void this.run();
  }

  /**
   * Resolves when there is nothing more to read: at the end, with `untilEnd`, or after `stop`.
   *
   * @throws {GeneralError} `ERR_LOG_GAP`, `ERR_LOG_FORMAT`, `ERR_LOG_STREAM`, `ERR_LOG_CONNECT`
   * @throws what a slave failed with: that ends the reading.
   */
  async finished(): Promise<void> {
    await this.done;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Ends the reading at once, and what `frames()` and `readable()` have handed out. */
  override async stop(): Promise<void> {
    this.end();
    await this.closing;
    openLogs.readers.leave(this);
  }

  /** {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async run(): Promise<void> {
    try {
      if (this.endSequence === 0) {
        this.end();
        return;
      }
      for await (const incoming of this.source.messages()) {
        if (this.isEnded) return;
        await this.take(incoming);
        if (incoming.sequence >= (this.endSequence ?? Infinity)) break;
        // Messages that are here already, and slaves that accept at once, would keep the event loop from its sockets.
        if (monotonicMs() - thisTurn().monotonicMs > MAX_TURN_MS) await nextTurn();
      }
      if (this.isEnded) return;
      await this.deliverAll(this.assembler.end());
      this.end();
    } catch (err) {
      this.end(err instanceof Error ? err : new Error(describeError(err)));
    }
  }

  private async take(incoming: Incoming): Promise<void> {
    const { subject, headers, sequence, pending, redelivered } = incoming;
    this.counts.messages += 1;
    this.counts.pending = pending;
    if (redelivered) this.counts.redelivered += 1;
    this.last.sequence = sequence;
    let frames: readonly LogFrame[];
    try {
      const head = readHead(subject, headers);
      if (head === undefined) frames = this.skip(subject, sequence);
      else if (this.options.group === undefined) frames = this.assembler.add(head, incoming);
      else frames = await this.shareOf(head, incoming);
    } catch (err) {
      throw this.placed(err, sequence);
    }
    await this.deliverAll(frames);
    if (!this.isEnded) this.source.done(incoming);
  }

  /** The frames of a message of a group, whose members get messages in no order. */
  private async shareOf(head: Head, incoming: Incoming): Promise<readonly LogFrame[]> {
    if (head.kind === 'records') return framesOf(head, incoming);
    // The member that gets the last chunk gets the frame.
    if (isUnfinished(head)) return [];
    const payload =
      head.group === undefined
        ? incoming.payload
        : await chunksBefore(this.client, this.options.stream, head, incoming);
    const { flags, error, channel, frame } = head;
    const { sequence, storedAt } = incoming;
    return [new LogFrame(payload, { flags, error, channel }, frame, sequence, storedAt, payload.length)];
  }

  private skip(subject: string, sequence: number): readonly LogFrame[] {
    this.counts.foreign += 1;
    this.strayLines.note(
      `message ${sequence} of ${logText(this.identity)} (${subject}) is none of a log, and is skipped`,
    );
    return [];
  }

  private async deliverAll(frames: readonly LogFrame[]): Promise<void> {
    const { channels, firstFrame } = this;
    for (const frame of frames) {
      if (this.isEnded) return;
      // As in Rogue: no bridge to a Rogue peer can send an empty one.
      if (frame.number < firstFrame || frame.size === 0 || channels?.has(frame.channel) === false) continue;
      const accepted = this.deliver(frame);
      if (accepted !== undefined) await accepted;
      this.counts.frames += 1;
      this.counts.bytes += frame.size;
      const now = thisTurn().epochMs;
      this.last.frame = frame.number;
      this.last.at = now;
      this.last.delayMs = Math.max(now - frame.storedAt, 0);
    }
  }

  /** The stream was not found; if that does not change, it was deleted. */
  private async onMissing(): Promise<void> {
    if (this.isMissing || this.isEnded) return;
    this.isMissing = true;
    for (let times = 1; this.isReading();) {
      const isThere = await streamInfo(this.client, this.options.stream).then(
        (info) => info !== undefined,
        () => undefined,
      );
      if (isThere === true) break;
      if (isThere === false && times++ === MISSING_TIMES) {
        this.end(
          new GeneralError(
            'ERR_LOG_STREAM',
            `the log ${logText(this.identity)} is not there any more: it was deleted`,
          ),
        );
        return;
      }
      await pause(MISSING_PAUSE_MS);
    }
    this.isMissing = false;
  }

  /** A call, because the compiler takes a field for constant across an await. */
  private isReading(): boolean {
    return !this.isEnded;
  }

  private end(error?: Error): void {
    if (this.isEnded) return;
    this.isEnded = true;
    // A program that has read a log to its end is to end as well.
    this.closing = this.close();
    if (error !== undefined) {
      this.failure = error;
      this.lastError = error;
      this.failures.note(
        `Reading of ${logText(this.identity)} has ended after ${this.counts.frames} frames`,
        error,
      );
      this.events.emitSafely('error', error);
    }
    this.finish(error);
    this.settle();
  }

  private async close(): Promise<void> {
    await this.source.stop();
    await this.link.close();
  }

  private placed(err: unknown, sequence: number): Error {
    if (!(err instanceof GeneralError)) return err as Error;
    const text = `${logText(this.identity)}, message ${sequence}: ${err.message}`;
    return new GeneralError(err.code, text, { cause: err });
  }
}

/** The last message that is there now, of those that are read. */
async function endOfReading(
  client: LogClient,
  stream: string,
  channel: number | undefined,
  start: Start,
): Promise<number> {
  const last = await lastMessage(client, stream, filterOf(stream, channel));
  return last === undefined || isBefore(last, start) ? 0 : last.sequence;
}
