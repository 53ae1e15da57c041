// One consumer of a stream, from its making until something goes wrong with it: messages in order, and not more of them
// ahead than was asked for.
//
// The client's own `consume` and `fetch` count bytes in another way than the server does: when a request ends because the
// next message does not fit, or because it had its number of messages first, they wait for missed heartbeats, seconds.

import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Msg, Subscription } from '@nats-io/transport-node';
import { clearInterval, monotonicMs, setImmediate, setInterval } from '../async/clock';
import { Queue } from '../async/queue';
import type { LogClient } from './client';
import { incomingOf, type Incoming } from './incoming';

const NANOS_PER_MS = 1e6;
// While the server fills one request, the next one is on its way; where each may bring the largest message, and no more is
// to be ahead than both.
const MAX_OPEN = 2;
const EXPIRES_MS = 10_000;
const HEARTBEAT_MS = 1_000;
// A server that is silent for so long is gone, or has forgotten the consumer.
const SILENT_MS = 3_000;
// What a message has besides its payload and headers, as the server counts: its subject and a reply subject.
const MESSAGE_OVERHEAD_BYTES = 4096;
/** What the server says at the end of a request, which is no fault: time is over, or the next message is too large for the rest. */
const ENDS = /timeout|expired|batch completed|exceeds maxbytes|no messages/i;

/** How a consumer is asked. */
export interface PullOptions {
  /** Bytes that are asked for ahead, or one message where that is larger. */
  readonly aheadBytes: number;
  /** Messages that are asked for at a time. */
  readonly aheadMessages: number;
  /** Whether the consumer has nobody else: then one of its messages that is missing ends the pull, and its end the consumer. */
  readonly isAlone: boolean;
}

/** Asks a consumer for messages, and has those that have come. */
export class Pull {
  private readonly waiting = new Queue<Incoming>();
  private waitingBytes = 0;
  private readonly subscription: Subscription;
  private readonly inbox: string;
  private readonly watching: NodeJS.Timeout;
  private readonly maxOpen: number;
  private readonly requestBytes: number;
  private readonly requestMessages: number;
  /** Messages that are left of each open request, in the order in which the server fills them. */
  private readonly open: number[] = [];
  private delivery = 0;
  private heardAt = monotonicMs();
  private isEnded = false;
  /** What is to be given back. */
  private drained: Incoming[] | undefined;
  private isIdle = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly client: LogClient,
    private readonly info: ConsumerInfo,
    private readonly options: PullOptions,
  ) {
    const { max_payload: largest = 0 } = client.connection.info ?? {};
    const leastBytes = largest + MESSAGE_OVERHEAD_BYTES;
    this.maxOpen = options.aheadBytes >= MAX_OPEN * leastBytes ? MAX_OPEN : 1;
    this.requestBytes = Math.max(Math.ceil(options.aheadBytes / this.maxOpen), leastBytes);
    this.requestMessages = Math.ceil(options.aheadMessages / this.maxOpen);
    this.inbox = client.nats.transport.createInbox();
    this.subscription = client.connection.subscribe(this.inbox, {
      callback: (err, message) => {
        if (err === null) this.onMessage(message);
        else this.end();
      },
    });
    this.watching = setInterval(() => {
      if (!this.isSilent) return;
      // After a pause of this process, what has arrived is looked at first.
      setImmediate(() => {
        if (this.isSilent) this.end();
      });
    }, HEARTBEAT_MS);
    this.watching.unref();
    this.request();
  }

  /** Messages that have come and were not taken. */
  get messages(): Iterable<Incoming> {
    return this.waiting;
  }

  /**
   * The next message; undefined when this consumer is of no use any more; 'idle', about once a second, when the server has
   * said that there is no more at present.
   */
  async next(): Promise<Incoming | 'idle' | undefined> {
    for (;;) {
      const incoming = this.waiting.shift();
      if (incoming !== undefined) {
        this.waitingBytes -= incoming.payload.length;
        this.request();
        return incoming;
      }
      if (this.isEnded) return undefined;
      if (this.isIdle) {
        this.isIdle = false;
        return 'idle';
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Ends it; what is here can still be taken. */
  end(): void {
    if (this.isEnded) return;
    this.close();
    this.subscription.unsubscribe();
    const { connection, manager } = this.client;
    if (this.options.isAlone && !connection.isClosed()) {
      manager.consumers.delete(this.info.stream_name, this.info.name).catch(() => undefined);
    }
  }

  /** Ends it. @returns what nobody has taken, once the server sends nothing more. */
  async drain(): Promise<readonly Incoming[]> {
    const drained = [...this.waiting];
    this.waiting.clear();
    if (this.isEnded) return drained;
    this.drained = drained;
    this.close();
    await this.subscription.drain();
    return drained;
  }

  private close(): void {
    this.isEnded = true;
    clearInterval(this.watching);
    this.wake();
  }

  private get isSilent(): boolean {
    return this.open.length > 0 && monotonicMs() - this.heardAt > SILENT_MS;
  }

  /** Asks for more while less than half is here of what may be. */
  private request(): void {
    const { stream_name: stream, name } = this.info;
    const { maxOpen, requestBytes, requestMessages } = this;
    while (
      !this.isEnded &&
      this.open.length < maxOpen &&
      this.waitingBytes <= (maxOpen * requestBytes) / 2 &&
      this.waiting.length <= (maxOpen * requestMessages) / 2
    ) {
      if (this.open.length === 0) this.heardAt = monotonicMs();
      this.open.push(requestMessages);
      const request = {
        batch: requestMessages,
        max_bytes: requestBytes,
        expires: EXPIRES_MS * NANOS_PER_MS,
        idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
      };
      const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`;
      this.client.connection.publish(subject, JSON.stringify(request), { reply: this.inbox });
    }
  }

  private onMessage(message: Msg): void {
    const incoming = incomingOf(message);
    if (this.isEnded) {
      if (incoming !== undefined) this.drained?.push(incoming);
      return;
    }
    this.heardAt = monotonicMs();
    if (incoming === undefined) {
      this.onStatus(message);
      return;
    }
    this.delivery += 1;
    this.isIdle = false;
    // One was lost with a connection: the next consumer begins with it.
    if (this.options.isAlone && incoming.delivery !== this.delivery) {
      this.end();
      return;
    }
    this.waiting.push(incoming);
    this.waitingBytes += incoming.payload.length;
    // A message may come after its request was taken for ended.
    const left = this.open[0] ?? 0;
    if (left > 1) this.open[0] = left - 1;
    else this.onRequestEnd();
    this.wake();
  }

  private onStatus({ headers }: Msg): void {
    const code = headers?.code ?? 0;
    // A heartbeat.
    if (code === 100) {
      this.isIdle = true;
      this.wake();
    } else if (code === 404 || code === 408 || ENDS.test(headers?.description ?? '')) this.onRequestEnd();
    else this.end();
  }

  private onRequestEnd(): void {
    this.open.shift();
    this.request();
  }
}
