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
import { NANOS_PER_MS } from './units';

const EXPIRES_MS = 10_000;
const HEARTBEAT_MS = 1_000;
// A server that is silent for so long is gone, or has forgotten the consumer.
const SILENT_MS = 3_000;
// What a message has besides its payload and headers, as the server counts: its subject and a reply subject.
const MESSAGE_OVERHEAD_BYTES = 4096;
/** What the server says at the end of a request, which is no fault: time is over, or the next message is too large for the rest. */
const ENDS = /timeout|expired|batch completed|exceeds maxbytes|no messages/i;
const TOO_LARGE = /exceeds maxbytes/i;

/** How a consumer is asked. */
export interface PullOptions {
  /** Bytes that are asked for ahead, or one message where that is larger. */
  readonly aheadBytes: number;
  /** Messages that are asked for at a time. */
  readonly aheadMessages: number;
  /** Whether only this pull uses the consumer. Then a missing message ends the pull, and the end of the pull deletes the consumer. */
  readonly isAlone: boolean;
}

/** Asks a consumer for messages, and has those that have come. */
export class Pull {
  private readonly waiting = new Queue<Incoming>();
  private waitingBytes = 0;
  private readonly subscription: Subscription;
  private readonly inbox: string;
  private readonly watching: NodeJS.Timeout;
  private readonly aheadBytes: number;
  private isRequested = false;
  /** Of the request that is open. */
  private left = 0;
  /** Messages that came since it was made. */
  private came = 0;
  /** The next message is larger than a request: it was stored while the servers took larger ones. */
  private isTooLarge = false;
  private delivery = 0;
  private heardAt = monotonicMs();
  private isEnded = false;
  /** After `drain`: messages that nobody has taken. */
  private drained: Incoming[] | undefined;
  private isIdle = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly client: LogClient,
    private readonly info: ConsumerInfo,
    private readonly options: PullOptions,
  ) {
    const { max_payload: largest = 0 } = client.connection.info ?? {};
    this.aheadBytes = Math.max(options.aheadBytes, largest + MESSAGE_OVERHEAD_BYTES);
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

  /** Whether any message has come. */
  get hasGiven(): boolean {
    return this.delivery > 0;
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

  /** Ends it. @returns the messages that nobody has taken, when the server has confirmed that no more will come. */
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
    return this.isRequested && monotonicMs() - this.heardAt > SILENT_MS;
  }

  /** Asks for more when less than half is here of what may be. */
  private request(): void {
    const { stream_name: stream, name } = this.info;
    const { aheadMessages } = this.options;
    if (this.isRequested || this.isEnded || this.waitingBytes > this.aheadBytes / 2) return;
    if (this.waiting.length > aheadMessages / 2) return;
    this.isRequested = true;
    this.left = this.isTooLarge ? 1 : aheadMessages;
    this.came = 0;
    this.heardAt = monotonicMs();
    const request = {
      batch: this.left,
      ...(!this.isTooLarge && { max_bytes: this.aheadBytes }),
      expires: EXPIRES_MS * NANOS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
    };
    this.client.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, JSON.stringify(request), {
      reply: this.inbox,
    });
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
    this.left -= 1;
    this.came += 1;
    this.isTooLarge = false;
    if (this.left === 0) this.onRequestEnd();
    this.wake();
  }

  private onStatus({ headers }: Msg): void {
    const code = headers?.code ?? 0;
    // A heartbeat.
    if (code === 100) {
      this.isIdle = true;
      this.wake();
    } else if (code === 404 || code === 408 || ENDS.test(headers?.description ?? '')) {
      this.isTooLarge = this.came === 0 && TOO_LARGE.test(headers?.description ?? '');
      this.onRequestEnd();
    } else this.end();
  }

  private onRequestEnd(): void {
    this.isRequested = false;
    this.request();
  }
}
