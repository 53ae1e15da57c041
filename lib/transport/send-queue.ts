// Frames that wait for a peer, or for room, in the order they were given, whatever the engine.
// Nothing here is touched while the peer keeps up.

import { clearTimeout, nextTurn, monotonicMs, queueMicrotask, setTimeout } from '../async/clock';
import { Queue } from '../async/queue';
import { describeError, GeneralError } from '../errors';
import type { WireFrame } from '../wire/message';
import type { PushSocket, TransportSink } from './socket';

// Frames that wait before that is told, where the mark is 0, which is none.
const BACKLOG_WITHOUT_MARK = 1000;

interface Waiting {
  readonly frame: WireFrame;
  /** Another size of its payload tells later that the memory was transferred away. */
  readonly sizeBytes: number;
  readonly deadline: number;
  /** True when its sender has been told that it went. */
  readonly accepted: boolean;
  readonly resolve: () => void;
  readonly reject: (err: Error) => void;
}

/** What a {@link SendQueue} sends by, and what it tells. */
export type FrameOutlet = Pick<
  PushSocket,
  'sendsPerTurn' | 'trySend' | 'sendUnasked' | 'sendWhenPossible' | 'onReturned'
>;
export type SendEvents = Pick<TransportSink, 'sent' | 'notSent' | 'backlog'>;

/** How a {@link SendQueue} waits. */
export interface SendLimits {
  /** How long one frame may wait, in ms; undefined is for as long as it takes. */
  readonly sendTimeoutMs: number | undefined;
  /** Frames that may wait before `backlog` is told. */
  readonly sendHighWaterMark: number;
}

/** A first-in first-out queue in front of a PUSH socket. */
export class SendQueue {
  private readonly entries = new Queue<Waiting>();
  private draining = false;
  /** The entry that the socket has in its hands. */
  private current: Waiting | undefined;
  private stopped: GeneralError | undefined;
  private warned = false;
  private sendsThisTurn = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param peer words for messages: whom we wait for, e.g. `tcp://127.0.0.1:8001`. */
  constructor(
    private readonly socket: FrameOutlet,
    private readonly limits: SendLimits,
    private readonly events: SendEvents,
    private readonly peer: string,
  ) {
    socket.onReturned = (frame) => this.putBack(frame);
  }

  /** Frames given and not yet accepted by the socket. */
  get waiting(): number {
    return this.entries.length;
  }

  /**
   * Sends one frame in the order of the calls, to one of the peers that can take one.
   *
   * @returns undefined when the frame was accepted within the high-water mark; else a promise that settles
   *   when it is. Rejects with `ERR_SEND_TIMEOUT`, or `ERR_BRIDGE_STOPPED` once {@link stop} is called; a
   *   frame whose promise rejects is never sent.
   */
  send(frame: WireFrame): Promise<void> | undefined {
    const { socket } = this;
    if (this.stopped !== undefined || this.waiting > 0) return this.enqueue(frame);
    const sent = socket.sendUnasked?.(frame, this.takeBack);
    if (sent === undefined && !socket.trySend(frame)) return this.enqueue(frame);
    this.sendsThisTurn += 1;
    if (this.sendsThisTurn < socket.sendsPerTurn) return sent;
    this.sendsThisTurn = 0;
    return afterTurn(sent);
  }

  /** Rejects everything that waits, and whatever comes later, with `reason`; the socket is to be stopped next. */
  stop(reason: GeneralError): void {
    if (this.stopped !== undefined) return;
    this.stopped = reason;
    clearTimeout(this.timer);
    // What the socket has in its hands is settled when it is stopped.
    const rejected = [...this.entries].filter((entry) => entry !== this.current);
    this.entries.filter((entry) => entry === this.current);
    for (const entry of rejected) this.reject(entry, reason);
  }

  /** A frame that the socket had accepted and that then could not go: it goes first again. */
  private putBack(frame: WireFrame): void {
    // Its sender has been told that it went, so nobody is there to be told that it did not.
    const told = (): void => undefined;
    const sizeBytes = frame.payload.length;
    this.addFirst({ frame, sizeBytes, deadline: Infinity, accepted: true, resolve: told, reject: told });
  }

  /** A frame that the socket has refused unasked: it goes first, and its sender waits. */
  private readonly takeBack = (frame: WireFrame): Promise<void> =>
    new Promise((resolve, reject) => this.addFirst(this.newEntry(frame, resolve, reject)));

  private addFirst(entry: Waiting): void {
    if (this.stopped !== undefined) {
      this.reject(entry, this.stopped);
      return;
    }
    this.entries.unshift(entry);
    this.startDraining();
  }

