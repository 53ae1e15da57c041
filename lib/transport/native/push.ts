// The sending end: frames to the peers that can take one, in turn.
// zeromq/libzmq src/push.cpp, src/lb.cpp.

import { clearTimeout, setTimeout } from '../../async/clock';
import type { GeneralError } from '../../errors';
import type { WireFrame } from '../../wire/message';
import { SendQueue, type Outlet, type SendQueueEvents } from '../send-queue';
import type { Connection } from './connection';

/** What a {@link PushEnd} tells its transport. */
export interface PushEvents extends SendQueueEvents {
  readonly onSent: (payloadBytes: number) => void;
}

/** Round robin over the peers that are past their handshake; one that is full is passed over. */
export class PushEnd implements Outlet<WireFrame> {
  // Half a millisecond of small frames, and enough of them to fill a batch or two before the turn ends.
  readonly sendsPerTurn = 2048;
  private readonly queue: SendQueue<WireFrame>;
  private readonly onSent: PushEvents['onSent'];
  private connections: Connection[] = [];
  private next = 0;
  private stopped = false;
  /** Tells the frame at the head of the queue that there may be room. */
  private wake: (() => void) | undefined;

  constructor(peer: string, sendTimeoutMs: number | undefined, highWaterMark: number, events: PushEvents) {
    this.onSent = events.onSent;
    this.queue = new SendQueue(this, sendTimeoutMs, highWaterMark, events, peer);
  }

  /** As `Transport.send`. */
  send(frame: WireFrame): Promise<void> | undefined {
    return this.queue.send(frame);
  }

  /** As `Transport.waiting`. */
  get waiting(): number {
    return this.queue.waiting;
  }

  add(connection: Connection): void {
    this.connections.push(connection);
    this.wake?.();
  }

  remove(connection: Connection): void {
    const index = this.connections.indexOf(connection);
    if (index < 0) return;
    this.connections.splice(index, 1);
    if (index < this.next) this.next -= 1;
  }

  /** A connection has written frames: there may be room for more. */
  written(): void {
    this.wake?.();
  }

  /** Rejects what waits with `reason`. */
  stop(reason: GeneralError): void {
    this.stopped = true;
    this.queue.stop(reason);
    this.wake?.();
  }

  /** A Frame can be changed by its owner while it waits; the payload is referenced, as for any sender. */
  keep({ payload, flags, channel, error }: WireFrame): WireFrame {
    return { payload, flags, channel, error };
  }

  sizeOf({ payload }: WireFrame): number {
    return payload.length;
  }

  trySend(frame: WireFrame): boolean {
    if (!this.give(frame)) return false;
    this.onSent(frame.payload.length);
    return true;
  }

  accepted({ payload }: WireFrame): void {
    this.onSent(payload.length);
  }

  private give(frame: WireFrame): boolean {
    const connection = this.choose();
    if (connection === undefined) return false;
    connection.send(frame);
    return true;
  }

  async sendWhenPossible(frame: WireFrame, timeoutMs: number | undefined): Promise<boolean> {
    const timeout = { over: false };
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timeout.over = true;
            this.wake?.();
          }, timeoutMs);
    try {
      while (!this.stopped) {
        if (this.give(frame)) return true;
        if (timeout.over) return false;
        await new Promise<void>((resolve) => (this.wake = resolve));
        this.wake = undefined;
      }
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  private choose(): Connection | undefined {
    const { connections } = this;
    const { length } = connections;
    for (let tried = 0; tried < length; tried++) {
      if (this.next >= length) this.next = 0;
      const connection = connections[this.next]!;
      this.next += 1;
      if (connection.hasRoom) return connection;
    }
    return undefined;
  }
}
