// The other side of a stream, as the subcommands see it: a bridge, or a log by log-peer.ts.

import type {
  Frame,
  FrameSlave,
  PeerInfo,
  SlaveLike,
  TcpListener,
  TcpStats,
  WaitForPeerOptions,
} from '../../index';

/** Whether a subcommand sends frames to its peer or receives them. A bridge does both, a log one of them. */
export type Direction = PeerInfo['direction'];

/** The counters that the subcommands read. */
export type PeerStats = Pick<
  TcpStats,
  | 'framesSent'
  | 'bytesSent'
  | 'framesReceived'
  | 'bytesReceived'
  | 'malformed'
  | 'withoutSlave'
  | 'undelivered'
  | 'discarded'
  | 'sendsWaiting'
  | 'peers'
  | 'lastError'
>;

/** What a subcommand needs of its peer. `TcpCore` has all of it; what each member means is described there. */
export interface Peer extends FrameSlave {
  /** With the name of the log, where it is one. */
  readonly identity: { readonly role: string; readonly log?: string };
  readonly connected: boolean;
  readonly slaveCount: number;
  readonly stats: PeerStats;
  addSlave(slave: SlaveLike): void;
  send(frame: Frame): Promise<void> | undefined;
  waitForPeer(options?: WaitForPeerOptions): Promise<void>;
  on<E extends 'connect' | 'disconnect' | 'error'>(event: E, listener: TcpListener<E>): unknown;
  stop(): Promise<void>;
  /** Of a peer whose frames may have an end: resolves there, rejects with the error that ended them. */
  finished?(): Promise<void>;
}