  private enqueue(frame: WireFrame): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = this.newEntry(frame, resolve, reject);
      if (this.stopped !== undefined) {
        this.reject(entry, this.stopped);
        return;
      }
      this.entries.push(entry);
      if (this.waiting > (this.limits.sendHighWaterMark || BACKLOG_WITHOUT_MARK) && !this.warned) {
        this.warned = true;
        this.events.backlog(this.waiting);
      }
      this.startDraining();
      this.armTimer();
    });
  }

  /** The frame's owner may change it while it waits; its payload is referenced, as for any sender. */
  private newEntry(frame: WireFrame, resolve: () => void, reject: (err: Error) => void): Waiting {
    const { payload, flags, channel, error, owner } = frame;
    const { sendTimeoutMs } = this.limits;
    return {
      frame: { payload, flags, channel, error, owner },
      sizeBytes: payload.length,
      deadline: sendTimeoutMs === undefined ? Infinity : monotonicMs() + sendTimeoutMs,
      accepted: false,
      resolve,
      reject,
    };
  }

  private reject(entry: Waiting, reason: Error): void {
    this.events.notSent(entry.accepted);
    entry.reject(reason);
  }

  private startDraining(): void {
    if (this.draining) return;
    this.draining = true;
    // Not at once: what the socket could not send is put back in a microtask, and goes first.
    queueMicrotask(() => void this.drain());
  }

  /** Hands the first entry to the socket, waits until it has it, sends on while there is room; and again. */
  private async drain(): Promise<void> {
    for (let entry = this.entries.first; entry !== undefined; entry = this.entries.first) {
      this.current = entry;
      const failure = isDetached(entry) ? this.detachedError(entry) : await this.sendFirst(entry);
      this.current = undefined;
      // By identity: a frame that was put back may be in front of it.
      this.entries.remove(entry);
      if (failure === undefined) {
        this.events.sent(entry.sizeBytes, entry.frame.channel);
        entry.resolve();
      } else this.reject(entry, failure);
      this.sendWhilePossible();
    }
    this.draining = false;
    this.warned = false;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async sendFirst(entry: Waiting): Promise<Error | undefined> {
    try {
      const sent = await this.socket.sendWhenPossible(entry.frame, remainingMs(entry));
      return sent ? undefined : (this.stopped ?? this.timeoutError());
    } catch (err) {
      return new GeneralError('ERR_TRANSPORT', `sending to ${this.peer} failed: ${describeError(err)}`, {
        cause: err,
      });
    }
  }

  private sendWhilePossible(): void {
    for (let entry = this.entries.first; entry !== undefined; entry = this.entries.first) {
      if (isDetached(entry) || !this.socket.trySend(entry.frame)) return;
      this.entries.remove(entry);
      entry.resolve();
    }
  }

  /** One timer for all entries: they wait equally long, so the oldest is due first. */
  private armTimer(): void {
    if (this.limits.sendTimeoutMs === undefined || this.timer !== undefined) return;
    for (const entry of this.entries) {
      if (!this.canExpire(entry)) continue;
      this.timer = setTimeout(() => this.expire(), (remainingMs(entry) ?? 0) + 1);
      return;
    }
  }

  private expire(): void {
    this.timer = undefined;
    const now = monotonicMs();
    const expired = new Set<Waiting>();
    for (const entry of this.entries) {
      if (!this.canExpire(entry)) continue;
      if (entry.deadline > now) break;
      expired.add(entry);
    }
    if (expired.size > 0) this.entries.filter((entry) => !expired.has(entry));
    for (const entry of expired) this.reject(entry, this.timeoutError());
    this.armTimer();
  }

  /** The socket has been told the time of the entry in its hands. */
  private canExpire(entry: Waiting): boolean {
    return entry !== this.current && entry.deadline !== Infinity;
  }

  private timeoutError(): GeneralError {
    return new GeneralError(
      'ERR_SEND_TIMEOUT',
      `no peer on ${this.peer} took the frame within sendTimeoutMs = ${this.limits.sendTimeoutMs ?? 0}; it was not sent`,
    );
  }

  private detachedError({ sizeBytes }: Waiting): GeneralError {
    return new GeneralError(
      'ERR_PAYLOAD_DETACHED',
      `a payload of ${sizeBytes} bytes was transferred away while its frame waited for ${this.peer}; it was not sent. ` +
        'Send a clone() of a frame whose payload goes to a worker',
    );
  }
}

function isDetached({ frame, sizeBytes }: Waiting): boolean {
  return frame.payload.length !== sizeBytes;
}

function remainingMs({ deadline }: Waiting): number | undefined {
  return deadline === Infinity ? undefined : Math.max(Math.ceil(deadline - monotonicMs()), 0);
}

/** Settles as `sent` does, but not before the event loop has had its turn. */
async function afterTurn(sent: Promise<void> | undefined): Promise<void> {
  await Promise.all([sent, nextTurn()]);
}
