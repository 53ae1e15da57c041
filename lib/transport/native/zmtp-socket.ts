// What a PUSH and a PULL have in common: a port that is listened on or connected to, and its connections.

import type { Socket } from 'node:net';
import { queueMicrotask } from '../../async/clock';
import { settlesWithin } from '../../async/linger';
import type { AllowList } from '../../wire/allow-list';
import { hostPort } from '../../wire/endpoints';
import type { ProtocolError } from '../../zmtp/protocol';
import { NOT_ALLOWED } from '../errors';
import { PeerReports } from '../peer-reports';
import type { BridgeSocket, Direction, PeerEvent, TransportSink } from '../socket';
import { Admission } from './admission';
import { Connecter } from './connecter';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection';
import { Listener } from './listener';
import { adoptSocket } from './tcp-sockets';

/** What a socket is. */
export interface SocketOptions extends ConnectionOptions {
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

/** A socket in ZeroMQ's sense, and its connections. */
export abstract class ZmtpSocket implements BridgeSocket, ConnectionOwner {
  reconnects = 0;
  onPeer: () => void = () => undefined;
  protected readonly connections = new Set<Connection>();
  private readonly direction: Direction;
  private readonly admission: Admission;
  private listener: Listener | undefined;
  private connecter: Connecter | undefined;
  private everConnected = false;
  private isClosing = false;
  private readonly reports: PeerReports<Connection>;

  protected constructor(
    protected readonly options: SocketOptions,
    protected readonly sink: TransportSink,
  ) {
    this.direction = options.type === 'PUSH' ? 'send' : 'receive';
    this.reports = new PeerReports(!options.server, (...event) => this.tell(...event));
    const owner = {
      isOpen: () => this.hasRoom,
      onWaiting: (waiting: number) => sink.gate(waiting),
      onRefused: (socket: Socket, reason: string) => this.refuse(socket, reason),
    };
    this.admission = new Admission(owner, options.handshakeTimeoutMs);
  }

  abstract frame(...arrived: Parameters<ConnectionOwner['frame']>): boolean;
  abstract malformed(parts: number, sizesBytes: readonly number[]): void;
  abstract written(): void;
  abstract detached(frames: number, written: boolean): void;
  /** False while a new connection has to wait. */
  protected abstract readonly hasRoom: boolean;
  /** A connection is past its handshake. */
  protected abstract joined(connection: Connection): void;
  /** It has ended; `delivered` is to be called when the last of what it has brought has been delivered. */
  protected abstract left(connection: Connection, delivered: () => void): void;

  get peerCount(): number {
    let count = 0;
    for (const connection of this.connections) if (connection.ready) count += 1;
    return count;
  }

  /** Accepted connections that wait to be let in, or a client's next one, which waits as well. */
  get peersWaiting(): number {
    return this.admission.waiting + (this.connecter?.isWaiting === true ? 1 : 0);
  }

  /** Binds, or begins to connect. @throws the system's error when the port cannot be bound. */
  async open(): Promise<void> {
    const { server, addr, port } = this.options;
    if (!server) {
      this.connecter = new Connecter(this.options, {
        newConnection: () => this.newConnection(),
        hasRoom: () => this.hasRoom,
        onWaiting: () => this.sink.gate(1),
        onFailed: (failure) => this.sink.connectFailed({ direction: this.direction, ...failure }),
      });
      return;
    }
    this.listener = await Listener.open(addr, port, (accepted) => {
      if (this.isAllowed(accepted)) this.admission.admit(accepted, () => this.letIn(accepted));
      else accepted.destroy();
    });
  }

  watchPeers(): void {
    queueMicrotask(() => this.reports.watch());
  }

  ready(connection: Connection): void {
    if (this.everConnected) this.reconnects += 1;
    this.everConnected = true;
    this.joined(connection);
    this.onPeer();
    this.reports.ready(connection);
  }

  closed(connection: Connection, wasReady: boolean, fault: ProtocolError | undefined): void {
    this.connections.delete(connection);
    if (wasReady) this.left(connection, () => this.reports.departed(connection));
    if (fault !== undefined) {
      const { remoteAddress } = connection;
      this.sink.refused({ direction: this.direction, remoteAddress, reason: fault.message });
    }
    this.connecter?.ended(connection, wasReady, fault);
  }

  /** There may be room for a connection that waits. */
  protected lookForPeers(): void {
    if (this.admission.waiting > 0) this.admission.look();
    this.connecter?.look();
  }

  /** Lets no further peer in. Resolves when the port is free. */
  protected stopConnecting(): Promise<void> | undefined {
    this.connecter?.close();
    this.admission.close();
    return this.listener?.close();
  }

  /**
   * Ends everything, once what was accepted has been read or `lingerMs` have gone by.
   * @returns addresses of peers that had not read all of it by then.
   */
  protected async end(lingerMs: number): Promise<readonly string[]> {
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

  private letIn(accepted: Socket): void {
    if (accepted.destroyed) return;
    const connection = this.newConnection();
    connection.accept(adoptSocket(accepted, connection));
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
