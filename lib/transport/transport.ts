// What carries a bridge's frames, whatever the engine: a queue in front of a PUSH socket, and a PULL socket.

import { setImmediate } from '../async/clock';
import type { Endpoints } from '../wire/endpoints';
import { openSockets, type Engine } from './engines';
import { stoppedError } from './errors';
import { SendQueue } from './send-queue';
import type { Direction, SocketPair, TransportOptions, TransportSink } from './socket';

/** How many peers each connection has at this moment. */
export type PeerCounts = Readonly<Record<Direction, number>>;

/** A bridge's two sockets, from {@link openTransport} to {@link Transport.close}. */
export class Transport {
  /** Where frames leave. */
  readonly sendQueue: SendQueue;
  private readonly waiters = new Set<() => void>();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly endpoints: Endpoints,
    private readonly options: TransportOptions,
    private readonly sink: TransportSink,
    private readonly sockets: SocketPair,
  ) {
    const { push, pull } = sockets;
    this.sendQueue = new SendQueue(push, options, sink, endpoints.push);
    for (const socket of [push, pull]) {
      socket.onPeer = () => {
        for (const waiter of this.waiters) waiter();
      };
    }
    // In a turn of its own, so that whoever awaits the bridge can add slaves before the first frame.
    setImmediate(() => pull.start());
  }

  /** Frames that were given to the queue and not yet accepted by the socket. */
  get sendsWaiting(): number {
    return this.sendQueue.waiting + this.sockets.push.untold;
  }

  /** As `PullSocket.waiting`. */
  get receivesWaiting(): number {
    return this.sockets.pull.waiting;
  }

  /** As `PullSocket.undelivered`. */
  get undelivered(): number {
    return this.sockets.pull.undelivered;
  }

  /** As `PullSocket.peersWaiting`. */
  get peersWaiting(): number {
    return this.sockets.pull.peersWaiting;
  }

  /** Connections that came back after the first, of both sockets. */
  get reconnects(): number {
    return this.sockets.push.reconnects + this.sockets.pull.reconnects;
  }

  /** Who is there. */
  peers(): PeerCounts {
    if (this.closing !== undefined) return { send: 0, receive: 0 };
    return { send: this.sockets.push.peerCount, receive: this.sockets.pull.peerCount };
  }

  /** Begins to report {@link TransportSink.peer}. Idempotent. */
  watchPeers(): void {
    this.sockets.push.watchPeers();
    this.sockets.pull.watchPeers();
  }

  /** Resolves when both directions have a peer; rejects with the signal's reason when that comes first. */
  whenConnected(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const { send, receive } = this.peers();
        if (!signal.aborted && (send === 0 || receive === 0)) return;
        this.waiters.delete(look);
        signal.removeEventListener('abort', look);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.waiters.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  /** Sends nothing more, and goes on handing over what has arrived, for `limitMs` at most. Then it is to be closed. */
  async deliver(limitMs: number): Promise<void> {
    this.stopSending();
    await this.sockets.pull.deliver(limitMs);
  }

  /** Ends everything within about `lingerMs`, leaving no descriptor behind. Never rejects; idempotent. */
  close(): Promise<void> {
    this.closing ??= this.closeBoth();
    return this.closing;
  }

  private async closeBoth(): Promise<void> {
    const { push, pull } = this.sockets;
    const pullClosed = pull.close();
    this.stopSending();
    const [unread] = await Promise.all([push.close(this.options.lingerMs), pullClosed]);
    if (unread !== undefined) this.sink.unflushed(unread);
  }

  private stopSending(): void {
    this.sendQueue.stop(stoppedError(this.endpoints));
    this.sockets.push.stop();
  }
}

/**
 * Opens a bridge's transport on this engine.
 *
 * @throws {GeneralError} `ERR_BIND`, `ERR_CONNECT`, `ERR_TOO_MANY_OPEN_FILES`, `ERR_TRANSPORT` for libzmq in a worker
 *   thread; nothing stays open then.
 */
export async function openTransport(
  engine: Engine,
  endpoints: Endpoints,
  options: TransportOptions,
  sink: TransportSink,
): Promise<Transport> {
  const sockets = await openSockets(engine, endpoints, options, sink);
  return new Transport(endpoints, options, sink, sockets);
}
