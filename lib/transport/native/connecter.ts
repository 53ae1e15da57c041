// A connection that is made, and made again. zeromq/libzmq src/tcp_connecter.cpp, src/session_base.cpp.

import { clearTimeout, setTimeout } from '../../async/clock';
import { hostPort } from '../../wire/endpoints';
import { CLOSED_EARLY, connectReason } from '../errors';
import type { ConnectFailure } from '../socket';
import type { Connection } from './connection';
import type { ProtocolError } from '../../zmtp/protocol';
import { connectSocket } from './tcp-sockets';

// After a peer broke the protocol, where libzmq gives up for good: the right one may be there in a moment.
const AFTER_FAULT_FACTOR = 4;
// More than any number of milliseconds that a timer takes.
const MAX_DOUBLINGS = 31;

/** Where and how often to connect. */
export interface ConnecterOptions {
  /** As the caller gave it. */
  readonly addr: string;
  readonly port: number;
  /** Between two attempts, at least. */
  readonly reconnectMs: number;
  /** Up to which the time doubles with every attempt that fails; undefined for no doubling. */
  readonly reconnectMaxMs: number | undefined;
}

/** What a {@link Connecter} asks and tells. */
export interface ConnecterOwner {
  newConnection(): Connection;
  /** False while so much waits of connections before that there is to be no other one. */
  hasRoom(): boolean;
  /** The next connection waits for room. */
  onWaiting(): void;
  onFailed(failure: Omit<ConnectFailure, 'direction'>): void;
}

/** Keeps one connection to one address, until it is closed. */
export class Connecter {
  /** True while the next connection waits for room. */
  isWaiting = false;
  private connection: Connection | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    private readonly options: ConnecterOptions,
    private readonly owner: ConnecterOwner,
  ) {
    this.connect();
  }

  /** To be called when a connection that was made here has ended. */
  ended(connection: Connection, wasReady: boolean, fault: ProtocolError | undefined): void {
    if (connection !== this.connection || this.closed) return;
    this.connection = undefined;
    const isFailure = !wasReady || fault !== undefined;
    // A peer that broke the protocol after its handshake had been there.
    const before = wasReady ? 0 : this.failures;
    this.failures = isFailure ? before + 1 : 0;
    const delayMs = reconnectDelayMs(this.options, this.failures, Math.random());
    const factor = fault === undefined ? 1 : AFTER_FAULT_FACTOR;
    this.timer = setTimeout(() => this.connectWithRoom(), delayMs * factor);
    if (!isFailure) return;
    const { addr, port } = this.options;
    this.owner.onFailed({
      ...reasonOf(connection, fault),
      address: hostPort(addr, port),
      attempts: this.failures,
    });
  }

  /** There may be room for the connection that waits. */
  look(): void {
    if (this.isWaiting && this.owner.hasRoom()) this.connect();
  }

  /** Makes no connection any more; the one there is, or an attempt under way, is its owner's to end. */
  close(): void {
    this.closed = true;
    this.isWaiting = false;
    clearTimeout(this.timer);
  }

  private connectWithRoom(): void {
    if (this.owner.hasRoom()) {
      this.connect();
      return;
    }
    this.isWaiting = true;
    this.owner.onWaiting();
  }

  private connect(): void {
    this.isWaiting = false;
    const { addr: host, port } = this.options;
    const connection = this.owner.newConnection();
    this.connection = connection;
    connection.connect(connectSocket({ host, port }, connection));
  }
}

/**
 * The time until the next attempt, in ms. As libzmq: the interval and up to as much again, at random; with a maximum it
 * doubles with every failure from the second on. libzmq's own draw is the same in every process.
 *
 * @param random 0 to 1.
 */
export function reconnectDelayMs(
  { reconnectMs, reconnectMaxMs = 0 }: Pick<ConnecterOptions, 'reconnectMs' | 'reconnectMaxMs'>,
  failures: number,
  random: number,
): number {
  const jitterMs = random * reconnectMs;
  if (reconnectMaxMs <= reconnectMs) return reconnectMs + jitterMs;
  const delayMs = reconnectMs * 2 ** Math.min(Math.max(failures - 1, 0), MAX_DOUBLINGS) + jitterMs;
  // libzmq 4.3.4 goes beyond its maximum, and 4.3.5 has all clients come at once there.
  return delayMs < reconnectMaxMs ? delayMs : Math.max(reconnectMs, reconnectMaxMs - jitterMs);
}

function reasonOf(
  { error, started }: Connection,
  fault: ProtocolError | undefined,
): Pick<ConnectFailure, 'code' | 'message'> {
  if (fault !== undefined) return { code: 'EPROTO', message: `the peer ${fault.message}` };
  if (error !== undefined) return connectReason(error);
  return { code: 'ECONNRESET', message: started ? CLOSED_EARLY : 'the attempt was given up' };
}
