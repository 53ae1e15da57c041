// What a PUSH and a PULL of libzmq have in common: where they are, and who is connected, as their monitor tells.

import type { Context, Pull, Push } from 'zeromq';
import { queueMicrotask } from '../../async/clock';
import { settlesWithin } from '../../async/linger';
import { endpointText, hostPort } from '../../wire/endpoints';
import { attachError } from '../errors';
import { PeerReports } from '../peer-reports';
import type { BridgeSocket, Direction, PeerEvent, TransportSink } from '../socket';
import { enterDomain, leaveDomain, type Authorize } from './authenticator';
import { SocketMonitor, type MonitorEvent } from './workarounds/monitor';
import { Dialer } from './workarounds/redial';

// What libzmq's threads need on a busy machine to close what is left once the linger time is over.
const CLOSE_GRACE_MS = 2_000;
// The monitor's word comes at once, if it comes.
const BIND_ERROR_MS = 200;

/** What a socket is. */
export interface Place {
  readonly direction: Direction;
  readonly server: boolean;
  /** As the caller gave it. */
  readonly addr: string;
  /** Servers: what is to be bound. Clients: an IP address or a name. */
  readonly host: string;
  readonly port: number;
  /** Servers: who may connect. */
  readonly authorize: Authorize;
}

/** A socket of the zeromq package, and its peers. */
export abstract class ZmqSocket<S extends Push | Pull> implements BridgeSocket {
  reconnects = 0;
  onPeer: () => void = () => undefined;
  private isClosing = false;
  private readonly monitor: SocketMonitor;
  private readonly dialer: Dialer | undefined;
  private readonly peers: { ready: boolean }[] = [];
  private readonly reports: PeerReports<{ ready: boolean }>;
  private domain: string | undefined;
  /** Servers: connections that were accepted and whose handshake is not over. */
  private unfinished = 0;
  /** Servers: peers that were refused, and whose handshake is still to fail. */
  private refusedHere = 0;
  private everConnected = false;

  constructor(
    readonly socket: S,
    private readonly place: Place,
    protected readonly sink: TransportSink,
  ) {
    const { server, direction, addr, host, port } = place;
    // libzmq keeps the addresses of a server's peers to itself.
    const remoteAddress = server ? undefined : hostPort(addr, port);
    this.reports = new PeerReports(!server, (type) => this.tell({ type, direction, remoteAddress }));
    this.monitor = new SocketMonitor(socket, (type) => this.onEvent(type));
    if (server) return;
    this.dialer = new Dialer(
      socket,
      { host, port },
      () => this.settled(),
      (failure) => sink.connectFailed({ direction, address: hostPort(addr, port), ...failure }),
    );
  }

  /** Resolves when nothing that has arrived waits in the socket. */
  protected abstract settled(): Promise<void>;
  /** A peer has gone; `delivered` is to be called when the last of what it has brought has been delivered. */
  protected abstract left(delivered: () => void): void;

  get peerCount(): number {
    return this.peers.length;
  }

  /** Binds, or begins to connect. Rejects with `ERR_BIND` or `ERR_CONNECT`. */
  async open(context: Context): Promise<void> {
    const { server, addr, host, port, authorize } = this.place;
    try {
      if (server) {
        this.domain = await enterDomain(context, authorize);
        this.socket.zapDomain = this.domain;
        this.socket.ipv6 = host.includes(':');
        await this.socket.bind(endpointText(host, port));
      } else this.dialer!.dial();
    } catch (err) {
      const { bindError } = this.monitor;
      const isTold = server && (await settlesWithin(BIND_ERROR_MS, bindError));
      throw attachError(isTold ? await bindError : err, addr, port, server);
    }
  }

  watchPeers(): void {
    queueMicrotask(() => this.reports.watch());
  }

  /** Nothing is told from now on; {@link closeSocket} follows. */
  protected beginClosing(): void {
    this.isClosing = true;
    this.dialer?.close();
  }

  /** Resolves when the socket is gone, or `lingerMs` and a moment more are over. */
  protected async closeSocket(lingerMs: number): Promise<void> {
    await this.monitor.close(lingerMs + CLOSE_GRACE_MS);
    if (this.domain !== undefined) await leaveDomain(this.domain);
  }

  private tell(event: PeerEvent): void {
    // A peer that leaves because we stop is no news.
    if (!this.isClosing) this.sink.peer(event);
  }

  private onEvent(type: MonitorEvent): void {
    this.dialer?.onEvent(type);
    if (type === 'accept') this.unfinished += 1;
    else if (type === 'handshake') this.onHandshake();
    else if (type.startsWith('handshake:error')) this.onFailedHandshake(type);
    else if (type === 'disconnect') this.onDisconnect();
  }

  private onHandshake(): void {
    if (this.unfinished > 0) this.unfinished -= 1;
    // What ended before was taken for this one: see onDisconnect.
    else this.leave();
    if (this.everConnected) this.reconnects += 1;
    this.everConnected = true;
    const peer = { ready: true };
    this.peers.push(peer);
    this.onPeer();
    this.reports.ready(peer);
  }

  private onFailedHandshake(type: MonitorEvent): void {
    const { server, direction, addr } = this.place;
    const isRefused = type === 'handshake:error:auth';
    if (isRefused && server) {
      // The authenticator has told of it. Another event follows when the client closes, or goes on all the same.
      this.refusedHere += 1;
      return;
    }
    if (this.refusedHere > 0) {
      this.refusedHere -= 1;
      return;
    }
    // Others have closed before they were done, or took too long.
    if (!isRefused && type !== 'handshake:error:protocol') return;
    const reason = isRefused
      ? 'let nobody in from here: its allow or its curve.clientKeys does not name us'
      : 'failed in its ZMTP handshake: another protocol, or CURVE keys that are missing or wrong';
    this.sink.refused({ direction, remoteAddress: server ? undefined : addr, reason });
  }

  /**
   * libzmq does not say whose connection has ended. One whose handshake had failed, or was still to come, since those that
   * speak an older ZMTP end without another word; else a peer's. Where that is wrong, the other one's handshake or end
   * shows it.
   */
  private onDisconnect(): void {
    if (this.unfinished > 0) this.unfinished -= 1;
    else this.leave();
  }

  private leave(): void {
    const peer = this.peers.shift();
    if (peer === undefined) return;
    peer.ready = false;
    this.left(() => this.reports.departed(peer));
  }
}
