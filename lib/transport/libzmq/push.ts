// The sending end: frames to a PUSH socket of the zeromq package, in order, waiting where they must.

import type { Push } from 'zeromq';
import { systemCode, type GeneralError } from '../../errors';
import { toParts, type FrameParts, type WireFrame } from '../../wire/message';
import { SendQueue, type Outlet, type SendQueueEvents } from '../send-queue';

// zeromq.js sends at once, and fails at once where it cannot, with a timeout of 0; with any other it waits.
const AT_ONCE = 0;
const FOR_EVER = -1;

/** A PUSH socket and the frames that wait for it. */
export class PushEnd implements Outlet<FrameParts> {
  private readonly queue: SendQueue<FrameParts>;
  private sentAny = false;

  /** @param socket made with `sendTimeout: 0` and `immediate: true`. */
  constructor(
    readonly socket: Push,
    peer: string,
    sendTimeoutMs: number | undefined,
    highWaterMark: number,
    events: SendQueueEvents,
  ) {
    this.queue = new SendQueue(this, sendTimeoutMs, highWaterMark, events, peer);
  }

  /** As `Transport.send`. */
  send(frame: WireFrame): Promise<void> | undefined {
    return this.queue.send(toParts(frame));
  }

  /** As `Transport.waiting`. */
  get waiting(): number {
    return this.queue.waiting;
  }

  /**
   * Whether `peers` connections include one past its handshake: a socket that cannot take a frame has either
   * no such peer or a full one, and a full one has been given frames before.
   */
  hasReadyPeer(peers: number): boolean {
    if (this.socket.closed) return false;
    return this.socket.writable || (peers > 0 && this.sentAny);
  }

  /** Rejects what waits with `reason`; the socket is to be closed next. */
  stop(reason: GeneralError): void {
    this.queue.stop(reason);
  }

  trySend(parts: FrameParts): boolean {
    const { socket } = this;
    // False for a closed socket, too.
    if (!socket.writable) return false;
    this.sentAny = true;
    // Done when this returns, but for a peer that left since the line before: then nothing was sent,
    // and the promise says so, in a microtask, before a sender that awaits can send the next frame.
    socket.send(parts).catch(() => this.queue.putBack(parts));
    return true;
  }

  async sendWhenPossible(parts: FrameParts, timeoutMs: number | undefined): Promise<boolean> {
    const { socket } = this;
    const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    for (let left = timeoutMs; !socket.closed; left = Math.ceil(deadline - performance.now())) {
      if (left !== undefined && left < 0) return false;
      socket.sendTimeout = left === undefined || left === Infinity ? FOR_EVER : left;
      const sent = socket.send(parts);
      socket.sendTimeout = AT_ONCE;
      try {
        await sent;
        this.sentAny = true;
        return true;
      } catch (err) {
        // EAGAIN: the time is over, the socket was closed, or the peer left as it became ready: see the loop.
        if (systemCode(err) !== 'EAGAIN' && !isClosed(socket)) throw err;
        if (left === AT_ONCE) return false;
      }
    }
    return false;
  }
}

/** A call, because the compiler takes `closed` for constant within a function. */
function isClosed(socket: Push): boolean {
  return socket.closed;
}
