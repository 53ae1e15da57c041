// Who is connected to one of our sockets. Unwatched, the kernel's table answers when asked; watched, the
// socket's monitor tells every coming and going, and the table only lends the addresses, which libzmq keeps
// to itself on a bound socket.

import { isIP } from 'node:net';
import type { Socket } from 'zeromq';
import { bareAddress, hostPort } from '../../wire/endpoints';
import type { Direction, PeerEvent } from '../transport';
import { SocketMonitor, type MonitorEvent } from './monitor';
import { hasTcpTable, tcpTable, type Connection, type TcpTable } from './tcp-table';

// A peer whose end libzmq reports may be in the kernel's table for a moment more: looked for again after these.
const LOOK_AGAIN_MS = [10, 50, 250];

// Where it matters to nobody whether a connection is a moment old.
const TABLE_AGE_MS = 100;

const EVERY_INTERFACE = ['0.0.0.0', '::'];

/** What tells one socket's connections from all others in the table. */
export interface PeerScope {
  readonly direction: Direction;
  readonly server: boolean;
  /** As the caller gave it; an IP address narrows the search, a name does not. */
  readonly addr: string;
  readonly port: number;
}

/** Called for every peer that comes or goes. */
export type PeerReport = (event: PeerEvent) => void;

/** The peers of one socket. */
export class Peers {
  /** Connections that came back after the first; complete only from {@link attach} on. */
  reconnects = 0;
  /** Set from {@link attach} on. */
  monitor: SocketMonitor | undefined;
  // Watched peers past their handshake: what identifies the connection, and its address where it is known.
  private readonly ready = new Map<string, string | undefined>();
  // Those of them that were found and not announced: libzmq may announce them yet, or have done so long before.
  private readonly found = new Set<string>();
  private failedHandshakes = 0;
  private everConnected = false;
  private unnamed = 0;
  private report: PeerReport | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly scope: PeerScope,
    private readonly refused: (direction: Direction, reason: string) => void,
  ) {}

  /** Whether there is a connection at all, its handshake done or not. */
  get isConnected(): boolean {
    return this.ready.size > 0 || !hasTcpTable() || this.connections(tcpTable(TABLE_AGE_MS)).length > 0;
  }

  /** Peers at this moment. Unwatched, one that has not finished its handshake counts as well. */
  get count(): number {
    return this.monitor === undefined ? this.connections(tcpTable()).length : this.ready.size;
  }

  /** Attaches the monitor; false when there are no descriptors left for it. */
  attach(): boolean {
    if (this.monitor !== undefined) return true;
    this.monitor = SocketMonitor.attach(this.socket, (type) => this.onEvent(type));
    if (this.monitor === undefined) return false;
    // After the monitor, so that nobody comes in unseen between the two.
    for (const connection of this.connections(tcpTable(0))) {
      this.add(connection);
      this.found.add(keyOf(connection));
    }
    return true;
  }

  /**
   * Reports every peer that comes or goes from now on, after those that are there already, so that nobody is
   * missed who came before the first listener. False when there are no descriptors left for it.
   */
  watch(report: PeerReport): boolean {
    if (!this.attach()) return false;
    if (this.report !== undefined) return true;
    this.report = report;
    const present = [...this.ready.values()];
    queueMicrotask(() => {
      for (const remoteAddress of present) this.tell('connect', remoteAddress);
    });
    return true;
  }

  private onEvent(type: MonitorEvent): void {
    if (type === 'handshake') this.onHandshake();
    else if (type.startsWith('handshake:error')) this.onFailedHandshake(type);
    else if (type === 'disconnect') this.onDisconnect();
  }

  private onHandshake(): void {
    // A client has one peer. If it is there already, it was found as the monitor was attached.
    if (!this.scope.server && this.ready.size > 0) return;
    const isNew = (connection: Connection): boolean => !this.ready.has(keyOf(connection));
    const connection = this.findConnection((connections) => connections.find(isNew));
    if (connection === undefined && this.found.size > 0) {
      // Not new: it was found as the monitor was attached, while its handshake was still to come.
      this.found.delete(this.found.values().next().value!);
      return;
    }
    if (this.everConnected) this.reconnects += 1;
    this.tell('connect', this.add(connection));
  }

  private onFailedHandshake(type: MonitorEvent): void {
    this.failedHandshakes += 1;
    const { server, direction } = this.scope;
    if (type !== 'handshake:error:auth') {
      this.refused(
        direction,
        'failed in its ZMTP handshake: another protocol, or CURVE keys that are missing or wrong',
      );
    } else if (!server) {
      // The server's own end has said so itself.
      this.refused(direction, 'let nobody in from here: its allow or its curve.clientKeys does not name us');
    }
  }

  private onDisconnect(): void {
    if (this.failedHandshakes > 0) this.failedHandshakes -= 1;
    else this.removeDeparted(0);
  }

  private removeDeparted(look: number): void {
    const key = this.departed();
    const againMs = LOOK_AGAIN_MS[look];
    if (key !== undefined) {
      const remoteAddress = this.ready.get(key);
      this.ready.delete(key);
      this.found.delete(key);
      this.tell('disconnect', remoteAddress);
    } else if (this.ready.size > 0 && againMs !== undefined) {
      // Nobody is missing yet. Nor ever, when it was a peer refused in its handshake without an event of its own.
      setTimeout(() => this.removeDeparted(look + 1), againMs).unref();
    }
  }

  /** Which of the ready peers has left: the one the table no longer has, else one it never had. */
  private departed(): string | undefined {
    if (!this.scope.server) return this.ready.keys().next().value;
    const gone = this.findConnection((connections) => {
      const present = new Set(connections.map(keyOf));
      return [...this.ready].find(([key, address]) => address !== undefined && !present.has(key))?.[0];
    });
    return gone ?? [...this.ready].find(([, address]) => address === undefined)?.[0];
  }

  private tell(type: PeerEvent['type'], remoteAddress: string | undefined): void {
    this.report?.({ type, direction: this.scope.direction, remoteAddress });
  }

  /** Looks in the table at hand, then in a fresh one: what has just happened may be newer than the first. */
  private findConnection<T>(find: (connections: readonly Connection[]) => T | undefined): T | undefined {
    return find(this.connections(tcpTable())) ?? find(this.connections(tcpTable(0)));
  }

  private add(connection: Connection | undefined): string | undefined {
    this.everConnected = true;
    if (!this.scope.server) {
      const address = hostPort(this.scope.addr, this.scope.port);
      this.ready.set(address, address);
      return address;
    }
    if (connection === undefined) {
      this.unnamed += 1;
      this.ready.set(`unnamed ${this.unnamed}`, undefined);
      return undefined;
    }
    const address = hostPort(connection.remoteAddress, connection.remotePort);
    this.ready.set(keyOf(connection), address);
    return address;
  }

  private connections(table: TcpTable): readonly Connection[] {
    const { server, addr, port } = this.scope;
    const all = server ? table.acceptedOn(port) : table.connectedTo(port);
    const address = bareAddress(addr);
    if (isIP(address) === 0 || EVERY_INTERFACE.includes(address)) return all;
    return all.filter(
      ({ localAddress, remoteAddress }) => (server ? localAddress : remoteAddress) === address,
    );
  }
}

function keyOf(connection: Connection): string {
  return `${connection.localAddress}:${connection.localPort} ${connection.remoteAddress}:${connection.remotePort}`;
}
