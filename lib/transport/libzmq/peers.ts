// Who is connected to one of our sockets. Unwatched, the kernel's table answers when asked; watched, the
// socket's monitor tells every coming and going, and the table only lends the addresses, which libzmq keeps
// to itself on a bound socket.

import { isIP } from 'node:net';
import type { Socket } from 'zeromq';
import { monotonicMs, queueMicrotask, setTimeout } from '../../async/clock';
import { canonicalAddress, hostPort } from '../../wire/endpoints';
import type { Direction, PeerEvent } from '../transport';
import { SocketMonitor, type MonitorEvent } from './monitor';
import { hasTcpTable, tcpTable, type Connection, type Family, type Purpose } from '../tcp-table';

// A peer whose end libzmq reports may be in the kernel's table for a moment more: looked for again, less and less often,
// until a table that is so much younger than the report has been seen.
const LOOK_AGAIN_MS = 10;
const LOOK_LESS = 5;
const SETTLED_MS = 250;

// Where it matters to nobody whether a connection is a moment old.
const TABLE_AGE_MS = 100;
// An older table says nothing about whether there is a connection now.
const STALE_MS = 150;

const EVERY_INTERFACE = ['0.0.0.0', '::'];

/** What tells one socket's connections from all others in the table. */
export interface PeerScope {
  readonly direction: Direction;
  readonly server: boolean;
  /** As the caller gave it. */
  readonly addr: string;
  /** As libzmq was given it; an IP address narrows the search, a name does not. */
  readonly host: string;
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
  private readonly family: Family;
  private lastDisconnectAt = 0;
  private lookAgainMs = LOOK_AGAIN_MS;
  private looking = false;
  private report: PeerReport | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly scope: PeerScope,
    private readonly refused: (direction: Direction, reason: string) => void,
  ) {
    this.family = scope.host.includes(':') ? 'tcp6' : 'tcp';
  }

  /**
   * Whether there is a connection at all, its handshake done or not, or one on its way to a host far away. True where
   * the system does not tell: beginning anew beside a connection would throw away what it has brought.
   */
  get isConnected(): boolean {
    if (this.ready.size > 0 || !hasTcpTable()) return true;
    const table = tcpTable(this.family, 'question', TABLE_AGE_MS);
    // The share of the time that reading the table may take is used up.
    if (monotonicMs() - table.readAt > STALE_MS) return true;
    if (this.connections('question', TABLE_AGE_MS).length > 0) return true;
    return !this.scope.server && table.connectingTo(this.scope.port).length > 0;
  }

  /** Peers at this moment. Unwatched, one that has not finished its handshake counts as well. */
  get count(): number {
    return this.monitor === undefined ? this.connections('question').length : this.ready.size;
  }

  /** Attaches the monitor; false when there are no descriptors left for it. */
  attach(): boolean {
    if (this.monitor !== undefined) return true;
    this.monitor = SocketMonitor.attach(this.socket, (type) => this.onEvent(type));
    if (this.monitor === undefined) return false;
    // After the monitor, so that nobody comes in unseen between the two.
    for (const connection of this.connections('now')) {
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
    const connection = this.findConnection(isNew);
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
    if (this.scope.server && hasTcpTable()) {
      this.lastDisconnectAt = monotonicMs();
      this.lookAgainMs = LOOK_AGAIN_MS;
      if (!this.looking) this.look();
    } else if (this.failedHandshakes > 0) this.failedHandshakes -= 1;
    else this.remove(this.ready.keys().next().value);
  }

  /** Removes whoever has left, until it is certain that all of them have been seen to. */
  private look(): void {
    this.removeDeparted();
    const { readAt } = tcpTable(this.family, 'event', Infinity);
    this.looking = this.ready.size > 0 && readAt < this.lastDisconnectAt + SETTLED_MS;
    if (!this.looking) return;
    setTimeout(() => this.look(), this.lookAgainMs).unref();
    this.lookAgainMs = Math.min(this.lookAgainMs * LOOK_LESS, SETTLED_MS);
  }

  private removeDeparted(): void {
    const connections = new Set(this.connections('event', 0).map(keyOf));
    const unnamed: string[] = [];
    for (const [key, address] of this.ready) {
      if (address === undefined) unnamed.push(key);
      else if (!connections.delete(key)) this.remove(key);
    }
    // What is left in the table may be theirs.
    for (const key of unnamed.slice(connections.size)) this.remove(key);
  }

  private remove(key: string | undefined): void {
    if (key === undefined) return;
    const remoteAddress = this.ready.get(key);
    this.ready.delete(key);
    this.found.delete(key);
    this.tell('disconnect', remoteAddress);
  }

  private tell(type: PeerEvent['type'], remoteAddress: string | undefined): void {
    this.report?.({ type, direction: this.scope.direction, remoteAddress });
  }

  /** Looks in the table at hand, then in a fresh one: what has just happened may be newer than the first. */
  private findConnection(isIt: (connection: Connection) => boolean): Connection | undefined {
    return this.connections('event').find(isIt) ?? this.connections('event', 0).find(isIt);
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

  private connections(purpose: Purpose, maxAgeMs?: number): readonly Connection[] {
    const { server, host, port } = this.scope;
    const table = tcpTable(this.family, purpose, maxAgeMs);
    const all = server ? table.acceptedOn(port) : table.connectedTo(port);
    const address = canonicalAddress(host);
    if (isIP(address) === 0 || EVERY_INTERFACE.includes(address)) return all;
    return all.filter(
      ({ localAddress, remoteAddress }) => (server ? localAddress : remoteAddress) === address,
    );
  }
}

function keyOf(connection: Connection): string {
  return `${connection.localAddress}:${connection.localPort} ${connection.remoteAddress}:${connection.remotePort}`;
}
