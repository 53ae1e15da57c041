// Messages on their way into a log: each is stored once, and none before the one in front of it.
//
// Every message expects the sequence of the one before it to be the stream's last. When one is lost, the server refuses all
// that are behind it, so nothing changes places; the chain then sends again from there, with the same message ids, so nothing
// is doubled.
//
// Sequences alone have a weakness: if the server refuses message A, another program may store a message with A's sequence, and
// the server then accepts the message after A. In a stream with one copy each message therefore also expects the id of the
// message before it. In a stream with several copies it must not. A server that catches up does not note the ids of the messages
// it fetches (nats-server 2.9.10, and still in 2026). Its copy then refuses every message that expects an id, and as a leader
// it loses messages that the other copies had. There the writer fails when a message was stored before the one in front of it.

import { clearInterval, monotonicMs, pause, setImmediate, setInterval } from '../async/clock';
import { GeneralError } from '../errors';
import { apiCode, type LogClient } from './client';
import type { Link } from './link';
import { storedHead, streamInfo, streamReason } from './stream';

// Another message is the stream's last than was expected: by its id, by its sequence.
const WRONG_LAST = new Set([10_070, 10_071, 10_164]);
// The stream's own limit for one message.
const MESSAGE_TOO_LARGE = 10_054;
const MAX_IN_FLIGHT = 1_000;
// How long an answer is of any use; whether the log is alive is seen by all answers together.
const FORGET_MS = 600_000;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;
// Messages behind the last acknowledged one that are looked through for ours.
const MAX_LOOKED_AT = 20_000;
// A stream that is not there is asked for again: while servers start, they may not know it yet.
const MISSING_TIMES = 3;
const LOOKS = 5;
const ONE_COPY = 1;

/** A message to be stored. */
export interface Outgoing {
  readonly subject: string;
  /** Its own, unique in the log. As {@link headers}, it may change until a message of ours is stored: see `onMoved`. */
  id(): string;
  headers(): readonly (readonly [name: string, value: string])[];
  readonly payload: Uint8Array;
  /** Frames that are stored with it. */
  readonly frames: number;
  /** Called once, when it is stored or given up. */
  onSettled(error?: Error): void;
}

interface Entry {
  readonly message: Outgoing;
  /** Of its payload. */
  readonly bytes: number;
  /** Its place in the stream, once it is known. */
  sequence: number | undefined;
}

export interface ChainHooks {
  /** The log takes nothing, with the reason; undefined when it does again. */
  onTrouble(error: GeneralError | undefined): void;
  /** Nothing will be stored any more. */
  onFailed(error: GeneralError): void;
  /** Messages were stored. */
  onStored(): void;
  /** The log does not have messages any more that it had acknowledged, with these sequences. */
  onLost(first: number, last: number): void;
  /**
   * Before the first of our messages was stored, another writer has stored some more: finds the end of the log again,
   * and numbers what waits anew. @returns the last sequence of the stream.
   */
  onMoved(): Promise<number>;
}

/** The messages that are not acknowledged, in order. */
export class Chain {
  /** Of messages that are not acknowledged. */
  bytes = 0;
  frames = 0;
  /** Messages that were sent more than once. */
  resent = 0;
  /** Of those, the ones that the log had already. */
  duplicates = 0;
  /** Messages acknowledged. */
  stored = 0;
  failure: GeneralError | undefined;

  /** Of the last message that was settled as stored. */
  private storedSequence = 0;
  private readonly entries: Entry[] = [];
  /** How many of them, from the front, are on their way. */
  private sent = 0;
  private sentBytes = 0;
  /** What comes from an earlier round of sending is no news. */
  private round = 0;
  private isRecovering = false;
  private timesOut = 0;
  /** When the last acknowledgement came, or the first message after a silence was sent. */
  private heardAt = 0;
  private watching: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private trouble: GeneralError | undefined;
  /** Whether a message of ours was stored: then another writer is an intruder, before we are. */
  private isEstablished = false;
  /** What our message ids begin with. */
  private writer: string | undefined;
  /** Messages that were settled so far. */
  private settled = 0;
  /** Those who wait until this number of messages is settled, lowest first. */
  private waits: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(
    private readonly client: LogClient,
    private readonly link: () => Link,
    private readonly stream: string,
    /** The stream's last sequence that is accounted for. */
    private lastSequence: number,
    /** How many of the stream there are. */
    private copies: number,
    private readonly options: { readonly windowBytes: number; readonly ackTimeoutMs: number },
    private readonly hooks: ChainHooks,
  ) {}

  get length(): number {
    return this.entries.length;
  }

  push(message: Outgoing): void {
    if (this.failure !== undefined) {
      message.onSettled(this.failure);
      return;
    }
    this.writer ??= writerOf(message.id());
    const bytes = message.payload.length;
    this.entries.push({ message, bytes, sequence: undefined });
    this.bytes += bytes;
    this.frames += message.frames;
    this.pump();
  }

