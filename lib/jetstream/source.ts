// Messages of a stream for a reader: a copy of all, in order. Its fellow is group.ts.

import type { ConsumerConfig } from '@nats-io/jetstream';
import { pause } from '../async/clock';
import { GeneralError } from '../errors';
import type { LogClient } from './client';
import { subjectOf } from './format';
import type { Incoming } from './incoming';
import { Pull } from './pull';
import type { Start } from './start';
import { streamInfo } from './stream';

const RETRY_MS = 100;
const NANOS_PER_MS = 1e6;
// The servers forget a consumer that is not used for so long.
const INACTIVE_MS = 60_000;
const AHEAD_MESSAGES = 1_000;
export const STREAM_NOT_FOUND = 10_059;

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
  /** Of the last message that was handed out. */
  private sequence: number | undefined;

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
      if (incoming === 'idle') await this.checkEnd();
      else if (incoming !== undefined) {
        this.sequence = incoming.sequence;
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

  /** Nothing comes any more: what was to be read may have been removed meanwhile. */
  private async checkEnd(): Promise<void> {
    const { endSequence: end, sequence = 0 } = this;
    const { stream } = this.options;
    if (end === undefined) return;
    const info = await streamInfo(this.client, stream).catch(() => undefined);
    if (info === undefined || info.state.first_seq <= end) return;
    throw new GeneralError(
      'ERR_LOG_GAP',
      `messages ${sequence + 1} to ${end} of ${stream} are missing: the log was trimmed by its limits, or purged, while it was ` +
        'read to its end',
    );
  }

  /** A new consumer goes on where the last one has ended. */
  private async openNext(): Promise<void> {
    this.pull = undefined;
    if (this.isStopped) return;
    const place = this.sequence === undefined ? this.start : { sequence: this.sequence + 1 };
    try {
      const pull = await openPull(this.client, this.options, place);
      if (this.hasStopped()) pull.end();
      else this.pull = pull;
    } catch (err) {
      if ((err as { code?: unknown }).code === STREAM_NOT_FOUND) this.onMissing();
      await pause(RETRY_MS);
    }
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
