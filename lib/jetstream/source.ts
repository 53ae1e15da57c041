// Messages of a stream for a reader: a copy of all, in order. Its fellow is group.ts.

import type { ConsumerConfig } from '@nats-io/jetstream';
import { pause } from '../async/clock';
import { GeneralError } from '../errors';
import { apiCode, type LogClient } from './client';
import { subjectOf } from './format';
import type { Incoming } from './incoming';
import { Pull } from './pull';
import type { Start } from './start';
import { lastMessage, STREAM_NOT_FOUND, streamInfo, type StoredMessage } from './stream';
import { NANOS_PER_MS } from './units';

const RETRY_MS = 100;
// The servers forget a consumer that is not used for so long.
const INACTIVE_MS = 60_000;
const AHEAD_MESSAGES = 1_000;
// Heartbeats of a server that has no more, from one look at the stream to the next.
const IDLE_PER_LOOK = 5;

/** Where messages come from. */
export interface MessageSource {
  /** Called when the stream is not to be found; perhaps because the servers are just starting. */
  onMissing: () => void;
  messages(): AsyncIterable<Incoming>;
  /** All slaves have accepted what was in it. */
  done(incoming: Incoming): void;
  /** The connection is back: what was asked for before is forgotten. */
  onUp(): void;
  /** Needs the connection until it resolves. */
  stop(): void | Promise<void>;
}

export interface SourceOptions {
  readonly stream: string;
  /** When the stream was made: one of the same name that was made later has other messages. */
  readonly created: string;
  /** The one channel that the server is to pick out. */
  readonly channel: number | undefined;
  readonly readAheadBytes: number;
}

/** Every message, in order, to this reader alone. */
export class CopySource implements MessageSource {
  onMissing: () => void = () => undefined;
  /** The last message that is to be read. */
  endSequence: number | undefined;
  private isStopped = false;
  /** Whether there is another stream of the same name. */
  private isOther = false;
  /** Of the last message that was handed out. */
  private sequence: number | undefined;
  /** How often the server has said, in a row, that there is no more. */
  private idle = 0;
  /** Whether the stream had a message for this reader at the last look that had not come. */
  private isBehind = false;

  private constructor(
    private readonly client: LogClient,
    private readonly options: SourceOptions,
    private readonly start: Start,
    private pull: Pull | undefined,
  ) {}

  static async open(client: LogClient, options: SourceOptions, start: Start): Promise<CopySource> {
    return new CopySource(client, options, start, await openPull(client, options, start));
  }

  async *messages(): AsyncIterable<Incoming> {
    while (!this.isStopped) {
      const incoming = await this.pull?.next();
      if (incoming === 'idle') await this.onIdle();
      else if (incoming !== undefined) {
        this.sequence = incoming.sequence;
        this.idle = 0;
        this.isBehind = false;
        yield incoming;
      } else await this.openNext();
    }
  }

  done(): void {
    // Nobody waits for it.
  }

  onUp(): void {
    this.pull?.end();
  }

  stop(): void {
    this.isStopped = true;
    this.pull?.end();
  }

  private async onIdle(): Promise<void> {
    this.idle += 1;
    const isLook = this.idle % IDLE_PER_LOOK === 1;
    if (this.endSequence === undefined && !isLook && !this.isBehind) return;
    const info = await streamInfo(this.client, this.options.stream).catch(() => undefined);
    if (info === undefined) return;
    this.checkEnd(info.state.first_seq);
    if (this.isBehind) {
      // The message is there, and did not come: the consumer is on a server whose copy does not keep up.
      this.isBehind = false;
      this.pull?.end();
    } else if (info.state.last_seq > (this.sequence ?? 0)) {
      this.isBehind = await this.hasMore().catch(() => false);
    }
  }

  /** Messages that this reader has not reached may have been removed meanwhile. */
  private checkEnd(first: number): void {
    const { endSequence: end, sequence = 0 } = this;
    if (end === undefined || first <= end) return;
    throw new GeneralError(
      'ERR_LOG_GAP',
      `messages ${sequence + 1} to ${end} of ${this.options.stream} are missing: the log was trimmed by its limits, or purged, while it was ` +
        'read to its end',
    );
  }

  /** Where reading goes on. */
  private get place(): Start {
    return this.sequence === undefined ? this.start : { sequence: this.sequence + 1 };
  }

  /** Whether the stream has a message for this reader that has not come. */
  private async hasMore(): Promise<boolean> {
    const { stream, channel } = this.options;
    const last = await lastMessage(this.client, stream, filterOf(stream, channel));
    return last !== undefined && !isBefore(last, this.place);
  }

  /** A new consumer goes on where the last one has ended. */
  private async openNext(): Promise<void> {
    this.pull = undefined;
    if (this.isStopped) return;
    try {
      this.pull = await openPull(this.client, this.options, this.place);
      if ((await this.isSameStream()) && !this.hasStopped()) return;
    } catch (err) {
      if (apiCode(err) === STREAM_NOT_FOUND) this.onMissing();
      await pause(RETRY_MS);
    }
    // Nothing of it may be read.
    this.pull?.end();
    this.pull = undefined;
    if (!this.isOther) return;
    // Its sequences begin anew: to go on behind the last one would leave frames out.
    throw new GeneralError(
      'ERR_LOG_STREAM',
      `the log ${this.options.stream} was deleted, and another one of that name was made: read it anew`,
    );
  }

  private async isSameStream(): Promise<boolean> {
    const { stream, created } = this.options;
    const info = await streamInfo(this.client, stream);
    const isSame = info !== undefined && Date.parse(info.created) === Date.parse(created);
    this.isOther = info !== undefined && !isSame;
    return isSame;
  }

  /** A call, because the compiler takes a field for constant across an await. */
  private hasStopped(): boolean {
    return this.isStopped;
  }
}

async function openPull(
  client: LogClient,
  { stream, channel, readAheadBytes: aheadBytes }: SourceOptions,
  start: Start,
): Promise<Pull> {
  const info = await client.manager.consumers.add(stream, {
    ack_policy: client.nats.jetstream.AckPolicy.None,
    mem_storage: true,
    num_replicas: 1,
    max_deliver: 1,
    inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
    filter_subject: filterOf(stream, channel),
    ...deliveryOf(client, start),
  });
  return new Pull(client, info, { aheadBytes, aheadMessages: AHEAD_MESSAGES, isAlone: true });
}

/** The subjects that are read. */
export function filterOf(stream: string, channel: number | undefined): string {
  return channel === undefined ? `${stream}.*` : subjectOf(stream, channel);
}

/** Where a consumer begins. */
export function deliveryOf({ nats }: LogClient, start: Start): Partial<ConsumerConfig> {
  const { DeliverPolicy } = nats.jetstream;
  return 'time' in start
    ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.time.toISOString() }
    : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start.sequence };
}

/** Whether a message is in front of the place where reading begins. */
export function isBefore({ sequence, storedAt }: StoredMessage, start: Start): boolean {
  return 'time' in start ? storedAt < start.time.getTime() : sequence < start.sequence;
}