  /** Resolves when what is here now is settled. */
  whenSettled(): Promise<void> {
    const count = this.settled + this.entries.length;
    if (count === this.settled) return Promise.resolve();
    return new Promise((resolve) => this.waits.push({ count, resolve }));
  }

  /** The connection is gone, and what was on its way perhaps with it. */
  onDown(): void {
    this.beginRound();
  }

  /** It is back. */
  onUp(): void {
    if (!this.isRecovering) this.pump();
  }

  /** Gives everything up. */
  fail(error: GeneralError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    clearInterval(this.watching);
    const left = this.entries.splice(0);
    this.sent = 0;
    this.bytes = 0;
    this.frames = 0;
    for (const { message } of left) message.onSettled(error);
    this.hooks.onFailed(error);
    this.endWaits(left.length);
  }

  /** A call, because the compiler takes a field for constant across an await. */
  private hasFailed(): boolean {
    return this.failure !== undefined;
  }

  private beginRound(): void {
    this.round += 1;
    this.resent += this.sent;
    this.sent = 0;
    this.sentBytes = 0;
  }

  private pump(): void {
    if (this.isRecovering || !this.link().isUp) return;
    const { entries } = this;
    while (this.sent < entries.length && this.sent < MAX_IN_FLIGHT) {
      const entry = entries[this.sent]!;
      const { bytes } = entry;
      if (entry.message.payload.length !== bytes) {
        this.fail(detachedError(entry));
        return;
      }
      const hasIds = this.copies === ONE_COPY;
      // One message is always on its way, whatever its size. No more are sent while the log takes none, or while sequences alone
      // could let the second message in although the first is refused.
      const isMore = this.sent > 0;
      if (isMore && !this.isEstablished && !hasIds) return;
      if (isMore && (this.trouble !== undefined || this.sentBytes + bytes > this.options.windowBytes)) return;
      const before = hasIds ? entries[this.sent - 1]?.message.id() : undefined;
      this.publish(entry, this.lastSequence + this.sent, before);
      this.sent += 1;
      this.sentBytes += bytes;
    }
  }

  /** @param lastMsgID of the message in front of it; undefined for the first of a round, and where the sequence has to do. */
  private publish(entry: Entry, lastSequence: number, lastMsgID: string | undefined): void {
    const { round } = this;
    if (this.sent === 0) this.heardAt = monotonicMs();
    // The connection is what keeps the process alive.
    this.watching ??= setInterval(() => this.look(), this.options.ackTimeoutMs / LOOKS).unref();
    const { message } = entry;
    const headers = this.client.nats.transport.headers();
    for (const [name, value] of message.headers()) headers.set(name, value);
    this.client.js
      .publish(message.subject, message.payload, {
        headers,
        msgID: message.id(),
        expect: lastMsgID === undefined ? { lastSequence } : { lastSequence, lastMsgID },
        timeout: FORGET_MS,
      })
      .then(
        ({ seq, duplicate }) => {
          if (duplicate) this.duplicates += 1;
          this.onAck(entry, seq);
        },
        (err: unknown) => {
          if (round === this.round && entry.sequence === undefined) void this.recover(err);
        },
      );
  }

  /** Of a slow log some answer comes; of one that is away, or a connection that is dead without a word, none does. */
  private look(): void {
    if (this.sent === 0) {
      clearInterval(this.watching);
      this.watching = undefined;
      return;
    }
    if (!this.isSilent) return;
    const { round } = this;
    // After a pause of this process, what has arrived is looked at first.
    setImmediate(() => {
      if (!this.isSilent || round !== this.round) return;
      this.timesOut += 1;
      if (this.timesOut % 2 === 0) this.link().reconnect();
      void this.recover(new Error(`no acknowledgement within ${this.options.ackTimeoutMs} ms`));
    });
  }

  private get isSilent(): boolean {
    return this.sent > 0 && monotonicMs() - this.heardAt > this.options.ackTimeoutMs;
  }

  private onAck(entry: Entry, sequence: number): void {
    if (this.failure !== undefined) return;
    this.heardAt = monotonicMs();
    entry.sequence ??= sequence;
    this.isEstablished = true;
    this.timesOut = 0;
    this.pauseMs = FIRST_PAUSE_MS;
    if (this.trouble !== undefined) this.tellTrouble(undefined);
    this.settleFront();
    this.pump();
  }

  /** Lets go of those at the front that are stored. */
  private settleFront(): void {
    const { entries } = this;
    let count = 0;
    while (count < entries.length) {
      const { message, bytes, sequence } = entries[count]!;
      if (sequence === undefined) break;
      // Sequences only grow: this one was given out before, for a message that is gone.
      if (sequence <= this.storedSequence) this.hooks.onLost(sequence, this.storedSequence);
      this.storedSequence = sequence;
      this.lastSequence = Math.max(this.lastSequence, sequence);
      this.bytes -= bytes;
      this.frames -= message.frames;
      if (count < this.sent) this.sentBytes -= bytes;
      this.stored += 1;
      count += 1;
      message.onSettled();
    }
    if (count === 0) return;
    entries.splice(0, count);
    this.sent = Math.max(this.sent - count, 0);
    this.hooks.onStored();
    this.endWaits(count);
  }

