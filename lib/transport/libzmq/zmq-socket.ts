// What a PUSH and a PULL of libzmq have in common: where they are, and who is connected, as their monitor tells.

import type { Context, Pull, Push } from 'zeromq';
import { pause, queueMicrotask } from '../../async/clock';
import { endpointText, hostPort } from '../../wire/endpoints';
import { attachError } from '../errors';
import type { BridgeSocket, Direction, PeerEvent, TransportSink } from '../socket';
import { enterDomain, leaveDomain, type Authorize } from './authenticator';
import { SocketMonitor, type MonitorEvent } from './workarounds/monitor';
import { Dialer } from './workarounds/redial';

// The monitor's word comes at once, if it comes.
const BIND_ERROR_MS = 200;
// What libzmq's threads need on a busy machine to close what is left once the linger time is over.
const CLOSE_GRACE_MS = 2_000;

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
  peerCount = 0;
  onPeer: () => void = () => undefined;
  private readonly monitor: SocketMonitor;
  private readonly dialer: Dialer | undefined;
  private domain: string | undefined;
  /** Servers: connections that were accepted and whose handshake is not over. */
  private unfinished = 0;
  /** Handshakes that failed, and whose connection is still to end. */
  private failed = 0;
  /** Servers: those that were refused, and whose handshake is still to fail. */
  private refusedHere = 0;
  private everConnected = false;
  private isWatched = false;
  private isClosing = false;

  constructor(
    readonly socket: S,
    private readonly place: Place,
    protected readonly sink: TransportSink,
  ) {
    const { server, host, port } = place;
    this.monitor = new SocketMonitor(socket, (type) => this.onEvent(type));
    if (server) return;
    const onFailed = (code: string, message: string, attempts: number): void =>
      sink.connectFailed({ ...this.peer, code, message, attempts, address: this.remoteAddress });
    this.dialer = new Dialer(socket, host, port, () => this.settled(), onFailed);
  }

  /** Resolves when nothing that has arrived waits in the socket. */
  protected abstract settled(): Promise<void>;

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
      const cause = server ? await Promise.race([this.monitor.bindError, pause(BIND_ERROR_MS, err)]) : err;
      throw attachError(cause, addr, port, server);
    }
  }

  watchPeers(): void {
    if (this.isWatched) return;
    this.isWatched = true;
    const present = this.peerCount;
    queueMicrotask(() => {
      for (let count = 0; count < present; count++) this.tell('connect');
    });
  }

  /** Resolves when the socket is gone, or `lingerMs` and a moment more are over. */
  protected async closeSocket(lingerMs: number): Promise<void> {
    this.isClosing = true;
    this.dialer?.close();
    await this.monitor.close(lingerMs + CLOSE_GRACE_MS);
    if (this.domain !== undefined) await leaveDomain(this.domain);
  }

  /** Reports a peer that came or went. */
  protected report(type: PeerEvent['type']): void {
    // A peer that leaves because we stop is no news.
    if (!this.isClosing) this.sink.peer({ type, ...this.peer });
  }

  private get peer(): Omit<PeerEvent, 'type'> {
    // libzmq keeps the addresses of a server's peers to itself.
    const remoteAddress = this.place.server ? undefined : this.remoteAddress;
    return { direction: this.place.direction, remoteAddress };
  }

  private get remoteAddress(): string {
    return hostPort(this.place.addr, this.place.port);
  }

  private tell(type: PeerEvent['type']): void {
    if (this.isWatched) this.report(type);
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
    // What ended before was taken for this one: see below.
    else if (this.peerCount > 0) this.leave();
    if (this.everConnected) this.reconnects += 1;
    this.everConnected = true;
    this.peerCount += 1;
    this.onPeer();
    this.tell('connect');
  }

  private onFailedHandshake(type: MonitorEvent): void {
    const { server } = this.place;
    const isRefused = type === 'handshake:error:auth';
    if (isRefused && server) {
      // The authenticator has told of it, and another event follows when the client closes, or goes on all the same.
      this.refusedHere += 1;
      return;
    }
    this.failed += 1;
    if (this.refusedHere > 0) this.refusedHere -= 1;
    else if (isRefused) {
      const reason = 'let nobody in from here: its allow or its curve.clientKeys does not name us';
      this.sink.refused({ ...this.peer, reason });
    } else if (type === 'handshake:error:protocol') {
      const what = 'another protocol, or CURVE keys that are missing or wrong';
      this.sink.refused({ ...this.peer, reason: `failed in its ZMTP handshake: ${what}` });
    }
  }

  /**
   * libzmq does not say whose connection has ended. One whose handshake had failed, or was still to come, since those that
   * speak an older ZMTP end without another word; else a peer's. Where that is wrong, a handshake or its failure shows it.
   */
  private onDisconnect(): void {
    const wasFailed = this.failed > 0;
    if (wasFailed) this.failed -= 1;
    if (this.unfinished > 0) this.unfinished -= 1;
    else if (this.place.server || !wasFailed) this.leave();
  }

  private leave(): void {
    if (this.peerCount === 0) return;
    this.peerCount -= 1;
    this.tell('disconnect');
  }
}
