// One of a bridge's two ends: a port that is listened on or connected to, and its connections.

import type { Socket } from 'node:net';
import { clearTimeout, queueMicrotask, setTimeout } from '../../async/clock';
import type { AllowList } from '../../wire/allow-list';
import { bareAddress, hostPort } from '../../wire/endpoints';
import type { Admission } from '../admission';
import { atMost } from '../at-most';
import { NOT_ALLOWED } from '../errors';
import type { Direction, PeerEvent, TransportSink } from '../transport';
import { Connecter } from './connecter';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection';
import { Listener } from './listener';
import type { ProtocolError } from './protocol';
import { adoptSocket } from './sockets';

/** What one end is. */
export interface EndOptions extends ConnectionOptions {
  readonly server: boolean;
  /** As the caller gave it. */
  readonly addr: string;
  readonly port: number;
  /** Servers: who may connect; undefined for everyone. */
  readonly allow: AllowList | undefined;
  /** Servers: holds up whoever comes while too much is still to be read; undefined where nothing is read. */
  readonly gate: Admission | undefined;
}

/** Who takes what the connections of an end bring. */
export interface EndUser extends Pick<ConnectionOwner, 'frame' | 'malformed' | 'written'> {
  /** A connection is past its handshake. */
  joined(connection: Connection): void;
  /** It has ended. */
  left(connection: Connection): void;
}

/** A PUSH or a PULL, in ZeroMQ's words a socket. */
export class SocketEnd implements ConnectionOwner {
  /** Connections that came back after the first. */
  reconnects = 0;
  private readonly direction: Direction;
  private readonly connections = new Set<Connection>();
  private readonly atGate = new Set<Socket>();
  private listener: Listener | undefined;
  private connecter: Connecter | undefined;
  private everConnected = false;
  private watched = false;
  private isClosing = false;

  constructor(
    private readonly options: EndOptions,
    private readonly sink: Pick<TransportSink, 'peer' | 'refused'>,
    private readonly user: EndUser,
  ) {
    this.direction = options.type === 'PUSH' ? 'send' : 'receive';
  }

  /** Peers past their handshake. */
  get peerCount(): number {
    let count = 0;
    for (const connection of this.connections) if (connection.ready) count += 1;
    return count;
  }

  /** Binds, or begins to connect. @throws the system's error when the port cannot be bound. */
  async open(): Promise<void> {
    const { server, addr, port } = this.options;
    const host = bareAddress(addr);
    if (!server) {
      this.connecter = new Connecter(host, port, () => this.newConnection());
      return;
    }
    this.listener = await Listener.open(host, port, (accepted) => {
      if (!this.isAllowed(accepted)) {
        accepted.destroy();
        return;
      }
      void this.letIn(accepted);
    });
  }

  /** Begins to speak once there is room for what this one brings. Nothing of it has been read until then. */
  private async letIn(accepted: Socket): Promise<void> {
    const { gate, handshakeTimeoutMs } = this.options;
    if (gate !== undefined) {
      // It comes again, as it would if nobody listened.
      if (gate.isFull) {
        accepted.destroy();
        return;
      }
      this.atGate.add(accepted);
      const timer = setTimeout(() => accepted.destroy(), handshakeTimeoutMs);
      const isIn = await gate.admit();
      clearTimeout(timer);
      this.atGate.delete(accepted);
      if (!isIn) accepted.destroy();
    }
    if (accepted.destroyed) return;
    const connection = this.newConnection();
    connection.accept(adoptSocket(accepted, connection));
  }

  /** Begins to report peers: first those already there. */
  watch(): void {
    if (this.watched) return;
    this.watched = true;
    const present = [...this.connections].filter(({ ready }) => ready);
    queueMicrotask(() => {
      for (const connection of present) this.tell('connect', connection);
    });
  }

  /** Ends everything, once what was accepted has been read or `lingerMs` have gone by. */
  async close(lingerMs: number): Promise<void> {
    this.isClosing = true;
    this.connecter?.close();
    const unbound = this.listener?.close();
    for (const socket of this.atGate) socket.destroy();
    const connections = [...this.connections];
    if (lingerMs > 0) await atMost(lingerMs, Promise.all(connections.map((connection) => connection.end())));
    for (const connection of this.connections) connection.destroy();
    await Promise.all([unbound, ...connections.map(({ gone }) => gone)]);
  }

  ready(connection: Connection): void {
    if (this.everConnected) this.reconnects += 1;
    this.everConnected = true;
    this.user.joined(connection);
    this.tell('connect', connection);
  }

  frame(...arrived: Parameters<ConnectionOwner['frame']>): boolean {
    return this.user.frame(...arrived);
  }

  malformed(parts: number, sizesBytes: readonly number[]): void {
    this.user.malformed(parts, sizesBytes);
  }

  written(connection: Connection): void {
    this.user.written(connection);
  }

  closed(connection: Connection, wasReady: boolean, fault: ProtocolError | undefined): void {
    this.connections.delete(connection);
    if (wasReady) {
      this.user.left(connection);
      this.tell('disconnect', connection);
    }
    if (fault !== undefined) {
      const { remoteAddress } = connection;
      this.sink.refused({ direction: this.direction, remoteAddress, reason: fault.message });
    }
    this.connecter?.ended(connection, fault !== undefined);
  }

  /** Closes a connection from somewhere else before a byte of it is read. */
  private isAllowed({ remoteAddress = '', remotePort = 0 }: Socket): boolean {
    const { allow } = this.options;
    if (allow === undefined || allow.has(remoteAddress)) return true;
    const refusal = { direction: this.direction, remoteAddress: hostPort(remoteAddress, remotePort) };
    this.sink.refused({ ...refusal, reason: NOT_ALLOWED });
    return false;
  }

  private newConnection(): Connection {
    const connection = new Connection(this.options, this);
    this.connections.add(connection);
    return connection;
  }

  private tell(type: PeerEvent['type'], connection: Connection): void {
    // A peer that leaves because we stop is no news.
    if (!this.watched || this.isClosing) return;
    const { server, addr, port } = this.options;
    // What a client connected to is known by the name it was given.
    const remoteAddress = server ? connection.remoteAddress : hostPort(addr, port);
    this.sink.peer({ type, direction: this.direction, remoteAddress });
  }
}
