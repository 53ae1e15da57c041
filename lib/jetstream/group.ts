// A share of the messages of a stream for a member of a group, acknowledged one by one. Its fellow is source.ts.

import type { ConsumerInfo } from '@nats-io/jetstream';
import { clearInterval, pause, setInterval } from '../async/clock';
import { settlesWithin } from '../async/linger';
import { GeneralError } from '../errors';
import { apiCode, type LogClient } from './client';
import type { Incoming } from './incoming';
import { Pull } from './pull';
import { deliveryOf, filterOf, type MessageSource, type SourceOptions } from './source';
import type { Start } from './start';
import { STREAM_NOT_FOUND } from './stream';
import { NANOS_PER_MS } from './units';

const RETRY_MS = 100;
// How long the servers may take to hear that a member stops.
const STOP_MS = 1_000;
const ACK_WAIT_MS = 30_000;
const MAX_ACK_PENDING = 2_000;
// Fewer than a reader of a copy: what one member has ahead the others wait for.
const AHEAD_MESSAGES = 200;
const CONSUMER_NOT_FOUND = 10_014;
// Servers that have just started may not know of it yet.
const MISSING_TIMES = 15;

/** What a server is told about a message: done; for others; not done yet. */
const [ACK, NAK, WORKING] = ['+ACK', '-NAK', '+WPI'];

/** A share of the messages, acknowledged one by one. */
export class GroupSource implements MessageSource {
  onMissing: () => void = () => undefined;
  /** Taken by the reader, and not done. */
  private readonly underWay = new Set<Incoming>();
  private readonly keeping: NodeJS.Timeout;
  private missing = 0;
  private isStopped = false;

  private constructor(
    private readonly client: LogClient,
    private readonly info: ConsumerInfo,
    private readonly aheadBytes: number,
    private pull: Pull | undefined,
  ) {
    // What waits for slow slaves is not to be given to others. The time that the consumer has: it may be of others.
    const ackWaitMs = (info.config.ack_wait ?? 0) / NANOS_PER_MS || ACK_WAIT_MS;
    this.keeping = setInterval(() => this.keep(), ackWaitMs / 3);
    this.keeping.unref();
  }

  /** @throws {GeneralError} `ERR_LOG_STREAM` for a group that reads other channels. */
  static async open(
    client: LogClient,
    { stream, channel, readAheadBytes }: SourceOptions,
    group: string,
    start: () => Promise<Start>,
  ): Promise<GroupSource> {
    const info = await consumerOf(client, stream, group, filterOf(stream, channel), start);
    return new GroupSource(client, info, readAheadBytes, openPull(client, info, readAheadBytes));
  }

  async *messages(): AsyncIterable<Incoming> {
    while (!this.isStopped) {
      const incoming = await this.pull?.next();
      if (incoming === undefined) await this.openNext();
      else if (incoming !== 'idle') {
        this.underWay.add(incoming);
        yield incoming;
      }
    }
  }

  done(incoming: Incoming): void {
    this.underWay.delete(incoming);
    this.tell(incoming, ACK);
  }

  onUp(): void {
    this.pull?.end();
  }

  /** The others get what was not done, at once. Resolves when the servers know, or do not answer. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    clearInterval(this.keeping);
    await settlesWithin(STOP_MS, this.giveBack()).catch(() => undefined);
  }

  private async giveBack(): Promise<void> {
    // First of all: the request that is open would be given what is given back.
    const rest = (await this.pull?.drain()) ?? [];
    // A server of version 2.9 may deliver a message to a request that no client listens to any more. It delivers that message
    // again only after `ack_wait`. A request for the consumer's info makes the server drop such requests.
    await this.client.manager.consumers.info(this.info.stream_name, this.info.name).catch(() => undefined);
    for (const incoming of [...this.underWay, ...rest]) this.tell(incoming, NAK);
    await this.client.connection.flush();
  }

  /** The request has ended: with the connection, with its server, or because there is no consumer any more. */
  private async openNext(): Promise<void> {
    // A consumer that gives nothing may refuse every request: too many members ask, for example.
    if (this.pull?.hasGiven === false) await pause(RETRY_MS);
    this.pull = undefined;
    if (this.isStopped) return;
    const { stream_name: stream, name } = this.info;
    try {
      await this.client.manager.consumers.info(stream, name);
      this.missing = 0;
      if (!this.hasStopped()) this.pull = openPull(this.client, this.info, this.aheadBytes);
    } catch (err) {
      const code = apiCode(err);
      if (code === STREAM_NOT_FOUND) this.onMissing();
      else if (code === CONSUMER_NOT_FOUND && (this.missing += 1) === MISSING_TIMES) {
        const text = `the group ${name} of the log ${stream} is not there any more: it was deleted`;
        throw new GeneralError('ERR_LOG_STREAM', text, { cause: err });
      }
      await pause(RETRY_MS);
    }
  }

  /** A call, because the compiler takes a field for constant across an await. */
  private hasStopped(): boolean {
    return this.isStopped;
  }

  private keep(): void {
    for (const incoming of [...this.underWay, ...(this.pull?.messages ?? [])]) this.tell(incoming, WORKING);
  }

  private tell({ reply }: Incoming, what: string | undefined): void {
    const { connection } = this.client;
    if (!connection.isClosed()) connection.publish(reply, what);
  }
}

function openPull(client: LogClient, info: ConsumerInfo, aheadBytes: number): Pull {
  return new Pull(client, info, { aheadBytes, aheadMessages: AHEAD_MESSAGES, isAlone: false });
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
    const { ack_policy: policy, deliver_subject: push } = info.config;
    const isOurs = policy === nats.jetstream.AckPolicy.Explicit && push === undefined;
    if (there === filter && isOurs) return info;
    const text = isOurs
      ? `the group ${group} of ${stream} reads ${there}, and ${filter} was asked for`
      : `the consumer ${group} of ${stream} is there and is no group: it is pushed, or not acknowledged message by message`;
    throw new GeneralError('ERR_LOG_STREAM', `${text}: choose another name for the group`);
  } catch (err) {
    if (apiCode(err) !== CONSUMER_NOT_FOUND) throw err;
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