  /** So many more are settled. */
  private endWaits(count: number): void {
    this.settled += count;
    while (this.waits.length > 0 && this.waits[0]!.count <= this.settled) this.waits.shift()!.resolve();
  }

  /** Something on its way was refused or lost: finds out what is stored, and sends the rest again. */
  private async recover(reason: unknown): Promise<void> {
    this.beginRound();
    if (this.isRecovering) return;
    this.isRecovering = true;
    let missing = 0;
    for (let why: unknown = reason; ;) {
      if (this.failure !== undefined) return;
      const isWrongLast = WRONG_LAST.has(apiCode(why) ?? 0);
      if (apiCode(why) === MESSAGE_TOO_LARGE) {
        this.fail(this.streamError(why));
        return;
      }
      if (!isWrongLast) {
        if (this.link().isUp) this.tellTrouble(this.streamError(why));
        await pause(this.pauseMs);
        this.pauseMs = Math.min(this.pauseMs * 2, MAX_PAUSE_MS);
      }
      if (!this.link().isUp) {
        await pause(FIRST_PAUSE_MS);
        continue;
      }
      try {
        const isThere = await this.align();
        if (this.hasFailed()) return;
        if (isThere) break;
        missing += 1;
        if (missing === MISSING_TIMES) {
          const text = `the stream ${this.stream} is not on ${this.client.servers} any more: it was deleted`;
          this.fail(new GeneralError('ERR_LOG_STREAM', text));
          return;
        }
        why = new Error('stream not found');
      } catch (err) {
        why = err;
      }
    }
    this.isRecovering = false;
    this.pump();
  }

  /**
   * Looks through what was stored behind the last message that is accounted for.
   * @returns whether the stream is there.
   */
  private async align(): Promise<boolean> {
    const info = await streamInfo(this.client, this.stream);
    if (info === undefined) return false;
    const { last_seq: last } = info.state;
    this.copies = info.config.num_replicas;
    const first = Math.max(this.lastSequence + 1, last - MAX_LOOKED_AT);
    let isWhole = first === this.lastSequence + 1 && first <= last;
    for (let seq = first; seq <= last; seq++) {
      const found = await storedHead(this.client, this.stream, seq);
      if (found === undefined) {
        isWhole = false;
        continue;
      }
      // Acknowledgements that come meanwhile take messages from the front.
      const entry = this.entries.find(({ message }) => message.id() === found.id);
      if (entry !== undefined) {
        entry.sequence = seq;
        this.isEstablished = true;
      } else if (found.head !== undefined && !this.isOurs(found.id)) {
        if (!this.isEstablished) return this.move();
        const text = `another writer (${found.head.writer}) has written into ${this.stream} at sequence ${seq}: a log has one writer at a time`;
        this.fail(new GeneralError('ERR_LOG_WRITER', text));
        return true;
      }
    }
    const ahead = this.storedAhead();
    if (isWhole && ahead !== undefined) {
      const text = `somebody else has written into ${this.stream} before sequence ${ahead.sequence}, in the place of a message of this writer`;
      this.fail(new GeneralError('ERR_LOG_WRITER', `${text}: nobody else may publish there`));
      return true;
    }
    // A log that was made anew, or has lost messages, may have fewer than we know of: see onLost.
    this.lastSequence = last;
    this.settleFront();
    this.lastSequence = last;
    return true;
  }

  /** A message that is stored although one in front of it is not. */
  private storedAhead(): Entry | undefined {
    const missing = this.entries.findIndex(({ sequence }) => sequence === undefined);
    return missing < 0
      ? undefined
      : this.entries.find(({ sequence }, i) => i > missing && sequence !== undefined);
  }

  private async move(): Promise<true> {
    this.lastSequence = await this.hooks.onMoved();
    return true;
  }

  private isOurs(id: string): boolean {
    return writerOf(id) === this.writer;
  }

  private tellTrouble(error: GeneralError | undefined): void {
    if (error !== undefined && error.message === this.trouble?.message) return;
    this.trouble = error;
    this.hooks.onTrouble(error);
  }

  private streamError(err: unknown): GeneralError {
    // What the client calls it when nobody answers: JetStream that is starting, too.
    const isSilent = err instanceof Error && err.name === 'JetStreamNotEnabled';
    const why = isSilent
      ? 'nobody answers: JetStream is starting or off, or has no leader'
      : streamReason(err);
    return new GeneralError(
      'ERR_LOG_STREAM',
      `the stream ${this.stream} on ${this.client.servers} takes nothing: ${why}`,
      {
        cause: err,
      },
    );
  }
}

function writerOf(id: string): string | undefined {
  return id.split('.', 1)[0];
}

function detachedError({ message, bytes }: Entry): GeneralError {
  const text = `the payload of message ${message.id()} (${bytes} bytes) was transferred away before it was stored`;
  return new GeneralError(
    'ERR_PAYLOAD_DETACHED',
    `${text}; send a clone() of a frame whose memory is given to a worker`,
  );
}
