// The seam between a bridge and what carries its frames: one PUSH end and one PULL end.
// An engine knows sockets and nothing of Master, Slave or statistics; a bridge knows nothing of sockets.

import type { AllowList } from '../wire/allow-list';
import type { WireFrame } from '../wire/message';
import type { Endpoints } from '../wire/endpoints';

/** Which of the two connections: the one we send on (PUSH) or the one we receive on (PULL). */
export type Direction = 'send' | 'receive';

/** A peer that came or went. */
export interface PeerEvent {
  readonly type: 'connect' | 'disconnect';
  readonly direction: Direction;
  /** `<address>:<port>` of the other end; undefined where the system does not tell. */
  readonly remoteAddress: string | undefined;
}

/** Somebody on one of our ports who cannot be a peer: another protocol, another socket type, silence. */
export interface Refusal {
  readonly direction: Direction;
  /** `<address>:<port>`, or the address alone; undefined where nobody tells. */
  readonly remoteAddress: string | undefined;
  /** What it did, to be read behind "the peer at <address> ". */
  readonly reason: string;
}

/** An attempt to connect that failed. */
export interface ConnectFailure {
  readonly direction: Direction;
  /** The system's code, e.g. `ECONNREFUSED`, `ENOTFOUND`; `EPROTO` where the peer is none, or refuses us. */
  readonly code: string;
  /** `<addr>:<port>`, the address as it was given. */
  readonly address: string;
  /** Why, in words. */
  readonly message: string;
  /** Attempts of this connection that have failed in a row, this one included. */
  readonly attempts: number;
}

/** What an engine needs to know of a bridge's options; the bridge has checked them. */
export interface TransportOptions {
  /** Messages a peer, as libzmq counts them. */
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
  /** How long one send may wait, in ms; undefined waits for as long as it takes. */
  readonly sendTimeoutMs: number | undefined;
  /** How long `close` goes on sending what was accepted, in ms. */
  readonly lingerMs: number;
  /** A larger message from a peer ends that connection. */
  readonly maxFrameBytes: number;
  /** A peer that has said nothing for three of these, in ms, is gone; undefined never asks. */
  readonly heartbeatMs: number | undefined;
  /** Clients: the time between two attempts to connect, in ms, and what it doubles up to; undefined: it does not. */
  readonly reconnectMs: number;
  readonly reconnectMaxMs: number | undefined;
  /** Servers: who may connect; undefined for everyone. */
  readonly allow: AllowList | undefined;
  /** Keys in Z85, checked for the role; undefined for ZMTP's NULL mechanism. */
  readonly curve: CurveKeys | undefined;
}

/** The keys of a bridge, 40 characters of Z85 each; `generateCurveKeys` makes them. */
export interface CurveKeys {
  /** This bridge's own. */
  readonly publicKey: string;
  readonly secretKey: string;
  /** Clients: the server's public key, by which it is known. */
  readonly serverKey?: string;
  /** Servers: the public keys of the clients that may connect; left out, every client that knows the server's. */
  readonly clientKeys?: readonly string[];
}

/** What an engine tells its bridge. None of these may throw. */
export interface TransportSink {
  /** A frame has arrived. A promise holds back the next one, and with it the peer. */
  frame(payload: Buffer, flags: number, channel: number, error: number): undefined | Promise<void>;
  /** A message that is no frame has arrived and was dropped; `reason` is ready to be logged. */
  malformed(reason: string): void;
  /** A peer came or went; called only after {@link Transport.watchPeers}. */
  peer(event: PeerEvent): void;
  /** Frames wait for a peer, more of them than the high-water mark: somebody does not await. */
  backlog(waiting: number): void;
  /** A frame was accepted within the high-water mark: on its way, or there. Told before its sender is. */
  readonly sent: (payloadBytes: number) => void;
  /**
   * A frame was not sent and never will be. Its sender's promise rejects; or, when `accepted`, had resolved
   * before the peer it was handed to turned out to have left.
   */
  notSent(accepted: boolean): void;
  /** This many frames were accepted, and lost with the connection they were to leave on. The native engine knows. */
  discarded(frames: number): void;
  /**
   * The memory of this many accepted frames was transferred away. They were not sent; or, when `written`, it was while
   * the kernel was reading it.
   */
  detached(frames: number, written: boolean): void;
  /** The linger time is over and accepted frames may not have been read; `what` says more, to be read after "and ". */
  unflushed(what: string): void;
  /** A peer was refused for where it is, what it did, or what it did not do in time. */
  refused(refusal: Refusal): void;
  /** An attempt to connect failed; the native engine tells. */
  connectFailed(failure: ConnectFailure): void;
  /** This many peers wait to be let in, one more than before; the native engine tells. */
  gate(waiting: number): void;
  /** Receiving has ended although nobody closed the transport. */
  failed(err: unknown): void;
}

/** How many peers each connection has at this moment. */
export type PeerCounts = Readonly<Record<Direction, number>>;

/** One engine's two sockets for one bridge, from {@link OpenTransport} to {@link Transport.close}. */
export interface Transport {
  /**
   * Sends one frame in the order of the calls, to one of the peers that can take one.
   *
   * @returns undefined when the frame was accepted within the high-water mark; else a promise that settles
   *   when it is. Rejects with `ERR_SEND_TIMEOUT`, or `ERR_BRIDGE_STOPPED` once {@link close} is called; a
   *   frame whose promise rejects is never sent.
   */
  send(frame: WireFrame): Promise<void> | undefined;
  /** Frames that were given to {@link send} and not yet accepted. */
  readonly waiting: number;
  /** Frames that have arrived and wait to be handed to the sink; 0 where an engine cannot tell. */
  readonly receivesWaiting: number;
  /** Frames that had arrived when the transport was closed, and were not handed to the sink. */
  readonly undelivered: number;
  /** Accepted connections that wait for room; 0 where an engine does not let them wait. */
  readonly peersWaiting: number;
  /** Who is there. */
  peers(): PeerCounts;
  /** Connections that came back after the first; complete only from {@link watchPeers} on. */
  readonly reconnects: number;
  /** Begins to report {@link TransportSink.peer}: first the peers already there, then every change. Idempotent. */
  watchPeers(): void;
  /** Resolves when both directions have a peer; rejects with the signal's reason when that comes first. */
  whenConnected(signal: AbortSignal): Promise<void>;
  /**
   * Sends nothing more, and goes on handing over what has arrived until nothing more comes, for `limitMs` at most.
   * Then it is to be closed.
   */
  deliver(limitMs: number): Promise<void>;
  /** Ends everything within about `lingerMs`, leaving no descriptor behind. Never rejects; idempotent. */
  close(): Promise<void>;
}

/**
 * Opens an engine's sockets: bound and listening, or connecting in the background.
 *
 * @throws {GeneralError} `ERR_BIND`, `ERR_CONNECT`, `ERR_TOO_MANY_OPEN_FILES`; nothing stays open then.
 */
export type OpenTransport = (
  endpoints: Endpoints,
  options: TransportOptions,
  sink: TransportSink,
) => Promise<Transport>;
