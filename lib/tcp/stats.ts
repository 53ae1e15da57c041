// What a bridge counts.

import type { Direction } from '../transport/socket';
import type { ConnectError } from './events';

/** A snapshot of one bridge's counters. Bytes are payload bytes. */
export interface TcpStats {
  /** Frames a peer's high-water mark had room for: on their way, or there. */
  readonly framesSent: number;
  readonly bytesSent: number;
  /** Frames that have arrived, whatever became of them. */
  readonly framesReceived: number;
  readonly bytesReceived: number;
  /** Messages that were no frame, dropped on arrival. */
  readonly malformed: number;
  /** Frames that arrived and that at least one slave failed to accept. */
  readonly slaveErrors: number;
  /** Frames that arrived while the bridge had no slave to give them to. */
  readonly withoutSlave: number;
  /** Frames that `frames()` or `readable()` had been given, and that their reader left without taking. */
  readonly unread: number;
  /** Frames given to us and refused: empty, too large, released before, or no frames at all; or the bridge was stopped. */
  readonly refused: number;
  /** Frames given to us that never left: timed out, or still waiting when the bridge was stopped. */
  readonly notSent: number;
  /**
   * Frames that had arrived and were not given to the slaves: {@link TcpCore.stop} came first. Frames that were still in
   * the kernel's buffers had not arrived.
   */
  readonly undelivered: number;
  /**
   * Frames among {@link framesSent} that never left this process: their connection ended first, as far as that is known
   * (some of the last megabyte may have arrived), or their payload was transferred away. The native engine counts them;
   * libzmq drops them without a word.
   */
  readonly discarded: number;
  /**
   * Connections ended because of what the peer did (another protocol, another kind of socket, silence), because `allow` or
   * `curve` does not name it, or because it waited too long to be let in. libzmq tells of `allow` and `curve` alone.
   */
  readonly refusedPeers: number;
  /** Frames that wait for a peer or for room at this moment. */
  readonly sendsWaiting: number;
  /** Frames that have arrived and wait for the slaves at this moment. The native engine counts them. */
  readonly receivesWaiting: number;
  /**
   * Peers that wait to be let in at this moment, because the slaves have not taken enough frames of peers that have left.
   * A client's own next connection waits as well. The native engine tells.
   */
  readonly peersWaiting: number;
  /** Peers at this moment, on the connection we send on and on the one we receive on. */
  readonly peers: { readonly send: number; readonly receive: number };
  /**
   * Connections that came back after the first, both directions added up. Counted from the first
   * `connect` or `disconnect` listener on; on systems other than Linux from the beginning.
   */
  readonly reconnects: number;
  /**
   * When the last frame of {@link framesSent} and of {@link framesReceived} was counted, to the turn of the event loop;
   * undefined before the first.
   */
  readonly lastFrameAt: Readonly<Record<Direction, Date | undefined>>;
  /** The last thing that went wrong, with all its words; undefined while nothing has. */
  readonly lastError: Error | undefined;
  /**
   * Clients: the last attempt to connect that failed, or the last connection whose peer broke the protocol; undefined while
   * there is none. The native engine tells.
   */
  readonly lastConnectError: ConnectError | undefined;
}

/** The part of {@link TcpStats} that the bridge itself counts. */
export type Counters = {
  -readonly [K in Exclude<keyof TcpStats, TransportCounts | 'lastFrameAt'>]: TcpStats[K];
};

/** The part that the transport knows. */
type TransportCounts =
  'sendsWaiting' | 'receivesWaiting' | 'undelivered' | 'peersWaiting' | 'peers' | 'reconnects';

/** All counters at zero. */
export function newCounters(): Counters {
  return {
    framesSent: 0,
    bytesSent: 0,
    framesReceived: 0,
    bytesReceived: 0,
    malformed: 0,
    slaveErrors: 0,
    withoutSlave: 0,
    unread: 0,
    refused: 0,
    notSent: 0,
    discarded: 0,
    refusedPeers: 0,
    lastError: undefined,
    lastConnectError: undefined,
  };
}
