// The sending end: frames to a PUSH socket of the zeromq package, in order, waiting where they must.

import type { Push } from 'zeromq';
import { monotonicMs } from '../../async/clock';
import { systemCode, type GeneralError } from '../../errors';
import { toParts, type FrameParts, type WireFrame } from '../../wire/message';
import { SendQueue, type Outlet, type SendQueueEvents } from '../send-queue';

// zeromq.js sends at once, and fails at once where it cannot, with a timeout of 0; with any other it waits.
const AT_ONCE = 0;
const FOR_EVER = -1;

// After this many sends that were each awaited the socket is no longer asked whether it has room: asking costs a
// system call (libzmq looks whether its I/O thread has left word), a quarter of what a small frame costs to send.
const AWAITED_SENDS = 16;

/** A PUSH socket and the frames that wait for it. */
export class PushEnd implements Outlet<FrameParts> {
  // zeromq.js itself would defer the next send after as many in a row.
  readonly sendsPerTurn = 512;
  private readonly queue: SendQueue<FrameParts>;
  private sentAny = false;
  /** True while zeromq.js waits for the socket to take a frame. */
  private waitingForRoom = false;
  /** Sends of this turn whose outcome zeromq.js has yet to tell, which it does in a microtask. */
  private untold = 0;
  /** Whether the latest of them was made without asking. */
  private unasked = false;
  private awaitedSends = 0;

  /** @param socket made with `sendTimeout: 0` and `immediate: true`. */
  constructor(
    readonly socket: Push,
    peer: string,
    sendTimeoutMs: number | undefined,
    highWaterMark: number,
    events: SendQueueEvents,
    private readonly onSent: (payloadBytes: number) => void,
  ) {
    this.queue = new SendQueue(this, sendTimeoutMs, highWaterMark, events, peer);
  }

  /** As `Transport.send`. */
  send(frame: WireFrame): Promise<void> | undefined {
    return this.queue.send(toParts(frame));
  }

  /** As `Transport.waiting`. */
  get waiting(): number {
    return this.queue.waiting + this.untold;
  }

  /**
   * Whether `peers` connections include one past its handshake: a socket that cannot take a frame has either
   * no such peer or a full one, and a full one has been given frames before.
   */
  hasReadyPeer(peers: number): boolean {
    if (this.socket.closed) return false;
    // Asking makes libzmq take note of what has happened, and whoever waits for that to happen is told no more: zeromq.js
    // waits for a sign that libzmq gives once (zmq_getsockopt(3), ZMQ_FD). So nobody asks while a send waits.
    if (this.waitingForRoom) return peers > 0 && this.sentAny;
    return this.socket.writable || (peers > 0 && this.sentAny);
  }

  /** Rejects what waits with `reason`; the socket is to be closed next. */
  stop(reason: GeneralError): void {
    this.queue.stop(reason);
  }

  /** The parts are our own already. */
  keep(parts: FrameParts): FrameParts {
    return parts;
  }

  sizeOf(parts: FrameParts): number {
    return parts[3].length;
  }

  sendUnasked(parts: FrameParts, refused: (parts: FrameParts) => Promise<void>): Promise<void> | undefined {
    // A sender that awaits lets microtasks run between its sends, so nothing is untold. One that does not, and
    // several at once, are asked for: behind a refused message another one must not slip through.
    this.awaitedSends = this.untold === 0 ? this.awaitedSends + 1 : 0;
    if (this.awaitedSends <= AWAITED_SENDS) return undefined;
    this.untold += 1;
    this.unasked = true;
    return this.socket.send(parts).then(
      () => this.sent(parts),
      () => {
        this.untold -= 1;
        return refused(parts);
      },
    );
  }

  trySend(parts: FrameParts): boolean {
    if (this.untold > 0 && this.unasked) return false;
    // False for a closed socket, too.
    if (!this.socket.writable) return false;
    this.untold += 1;
    this.unasked = false;
    // Done when this returns, but for a peer that left since the line before: then nothing was sent,
    // and the promise says so, in a microtask, before a sender that awaits can send the next frame.
    this.socket.send(parts).then(
      () => this.sent(parts),
      () => {
        this.untold -= 1;
        this.queue.putBack(parts);
      },
    );
    return true;
  }

  accepted(parts: FrameParts): void {
    this.onSent(parts[3].length);
  }

  private sent(parts: FrameParts): void {
    this.untold -= 1;
    this.sentAny = true;
    this.onSent(parts[3].length);
  }

  async sendWhenPossible(parts: FrameParts, timeoutMs: number | undefined): Promise<boolean> {
    const { socket } = this;
    const deadline = timeoutMs === undefined ? Infinity : monotonicMs() + timeoutMs;
    for (let left = timeoutMs; !socket.closed; left = Math.ceil(deadline - monotonicMs())) {
      if (left !== undefined && left < 0) return false;
      socket.sendTimeout = left === undefined || left === Infinity ? FOR_EVER : left;
      this.waitingForRoom = true;
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
      } finally {
        this.waitingForRoom = false;
      }
    }
    return false;
  }
}

/** A call, because the compiler takes `closed` for constant within a function. */
function isClosed(socket: Push): boolean {
  return socket.closed;
}
