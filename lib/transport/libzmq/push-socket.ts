// The sending end: frames to a PUSH socket of the zeromq package, in order, waiting where they must.

import type { Push } from 'zeromq';
import { monotonicMs } from '../../async/clock';
import { systemCode } from '../../errors';
import { toParts, type WireFrame } from '../../wire/message';
import type { PushSocket } from '../socket';
import { ZmqSocket } from './zmq-socket';

// zeromq.js sends at once, and fails at once where it cannot, with a timeout of 0; with any other it waits.
const AT_ONCE = 0;
const FOR_EVER = -1;

// After this many sends that were each awaited the socket is no longer asked whether it has room: asking costs a
// system call (libzmq looks whether its I/O thread has left word), a quarter of what a small frame costs to send.
const AWAITED_SENDS = 16;

/** A PUSH socket, made with `sendTimeout: 0` and `immediate: true`. */
export class ZmqPushSocket extends ZmqSocket<Push> implements PushSocket {
  // zeromq.js itself would defer the next send after as many in a row.
  readonly sendsPerTurn = 512;
  onReturned: PushSocket['onReturned'] = () => undefined;
  /** Sends of this turn whose outcome zeromq.js has yet to tell, which it does in a microtask. */
  untold = 0;
  /** Whether the latest of them was made without asking. */
  private unasked = false;
  private awaitedSends = 0;

  /** What waits in zeromq.js is settled when the socket is closed. */
  stop(): void {
    return undefined;
  }

  async close(lingerMs: number): Promise<string | undefined> {
    this.beginClosing();
    const started = monotonicMs();
    await this.closeSocket(lingerMs);
    // What it lingered for was not sent before, and libzmq does not say whether it was then.
    const lingered = lingerMs > 0 && monotonicMs() - started >= lingerMs;
    return lingered ? 'accepted frames may not have left' : undefined;
  }

  sendUnasked(frame: WireFrame, refused: (frame: WireFrame) => Promise<void>): Promise<void> | undefined {
    // A sender that awaits lets microtasks run between its sends, so nothing is untold. One that does not, and
    // several at once, are asked for: behind a refused message another one must not slip through.
    this.awaitedSends = this.untold === 0 ? this.awaitedSends + 1 : 0;
    if (this.awaitedSends <= AWAITED_SENDS) return undefined;
    this.untold += 1;
    this.unasked = true;
    return this.socket.send(toParts(frame)).then(
      () => this.sent(frame),
      () => {
        this.untold -= 1;
        return refused(frame);
      },
    );
  }

  trySend(frame: WireFrame): boolean {
    if (this.untold > 0 && this.unasked) return false;
    // False for a closed socket, too.
    if (!this.socket.writable) return false;
    this.untold += 1;
    this.unasked = false;
    // Done when this returns, but for a peer that left since the line before: then nothing was sent,
    // and the promise says so, in a microtask, before a sender that awaits can send the next frame.
    this.socket.send(toParts(frame)).then(
      () => this.sent(frame),
      () => {
        this.untold -= 1;
        this.onReturned(frame);
      },
    );
    return true;
  }

  async sendWhenPossible(frame: WireFrame, timeoutMs: number | undefined): Promise<boolean> {
    const { socket } = this;
    const parts = toParts(frame);
    const deadline = timeoutMs === undefined ? Infinity : monotonicMs() + timeoutMs;
    for (let left = timeoutMs; !socket.closed; left = Math.ceil(deadline - monotonicMs())) {
      if (left !== undefined && left < 0) return false;
      socket.sendTimeout = left === undefined || left === Infinity ? FOR_EVER : left;
      const sent = socket.send(parts);
      socket.sendTimeout = AT_ONCE;
      try {
        await sent;
        return true;
      } catch (err) {
        // EAGAIN: the time is over, the socket was closed, or the peer left as it became ready: see the loop.
        if (systemCode(err) !== 'EAGAIN' && !isClosed(socket)) throw err;
        if (left === AT_ONCE) return false;
      }
    }
    return false;
  }

  protected settled(): Promise<void> {
    return Promise.resolve();
  }

  protected left(delivered: () => void): void {
    delivered();
  }

  private sent({ payload, channel }: WireFrame): void {
    this.untold -= 1;
    this.sink.sent(payload.length, channel);
  }
}

/** A call, because the compiler takes `closed` for constant within a function. */
function isClosed(socket: Push): boolean {
  return socket.closed;
}
