// Frames that wait for a peer, or for room, in the order they were given; shared by the engines.
// Nothing here is touched while the peer keeps up.

import { clearTimeout, nextTurn, monotonicMs, queueMicrotask, setTimeout } from '../async/clock';
import { describeError, GeneralError } from '../errors';

/** Where an engine lets messages out. */
export interface Outlet<M> {
  /**
   * How many messages a sender that awaits may send before the event loop is given its turn: it runs on microtasks
   * alone, and timers and other sockets would starve.
   */
  readonly sendsPerTurn: number;
  /** What to hold of a message that has to wait: what its owner may change meanwhile must be copied. */
  keep(message: M): M;
  /** Its payload's size in bytes; another one later tells that the memory was transferred away. */
  sizeOf(message: M): number;
  /** Asks whether the message can go now, and sends it if so; false if it cannot. */
  trySend(message: M): boolean;
  /**
   * Sends the message without asking first, where the outlet has reason to think it can go. The promise resolves
   * when it went, or becomes that of `refused`, called in a microtask of the same turn. Undefined where the outlet
   * would rather be asked; absent where it always would.
   */
  sendUnasked?(message: M, refused: (message: M) => Promise<void>): Promise<void> | undefined;
  /**
   * Sends the message once that is possible; one at a time. False when `timeoutMs` went by first, or when
   * the outlet was closed meanwhile: then the message is not sent.
   */
  sendWhenPossible(message: M, timeoutMs: number | undefined): Promise<boolean>;
  /** A message that {@link sendWhenPossible} has sent does not wait any more: it is to be counted as sent. */
  accepted(message: M): void;
}

interface Waiting<M> {
  readonly message: M;
  readonly sizeBytes: number;
  readonly deadline: number;
  /** True when its sender has been told that it went. */
  readonly accepted: boolean;
  readonly resolve: () => void;
  readonly reject: (err: Error) => void;
}

// The front of the array is given back to the collector once it is at least this long, and half of it.
const COMPACT_ENTRIES = 1024;

/** What a {@link SendQueue} tells its owner. */
export interface SendQueueEvents {
  /** More messages wait than the limit; said once until the queue has been empty again. */
  onBacklog(waiting: number): void;
  /** A message was not sent and never will be; its sender has been told, unless `accepted`: then it cannot be. */
  onNotSent(accepted: boolean): void;
}

/** A first-in first-out queue in front of an {@link Outlet}. */
export class SendQueue<M> {
  /** Up to {@link head} they are done. */
  private entries: (Waiting<M> | undefined)[] = [];
  private head = 0;
  private draining = false;
  /** The entry that the outlet has in its hands. */
  private current: Waiting<M> | undefined;
  private stopped: GeneralError | undefined;
  private warned = false;
  private sendsThisTurn = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param timeoutMs how long one message may wait; undefined is for as long as it takes.
   * @param backlogLimit messages that may wait before `onBacklog`.
   * @param peer words for messages: whom we wait for, e.g. `tcp://127.0.0.1:8001`.
   */
  constructor(
    private readonly outlet: Outlet<M>,
    private readonly timeoutMs: number | undefined,
    private readonly backlogLimit: number,
    private readonly events: SendQueueEvents,
    private readonly peer: string,
  ) {}

  /** Messages given and not yet accepted by the outlet. */
  get waiting(): number {
    return this.entries.length - this.head;
  }

  /** As `Transport.send`. */
  send(message: M): Promise<void> | undefined {
    const { outlet } = this;
    if (this.stopped !== undefined || this.waiting > 0) return this.enqueue(message);
    const sent = outlet.sendUnasked?.(message, this.takeBack);
    if (sent === undefined && !outlet.trySend(message)) return this.enqueue(message);
    this.sendsThisTurn += 1;
    if (this.sendsThisTurn < outlet.sendsPerTurn) return sent;
    this.sendsThisTurn = 0;
    return afterTurn(sent);
  }

  /** Takes back a message that {@link Outlet.trySend} had accepted and that then could not go: it goes first again. */
  putBack(message: M): void {
    // Its sender has been told that it went, so nobody is there to be told that it did not.
    this.addFirst({
      message,
      sizeBytes: this.outlet.sizeOf(message),
      deadline: Infinity,
      accepted: true,
      resolve: () => undefined,
      reject: () => undefined,
    });
  }

  /** Rejects everything that waits, and whatever comes later, with `reason`; the outlet is to be closed next. */
  stop(reason: GeneralError): void {
    if (this.stopped !== undefined) return;
    this.stopped = reason;
    clearTimeout(this.timer);
    const rejected = this.entries.slice(this.head);
    // What the outlet holds is settled when it is closed.
    this.entries = this.current === undefined ? [] : [this.current];
    this.head = 0;
    for (const entry of rejected) if (entry !== this.current) this.reject(entry!, reason);
  }

  /** A message that the outlet has refused unasked: it goes first, and its sender waits. */
  private readonly takeBack = (message: M): Promise<void> =>
    new Promise((resolve, reject) => {
      const sizeBytes = this.outlet.sizeOf(message);
      this.addFirst({ message, sizeBytes, deadline: this.newDeadline(), accepted: false, resolve, reject });
    });

  private addFirst(entry: Waiting<M>): void {
    if (this.stopped !== undefined) {
      this.reject(entry, this.stopped);
      return;
    }
    this.entries.splice(this.head, 0, entry);
    this.startDraining();
  }

