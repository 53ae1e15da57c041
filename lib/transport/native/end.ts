// One of a bridge's two ends: a port that is listened on or connected to, and its connections.

import type { Socket } from 'node:net';
import { queueMicrotask } from '../../async/clock';
import { settlesWithin } from '../../async/linger';
import type { AllowList } from '../../wire/allow-list';
import { hostPort } from '../../wire/endpoints';
import { NOT_ALLOWED } from '../errors';
import type { Direction, PeerEvent, TransportSink } from '../transport';
import { Connecter } from './connecter';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection';
import { Gate } from './gate';
import { Listener } from './listener';
import { PeerReports } from './peer-reports';
import type { ProtocolError } from '../../zmtp/protocol';
import { adoptSocket } from './sockets';

/** What one end is. */
export interface EndOptions extends ConnectionOptions {
  readonly server: boolean;
  /** Clients: as the caller gave it. Servers: an IP address of this machine. */
  readonly addr: string;
  readonly port: number;
  /** Clients: between two attempts to connect. */
  readonly reconnectMs: number;
  readonly reconnectMaxMs: number | undefined;
  /** Servers: who may connect; undefined for everyone. */
  readonly allow: AllowList | undefined;
}

/** Who takes what the connections of an end bring. */
export interface EndUser extends Pick<ConnectionOwner, 'frame' | 'malformed' | 'written' | 'detached'> {
  /** A connection is past its handshake. */
  joined(connection: Connection): void;
  /** It has ended; `delivered` is to be called when the last of what it has brought has been delivered. */
  left(connection: Connection, delivered: () => void): void;
  /** False while a new connection has to wait. */
  hasRoom(): boolean;
}

/** A PUSH or a PULL, in ZeroMQ's words a socket. */
export class SocketEnd implements ConnectionOwner {
  /** Connections that came back after the first. */
  reconnects = 0;
  /** Called when a connection has ended. */
  onClosed: (() => void) | undefined;
  private readonly direction: Direction;
  private readonly connections = new Set<Connection>();
  private readonly gate: Gate;
  private listener: Listener | undefined;
  private connecter: Connecter | undefined;
  private everConnected = false;
  private isClosing = false;
  private readonly reports: PeerReports;

  constructor(
    private readonly options: EndOptions,
    private readonly sink: Pick<TransportSink, 'peer' | 'refused' | 'connectFailed' | 'gate'>,
    private readonly user: EndUser,
  ) {
    this.direction = options.type === 'PUSH' ? 'send' : 'receive';
    this.reports = new PeerReports(!options.server, (...event) => this.tell(...event));
    const keeper = {
      isOpen: () => user.hasRoom(),
      onWaiting: (waiting: number) => sink.gate(waiting),
      onRefused: (socket: Socket, reason: string) => this.refuse(socket, reason),
    };
    this.gate = new Gate(keeper, options.handshakeTimeoutMs);
  }

  /** Peers past their handshake. */
  get peerCount(): number {
    let count = 0;
    for (const connection of this.connections) if (connection.ready) count += 1;
    return count;
  }

  /** Accepted connections that wait at the gate, or a client's next one, which waits as well. */
  get peersWaiting(): number {
    return this.gate.waiting + (this.connecter?.isWaiting === true ? 1 : 0);
  }

  /** Binds, or begins to connect. @throws the system's error when the port cannot be bound. */
  async open(): Promise<void> {
    const { server, addr, port } = this.options;
    if (!server) {
      this.connecter = new Connecter(this.options, {
        newConnection: () => this.newConnection(),
        hasRoom: () => this.user.hasRoom(),
        onWaiting: () => this.sink.gate(1),
        onFailed: (failure) => this.sink.connectFailed({ direction: this.direction, ...failure }),
      });
      return;
    }
    this.listener = await Listener.open(addr, port, (accepted) => {
      if (this.isAllowed(accepted)) this.gate.admit(accepted, () => this.letIn(accepted));
      else accepted.destroy();
    });
  }

  private letIn(accepted: Socket): void {
    if (accepted.destroyed) return;
    const connection = this.newConnection();
    connection.accept(adoptSocket(accepted, connection));
  }

  /** There may be room for a connection that waits. */
  onRoom(): void {
    if (this.gate.waiting > 0) this.gate.look();
    this.connecter?.look();
  }

  /** Begins to report peers: first those already there. */
  watch(): void {
    queueMicrotask(() => this.reports.watch());
  }

  /** Lets no further peer in, and tells the connected ones that what they send from now on is not read. */
  halfClose(): void {
    void this.stopConnecting();
    for (const connection of [...this.connections]) connection.halfClose();
  }

  /** Resolves when the port is free. */
  private stopConnecting(): Promise<void> | undefined {
    this.connecter?.close();
    this.gate.close();
    return this.listener?.close();
  }

  /** True while a connection may bring more. */
  get isOpen(): boolean {
    return this.connections.size > 0;
  }

  /**
   * Ends everything, once what was accepted has been read or `lingerMs` have gone by.
   * @returns addresses of peers that had not read all of it by then.
   */
  async close(lingerMs: number): Promise<readonly string[]> {
    this.isClosing = true;
    const unbound = this.stopConnecting();
    const connections = [...this.connections];
    if (lingerMs > 0)
      await settlesWithin(lingerMs, Promise.all(connections.map((connection) => connection.end())));
    // A peer that has read everything has closed.
    const left = [...this.connections];
    for (const connection of left) connection.destroy();
    await Promise.all([unbound, ...connections.map(({ gone }) => gone)]);
    if (lingerMs === 0) return [];
    return left.filter(({ hasSent }) => hasSent).map(({ remoteAddress }) => remoteAddress);
  }

  ready(connection: Connection): void {
    if (this.everConnected) this.reconnects += 1;
    this.everConnected = true;
    this.user.joined(connection);
    this.reports.ready(connection);
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

  detached(frames: number, written: boolean): void {
    this.user.detached(frames, written);
  }

  closed(connection: Connection, wasReady: boolean, fault: ProtocolError | undefined): void {
    this.connections.delete(connection);
    if (wasReady) this.user.left(connection, () => this.reports.departed(connection));
    if (fault !== undefined) {
      const { remoteAddress } = connection;
      this.sink.refused({ direction: this.direction, remoteAddress, reason: fault.message });
    }
    this.connecter?.ended(connection, wasReady, fault);
    this.onClosed?.();
  }

  /** Closes a connection from somewhere else before a byte of it is read. */
  private isAllowed(accepted: Socket): boolean {
    const { allow } = this.options;
    if (allow === undefined || allow.has(accepted.remoteAddress ?? '')) return true;
    this.refuse(accepted, NOT_ALLOWED);
    return false;
  }

  private refuse({ remoteAddress = '', remotePort = 0 }: Socket, reason: string): void {
    this.sink.refused({
      direction: this.direction,
      remoteAddress: hostPort(remoteAddress, remotePort),
      reason,
    });
  }

  private newConnection(): Connection {
    const connection = new Connection(this.options, this);
    this.connections.add(connection);
    return connection;
  }

  private tell(type: PeerEvent['type'], connection: Connection): void {
    // A peer that leaves because we stop is no news.
    if (this.isClosing) return;
    const { server, addr, port } = this.options;
    // What a client connected to is known by the name it was given.
    const remoteAddress = server ? connection.remoteAddress : hostPort(addr, port);
    this.sink.peer({ type, direction: this.direction, remoteAddress });
  }
}
