// A share of the messages of a stream for a member of a group, acknowledged one by one.

import type { ConsumerInfo, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { clearInterval, pause, setInterval } from '../async/clock';
import { Queue } from '../async/queue';
import { GeneralError } from '../errors';
import type { LogClient } from './client';
import { incomingOf, type Incoming } from './incoming';
import { deliveryOf, filterOf, type MessageSource, type SourceOptions } from './source';
import type { Start } from './start';

const NANOS_PER_MS = 1e6;
const EXPIRES_MS = 5_000;
const HEARTBEAT_MS = 1_000;
const RETRY_MS = 100;
const ACK_WAIT_MS = 30_000;
const MAX_ACK_PENDING = 2_000;
// Messages asked for at a time; within these, about as many bytes as were asked for.
const MIN_AHEAD = 4;
const MAX_AHEAD = 200;
// How much the last message counts in the mean.
const NEWEST = 0.1;
const CONSUMER_NOT_FOUND = 10_014;
const UNAVAILABLE = 10_008;

/** With what it is acknowledged by. */
interface Shared extends Incoming {
  readonly message: JsMsg;
}

/** A share of the messages, acknowledged one by one. */
export class GroupSource implements MessageSource {
  onMissing: () => void = () => undefined;
  private readonly waiting = new Queue<Shared>();
  /** Taken by the reader, and not done. */
  private readonly underWay = new Set<Shared>();
  private readonly keeping: NodeJS.Timeout;
  private fetched: ConsumerMessages | undefined;
  /** Of messages, newest first. */
  private meanBytes: number;
  private isStopped = false;
  private failure: unknown;
  /** Woken when there is something to do for the one who waits. */
  private onChange: () => void = () => undefined;
  private changed: Promise<void> = this.nextChange();

  private constructor(
    private readonly client: LogClient,
    private readonly info: ConsumerInfo,
    private readonly aheadBytes: number,
  ) {
    this.meanBytes = client.connection.info?.max_payload ?? aheadBytes;
    // What waits for slow slaves is not to be given to others.
    this.keeping = setInterval(() => this.keep(), ACK_WAIT_MS / 3);
    this.keeping.unref();
    void this.fetchAll();
  }

  /** @throws {GeneralError} `ERR_LOG_STREAM` for a group that reads other channels. */
  static async open(
    client: LogClient,
    { stream, channel, readAheadBytes }: SourceOptions,
    group: string,
    start: () => Promise<Start>,
  ): Promise<GroupSource> {
    return new GroupSource(
      client,
      await consumerOf(client, stream, group, filterOf(stream, channel), start),
      readAheadBytes,
    );
  }

  async *messages(): AsyncIterable<Incoming> {
    for (;;) {
      const incoming = this.waiting.shift();
      if (incoming !== undefined) {
        this.underWay.add(incoming);
        this.change();
        yield incoming;
        continue;
      }
      if (this.isStopped) return;
      if (this.failure !== undefined) throw this.failure as Error;
      await this.changed;
    }
  }

  done(incoming: Incoming): void {
    const shared = incoming as Shared;
    this.underWay.delete(shared);
    shared.message.ack();
  }

  onUp(): void {
    // The open request finds out by itself.
  }

  /** The others get what was not done, at once. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    clearInterval(this.keeping);
    for (const { message } of [...this.underWay, ...this.waiting]) message.nak();
    this.waiting.clear();
    this.underWay.clear();
    this.fetched?.stop();
    this.change();
  }

  private async fetchAll(): Promise<void> {
    const consumer = this.client.js.consumers.getConsumerFromInfo(this.info);
    while (!this.isStopped) {
      if (this.waiting.length > this.ahead / 2) {
        await this.changed;
        continue;
      }
      try {
        this.fetched = await consumer.fetch({
          max_messages: this.ahead,
          expires: EXPIRES_MS,
          idle_heartbeat: HEARTBEAT_MS,
        });
        for await (const message of this.fetched) {
          if (this.hasStopped()) message.nak();
          else this.add(sharedOf(message));
          this.change();
        }
      } catch (err) {
        if (!(await this.isThere())) {
          this.failure = err;
          this.change();
          return;
        }
      }
    }
  }

  private add(shared: Shared): void {
    this.waiting.push(shared);
    this.meanBytes += (shared.payload.length - this.meanBytes) * NEWEST;
  }

  /** The client cannot ask for bytes: see pull.ts. */
  private get ahead(): number {
    const wanted = Math.floor(this.aheadBytes / this.meanBytes);
    return Math.min(Math.max(wanted, MIN_AHEAD), MAX_AHEAD);
  }

  /** After a fault: whether the consumer is there, once there is an answer. */
  private async isThere(): Promise<boolean> {
    const { manager, connection } = this.client;
    while (!this.isStopped && !connection.isClosed()) {
      try {
        await manager.consumers.info(this.info.stream_name, this.info.name);
        return true;
      } catch (err) {
        const { code } = err as { code?: unknown };
        if (typeof code === 'number' && code >= 10_000 && code !== UNAVAILABLE) return false;
      }
      await pause(RETRY_MS);
    }
    return true;
  }

  /** A call, because the compiler takes a field for constant across an await. */
  private hasStopped(): boolean {
    return this.isStopped;
  }

  private keep(): void {
    for (const { message } of [...this.underWay, ...this.waiting]) message.working();
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => (this.onChange = resolve));
  }

  private change(): void {
    this.onChange();
    this.changed = this.nextChange();
  }
}

async function consumerOf(
  client: LogClient,
  stream: string,
  group: string,
  filter: string,
  start: () => Promise<Start>,
): Promise<ConsumerInfo> {
  const { manager, nats } = client;
  try {
    const info = await manager.consumers.info(stream, group);
    const there = info.config.filter_subject ?? info.config.filter_subjects?.join(', ') ?? '';
    if (there === filter) return info;
    const text = `the group ${group} of ${stream} reads ${there}, and ${filter} was asked for`;
    throw new GeneralError('ERR_LOG_STREAM', `${text}: choose another name for the group`);
  } catch (err) {
    if ((err as { code?: unknown }).code !== CONSUMER_NOT_FOUND) throw err;
  }
  const from = await start();
  return manager.consumers.add(stream, {
    durable_name: group,
    ack_policy: nats.jetstream.AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
    max_ack_pending: MAX_ACK_PENDING,
    filter_subject: filter,
    ...deliveryOf(client, from),
  });
}

function sharedOf(message: JsMsg): Shared {
  const { subject, headers, data, reply } = message as JsMsg & { readonly reply: string };
  return { ...incomingOf({ subject, headers, data, reply } as never)!, message };
}
