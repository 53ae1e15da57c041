// What an engine is: a PUSH and a PULL socket that carry four-part messages. It knows sockets, and nothing of Master,
// Slave or statistics.

import type { AllowList } from '../wire/allow-list';
import type { PayloadSlot } from '../memory/payload-pool';
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
  /** Bytes a peer; the native engine keeps to them, 0 is no limit. */
  readonly sendHighWaterBytes: number;
  readonly receiveHighWaterBytes: number;
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
  /**
   * A frame has arrived, and where its payload lies if that is memory to be used again. A promise holds back the next one,
   * and with it the peer.
   */
  frame(
    payload: Buffer,
    flags: number,
    channel: number,
    error: number,
    slot?: PayloadSlot,
  ): undefined | Promise<void>;
  /** A message that is no frame has arrived and was dropped; `reason` is ready to be logged. */
  malformed(reason: string): void;
  /** A peer came or went; called only after {@link BridgeSocket.watchPeers}. */
  peer(event: PeerEvent): void;
  /** Frames wait for a peer, more of them than the high-water mark: somebody does not await. */
  backlog(waiting: number): void;
  /** A frame was accepted within the high-water mark: on its way, or there. Told before its sender is. */
  readonly sent: (payloadBytes: number, channel: number) => void;
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

/** What an engine's two sockets have in common. */
export interface BridgeSocket {
  /** Peers past their handshake. */
  readonly peerCount: number;
  /** Connections that came back after the first. */
  readonly reconnects: number;
  /** Set by its user: called when {@link peerCount} has grown. */
  onPeer: () => void;
  /** Begins to report {@link TransportSink.peer}: first the peers already there, then every change. Idempotent. */
  watchPeers(): void;
}

/** A PUSH: frames to the peers that can take one, in turn. */
export interface PushSocket extends BridgeSocket {
  /**
   * How many frames a sender that awaits may send before the event loop is given its turn: it runs on microtasks alone,
   * and timers and other sockets would starve.
   */
  readonly sendsPerTurn: number;
  /** Set by its user: takes back a frame that {@link trySend} had accepted and that then could not go. */
  onReturned: (frame: WireFrame) => void;
  /** Asks whether the frame can go now, and sends it if so, telling {@link TransportSink.sent}; false if it cannot. */
  trySend(frame: WireFrame): boolean;
  /**
   * Sends the frame without asking first, where the socket has reason to think it can go. The promise resolves when it
   * went, or becomes that of `refused`, called in a microtask of the same turn. Undefined where the socket would rather be
   * asked; absent where it always would.
   */
  sendUnasked?(frame: WireFrame, refused: (frame: WireFrame) => Promise<void>): Promise<void> | undefined;
  /**
   * Sends the frame once that is possible; one at a time. False when `timeoutMs` went by first, or when the socket was
   * stopped meanwhile: then the frame is not sent. {@link TransportSink.sent} is left to the caller.
   */
  sendWhenPossible(frame: WireFrame, timeoutMs: number | undefined): Promise<boolean>;
  /** Frames that {@link trySend} has accepted and that may yet be returned. */
  readonly untold: number;
  /** Nothing is sent from now on. */
  stop(): void;
  /**
   * Ends everything, once what was accepted has been read or `lingerMs` have gone by, leaving no descriptor behind.
   * Never rejects.
   *
   * @returns for {@link TransportSink.unflushed}; undefined where all of it was read, as far as the engine can tell.
   */
  close(lingerMs: number): Promise<string | undefined>;
}

/** A PULL: frames from any number of peers, at the pace of the slaves. */
export interface PullSocket extends BridgeSocket {
  /** Frames that have arrived and wait to be handed to the sink; 0 where an engine cannot tell. */
  readonly waiting: number;
  /** Frames that had arrived when the socket was closed, and were not handed to the sink. */
  readonly undelivered: number;
  /** Accepted connections that wait for room; 0 where an engine does not let them wait. */
  readonly peersWaiting: number;
  /** Begins to hand frames to the sink; until then they wait. */
  start(): void;
  /** Goes on handing over what has arrived until nothing more comes, for `limitMs` at most; tells peers where it can. */
  deliver(limitMs: number): Promise<void>;
  /** Hands over nothing from now on, and ends everything, leaving no descriptor behind. Never rejects. */
  close(): Promise<void>;
}

/** Both sockets of a bridge. */
export interface SocketPair {
  readonly push: PushSocket;
  readonly pull: PullSocket;
}

/**
 * Opens an engine's sockets: bound and listening, or connecting in the background.
 *
 * @throws {GeneralError} `ERR_BIND`, `ERR_CONNECT`, `ERR_TOO_MANY_OPEN_FILES`; nothing stays open then.
 */
export type OpenSockets = (
  endpoints: Endpoints,
  options: TransportOptions,
  sink: TransportSink,
) => Promise<SocketPair>;
