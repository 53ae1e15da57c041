// The typed events of a bridge.

import { SafeEmitter } from '../async/safe-emitter';
import type { ConnectFailure, Direction } from '../transport/socket';

/** A peer that came (`connect`) or went (`disconnect`), on one of the bridge's two connections. */
export interface PeerInfo {
  /** `'send'`: the connection our frames leave on; `'receive'`: the one they arrive on. */
  readonly direction: Direction;
  /** `<address>:<port>` of the other end; undefined where the system does not tell it. */
  readonly remoteAddress: string | undefined;
}

/** An attempt to connect that failed: why, where, how often in a row, and when. */
export interface ConnectError extends ConnectFailure {
  readonly at: Date;
}

/** The events of a bridge and what their listeners are given. */
export interface TcpEvents {
  connect: [peer: PeerInfo];
  /**
   * In the `'receive'` direction it comes when the last frame of that connection has been delivered to the slaves;
   * `stats.peers` tells at once. (On libzmq: when the frames that had arrived by then have been.)
   */
  disconnect: [peer: PeerInfo];
  /**
   * Clients: an attempt to connect failed, or a connected peer broke the protocol; the next attempt follows by itself. The
   * native engine tells.
   */
  retry: [failure: ConnectError];
  /** Something failed that no call of yours can report, a slave that threw among them. Also in `stats.lastError`. */
  error: [err: Error];
}

export type TcpListener<E extends keyof TcpEvents> = (...args: TcpEvents[E]) => void;

/** An emitter whose listeners cannot break what emits. */
export class TcpEmitter extends SafeEmitter<TcpEvents> {}
