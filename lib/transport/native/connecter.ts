// A connection that is made, and made again. zeromq/libzmq src/tcp_connecter.cpp, src/session_base.cpp.

import { clearTimeout, setTimeout } from '../../async/clock';
import { describeError, systemCode } from '../../errors';
import { hostPort } from '../../wire/endpoints';
import type { ConnectFailure } from '../transport';
import type { Connection } from './connection';
import type { ProtocolError } from './protocol';
import { connectSocket } from './sockets';

// After a peer broke the protocol, where libzmq gives up for good: the right one may be there in a moment.
const AFTER_FAULT_FACTOR = 4;
// More than any number of milliseconds that a timer takes.
const MAX_DOUBLINGS = 31;

/** Where and how often to connect. */
export interface ConnecterOptions {
  /** As the caller gave it. */
  readonly addr: string;
  /** The same without brackets. */
  readonly host: string;
  readonly port: number;
  /** Between two attempts, at least. */
  readonly reconnectMs: number;
  /** Up to which the time doubles with every attempt that fails; undefined for no doubling. */
  readonly reconnectMaxMs: number | undefined;
}

/** Keeps one connection to one address, until it is closed. */
export class Connecter {
  private connection: Connection | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    private readonly options: ConnecterOptions,
    private readonly makeConnection: () => Connection,
    private readonly onFailed: (failure: Omit<ConnectFailure, 'direction'>) => void,
  ) {
    this.connect();
  }

  /** To be called when a connection that was made here has ended. */
  ended(connection: Connection, wasReady: boolean, fault: ProtocolError | undefined): void {
    if (connection !== this.connection || this.closed) return;
    this.connection = undefined;
    this.failures = wasReady ? 0 : this.failures + 1;
    const delayMs = reconnectDelayMs(this.options, this.failures, Math.random());
    this.timer = setTimeout(
      () => this.connect(),
      fault === undefined ? delayMs : delayMs * AFTER_FAULT_FACTOR,
    );
    if (wasReady && fault === undefined) return;
    const { addr, port } = this.options;
    const address = hostPort(addr, port);
    this.onFailed({ ...reasonOf(connection, fault), address, attempts: Math.max(this.failures, 1) });
  }

  /** Makes no connection any more; the one there is, or an attempt under way, is its owner's to end. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private connect(): void {
    const { host, port } = this.options;
    const connection = this.makeConnection();
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

// What the system's codes mean to somebody who waits for a connection.
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
};

function reasonOf(
  { error, started }: Connection,
  fault: ProtocolError | undefined,
): Pick<ConnectFailure, 'code' | 'message'> {
  if (fault !== undefined) return { code: 'EPROTO', message: `the peer ${fault.message}` };
  if (error !== undefined) {
    const code = systemCode(error) ?? 'EUNKNOWN';
    return { code, message: MEANINGS[code] ?? describeError(error) };
  }
  const message = started
    ? 'the peer closed the connection before the handshake was done: it may be a server whose allow list does not have this host'
    : 'the attempt was given up';
  return { code: 'ECONNRESET', message };
}
