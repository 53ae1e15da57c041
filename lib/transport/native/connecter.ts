// A connection that is made, and made again. zeromq/libzmq src/tcp_connecter.cpp, src/session_base.cpp.

import { clearTimeout, setTimeout } from '../../async/clock';
import type { Connection } from './connection';
import { connectSocket } from './sockets';

// libzmq's: 100 to 199 ms, flat. Its own draw is the same in every process; ours is not.
const RECONNECT_MS = 100;
const RECONNECT_JITTER_MS = 100;
// After a peer broke the protocol, where libzmq gives up for good: the right one may be there in a moment.
const AFTER_FAULT_FACTOR = 4;

/** Keeps one connection to one address, until it is closed. */
export class Connecter {
  private connection: Connection | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly makeConnection: () => Connection,
  ) {
    this.connect();
  }

  /** To be called when a connection it made has ended. */
  ended(connection: Connection, withFault: boolean): void {
    if (connection === this.connection) this.connectLater(withFault);
  }

  /** Makes no connection any more; the one there is, or an attempt under way, is its owner's to end. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private connect(): void {
    const connection = this.makeConnection();
    this.connection = connection;
    connection.connect(connectSocket({ host: this.host, port: this.port }, connection));
  }

  private connectLater(withFault: boolean): void {
    if (this.closed) return;
    this.connection = undefined;
    const delayMs = RECONNECT_MS + Math.random() * RECONNECT_JITTER_MS;
    this.timer = setTimeout(() => this.connect(), withFault ? delayMs * AFTER_FAULT_FACTOR : delayMs);
  }
}
