// Whether a peer is still there: our heartbeats, and the time limit that a peer's own PING sets.
// zeromq/rfc 37, Connection Heartbeating; zeromq/libzmq src/stream_engine_base.cpp.

import type { Socket } from 'node:net';
import { clearInterval, deadline, monotonicMs, setImmediate, setInterval } from '../../async/clock';
import { isHostAnswering } from './host';
import { ProtocolError } from '../../zmtp/protocol';

// Silence through two intervals ends a connection, at the end of a third at the latest.
const SILENT_INTERVALS = 2;

/** The connection that is watched. */
export interface Watched {
  /** True while frames of the peer are held back, so that nothing is read. */
  readonly isHeld: boolean;
  /** True once the connection is being ended, or has ended. */
  readonly isOver: boolean;
  ping(): void;
  fail(fault: ProtocolError): void;
}

/** Watches one connection, from its handshake to {@link stop}. */
export class Liveness {
  private timer: NodeJS.Timeout | undefined;
  /** Calls off the time limit of the peer's last PING. */
  private endTtl: (() => void) | undefined;
  private heard = false;
  private silentIntervals = 0;
  private quietSinceMs = 0;

  /** @param heartbeatMs how often to ask a silent peer; 0 never asks. */
  constructor(
    private readonly heartbeatMs: number,
    private readonly watched: Watched,
  ) {}

  /** True while the peer has to say something within the limit that it set itself. */
  get isLimited(): boolean {
    return this.endTtl !== undefined;
  }

  /** The handshake is done. */
  start(socket: Socket): void {
    if (this.heartbeatMs === 0) return;
    this.quietSinceMs = monotonicMs();
    this.timer = setInterval(() => this.beat(socket), this.heartbeatMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.endTtl?.();
  }

  /** The peer has said something. */
  hear(): void {
    this.heard = true;
    this.endTtl?.();
    this.endTtl = undefined;
  }

  /** The peer wants to be missed after this long. */
  expectWithin(ttlMs: number): void {
    this.endTtl?.();
    this.endTtl = deadline(ttlMs, () => {
      // What is not read here proves nothing: the peer has its time once more.
      if (this.watched.isHeld) this.expectWithin(ttlMs);
      else this.watched.fail(new ProtocolError('fell silent for longer than its own PING allowed'));
    });
  }

  private beat(socket: Socket): void {
    const { isHeld, isOver } = this.watched;
    if (isOver) return;
    if (this.heard || isHeld) {
      this.heard = false;
      this.silentIntervals = 0;
      this.quietSinceMs = monotonicMs();
    } else this.silentIntervals += 1;
    // The peer may have closed, with frames of it still in our kernel: its host would answer a PING with a reset.
    if (isHeld) return;
    // After a program that blocked the event loop, what has arrived meanwhile is read before the peer is judged.
    if (this.silentIntervals >= SILENT_INTERVALS) setImmediate(() => this.judge(socket));
    else this.watched.ping();
  }

  /** Ends the connection to a silent peer, unless its host is there: the peer itself may be busy. */
  private judge(socket: Socket): void {
    const { watched } = this;
    // One that has closed in order meanwhile is told of by its socket, once that is closed as well.
    if (watched.isOver || watched.isHeld || this.heard || socket.destroyed) return;
    if (isHostAnswering(socket, this.quietSinceMs)) {
      watched.ping();
      return;
    }
    watched.fail(new ProtocolError(`has not answered for ${SILENT_INTERVALS * this.heartbeatMs} ms`));
  }
}