  private enqueue(message: M): Promise<void> {
    return new Promise((resolve, reject) => {
      const kept = this.outlet.keep(message);
      const sizeBytes = this.outlet.sizeOf(kept);
      const entry = {
        message: kept,
        sizeBytes,
        deadline: this.newDeadline(),
        accepted: false,
        resolve,
        reject,
      };
      if (this.stopped !== undefined) {
        this.reject(entry, this.stopped);
        return;
      }
      this.entries.push(entry);
      if (this.waiting > this.backlogLimit && !this.warned) {
        this.warned = true;
        this.events.onBacklog(this.waiting);
      }
      this.startDraining();
      this.armTimer();
    });
  }

  private reject(entry: Waiting<M>, reason: Error): void {
    this.events.onNotSent(entry.accepted);
    entry.reject(reason);
  }

  private newDeadline(): number {
    return this.timeoutMs === undefined ? Infinity : monotonicMs() + this.timeoutMs;
  }

  private startDraining(): void {
    if (this.draining) return;
    this.draining = true;
    // Not at once: what the outlet could not send is put back in a microtask, and goes first.
    queueMicrotask(() => void this.drain());
  }

  /** Hands the first entry to the outlet, waits until it has it, sends on while there is room; and again. */
  private async drain(): Promise<void> {
    for (let entry = this.entries[this.head]; entry !== undefined; entry = this.entries[this.head]) {
      this.current = entry;
      const failure = this.isDetached(entry) ? this.detachedError(entry) : await this.sendFirst(entry);
      this.current = undefined;
      this.remove(entry);
      if (failure === undefined) {
        this.outlet.accepted(entry.message);
        entry.resolve();
      } else this.reject(entry, failure);
      this.sendWhilePossible();
    }
    this.draining = false;
    this.warned = false;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async sendFirst(entry: Waiting<M>): Promise<Error | undefined> {
    try {
      const sent = await this.outlet.sendWhenPossible(entry.message, this.remainingMs(entry));
      return sent ? undefined : (this.stopped ?? this.timeoutError());
    } catch (err) {
      return new GeneralError('ERR_TRANSPORT', `sending to ${this.peer} failed: ${describeError(err)}`, {
        cause: err,
      });
    }
  }

  private sendWhilePossible(): void {
    for (let entry = this.entries[this.head]; entry !== undefined; entry = this.entries[this.head]) {
      if (this.isDetached(entry) || !this.outlet.trySend(entry.message)) return;
      this.remove(entry);
      entry.resolve();
    }
  }

  /** One timer for all entries: they wait equally long, so the oldest is due first. */
  private armTimer(): void {
    if (this.timeoutMs === undefined || this.timer !== undefined) return;
    const next = this.entries.slice(this.head).find((entry) => this.canExpire(entry!));
    if (next === undefined) return;
    this.timer = setTimeout(() => this.expire(), (this.remainingMs(next) ?? 0) + 1);
  }

  private expire(): void {
    this.timer = undefined;
    const now = monotonicMs();
    const expired: Waiting<M>[] = [];
    for (let at = this.head; at < this.entries.length; at++) {
      const entry = this.entries[at]!;
      if (!this.canExpire(entry)) continue;
      if (entry.deadline > now) break;
      expired.push(entry);
    }
    if (expired.length > 0) {
      const gone = new Set(expired);
      this.entries = this.entries.slice(this.head).filter((entry) => !gone.has(entry!));
      this.head = 0;
    }
    for (const entry of expired) this.reject(entry, this.timeoutError());
    this.armTimer();
  }

  /** The outlet has been told the time of the entry in its hands. */
  private canExpire(entry: Waiting<M>): boolean {
    return entry !== this.current && entry.deadline !== Infinity;
  }

  private remainingMs(entry: Waiting<M>): number | undefined {
    if (entry.deadline === Infinity) return undefined;
    return Math.max(Math.ceil(entry.deadline - monotonicMs()), 0);
  }

  private timeoutError(): GeneralError {
    return new GeneralError(
      'ERR_SEND_TIMEOUT',
      `no peer on ${this.peer} took the frame within sendTimeoutMs = ${this.timeoutMs ?? 0}; it was not sent`,
    );
  }

  private isDetached({ message, sizeBytes }: Waiting<M>): boolean {
    return this.outlet.sizeOf(message) !== sizeBytes;
  }

  private detachedError({ sizeBytes }: Waiting<M>): GeneralError {
    return new GeneralError(
      'ERR_PAYLOAD_DETACHED',
      `a payload of ${sizeBytes} bytes was transferred away while its frame waited for ${this.peer}; it was not sent. ` +
        'Send a clone() of a frame whose payload goes to a worker',
    );
  }

  /** By identity: a message that was put back may be in front of it. */
  private remove(entry: Waiting<M>): void {
    const at = this.entries[this.head] === entry ? this.head : this.entries.indexOf(entry, this.head);
    if (at < 0) return;
    if (at > this.head) {
      this.entries.splice(at, 1);
      return;
    }
    // Its message is its owner's, and may be large: nothing is kept of it here.
    this.entries[this.head] = undefined;
    this.head += 1;
    const long = this.head >= COMPACT_ENTRIES && this.head * 2 >= this.entries.length;
    if (this.head === this.entries.length || long) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }
}

/** Settles as `sent` does, but not before the event loop has had its turn. */
async function afterTurn(sent: Promise<void> | undefined): Promise<void> {
  await Promise.all([sent, nextTurn()]);
}
