// The transport on node:net: ZMTP 3.1 spoken by this library itself.

import { isIP, isIPv6 } from 'node:net';
import { setImmediate } from '../../async/clock';
import { settlesWithin } from '../../async/linger';
import { splitScope, type Endpoints } from '../../wire/endpoints';
import { AddressError, attachError, stoppedError } from '../errors';
import { withScopeName } from '../interfaces';
import { locate } from '../locate';
import type { GeneralError } from '../../errors';
import { hasSpareDescriptors, isShortage, shortageError } from '../descriptors';
import type { OpenTransport, PeerCounts, Transport, TransportOptions, TransportSink } from '../transport';
import type { WireFrame } from '../../wire/message';
import { SocketEnd, type EndOptions } from './end';
import { PullEnd } from './pull';
import { PushEnd } from './push';

// libzmq's.
const HANDSHAKE_TIMEOUT_MS = 30_000;
// Letters of any script, digits, and what people use beside them.
const HOST_NAME = /^[\p{L}\p{N}._-]+$/u;
/** What a bridge needs of its own; a server's clients come on top. */
const DESCRIPTORS_PER_BRIDGE = 2;

/** Opens a bridge's two ends. As {@link OpenTransport}. */
export const openNative: OpenTransport = (endpoints, options, sink) =>
  openNativeWith({ handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS }, endpoints, options, sink);

/** What only tests set. */
export interface NativeSettings {
  readonly handshakeTimeoutMs: number;
}

/** {@link openNative} with other settings. */
export async function openNativeWith(
  settings: NativeSettings,
  endpoints: Endpoints,
  options: TransportOptions,
  sink: TransportSink,
): Promise<Transport> {
  const what = `${endpoints.server ? 'TcpServer' : 'TcpClient'} at ${endpoints.addr}`;
  // A client would find out in the background, with nobody to tell.
  if (!hasSpareDescriptors(DESCRIPTORS_PER_BRIDGE)) throw shortageError(what, undefined);
  const host = await nodeAddress(endpoints);
  const transport = new NativeTransport(settings, endpoints, host, options, sink);
  try {
    await transport.open();
    return transport;
  } catch (err) {
    // A port that was bound is free again when this rejects.
    await transport.close();
    if (isShortage(err) || isShortage((err as Error).cause)) throw shortageError(what, undefined, err);
    throw err;
  }
}

/** The address as node:net takes it. */
async function nodeAddress(endpoints: Endpoints): Promise<string> {
  const { server, addr, pullPort } = endpoints;
  const host = withScopeName(await locate(endpoints, { takesInterfaces: false }));
  const { ip, scope } = splitScope(host);
  const refuse = (why: string): GeneralError =>
    attachError(new AddressError('EINVAL', why), addr, pullPort, server);
  // Node takes letters, digits, '-' and '.' there; an interface may be called br_daq.
  if (scope !== undefined && isIPv6(ip) && !isIPv6(host)) {
    throw refuse(
      `since Node takes no interface named ${scope} there; use an IPv4 address or engine: 'libzmq'`,
    );
  }
  // Node would look it up for ever, and libzmq refuses it.
  if (!server && isIP(host) === 0 && !HOST_NAME.test(host)) {
    throw refuse('which is no IP address and no host name');
  }
  return host;
}

class NativeTransport implements Transport {
  private readonly pushEnd: PushEnd;
  private readonly pullEnd: PullEnd;
  private readonly sending: SocketEnd;
  private readonly receiving: SocketEnd;
  private readonly waiters = new Set<() => void>();
  private closing: Promise<void> | undefined;
  /** Called whenever nothing that has arrived waits. */
  private onIdle: (() => void) | undefined;

  constructor(
    settings: NativeSettings,
    private readonly endpoints: Endpoints,
    host: string,
    private readonly options: TransportOptions,
    private readonly sink: TransportSink,
  ) {
    const { sendHighWaterMark, receiveHighWaterMark, sendTimeoutMs } = options;
    const pushEnd = new PushEnd(endpoints.push, sendTimeoutMs, sendHighWaterMark, {
      onSent: sink.sent,
      onBacklog: (waiting) => sink.backlog(waiting),
      onNotSent: (accepted) => sink.notSent(accepted),
    });
    const pullEnd = new PullEnd(receiveHighWaterMark, sink, !endpoints.server);
    const end = (type: EndOptions['type'], port: number): EndOptions => ({
      ...settings,
      ...options,
      heartbeatMs: options.heartbeatMs ?? 0,
      type,
      server: endpoints.server,
      addr: endpoints.server ? host : endpoints.addr,
      port,
    });
    const changed = (): void => {
      for (const waiter of this.waiters) waiter();
    };
    this.sending = new SocketEnd(end('PUSH', endpoints.pushPort), sink, {
      joined: (connection) => {
        pushEnd.add(connection);
        changed();
      },
      left: (connection, delivered) => {
        pushEnd.remove(connection);
        if (connection.waiting > 0) sink.discarded(connection.waiting);
        delivered();
      },
      hasRoom: () => true,
      written: () => pushEnd.written(),
      detached: (...found) => sink.detached(...found),
      // A PUSH decodes no messages.
      frame: () => true,
      malformed: () => undefined,
    });
    this.receiving = new SocketEnd(end('PULL', endpoints.pullPort), sink, {
      joined: (connection) => {
        pullEnd.joined(connection);
        changed();
      },
      left: (connection, delivered) => pullEnd.left(connection, delivered),
      hasRoom: () => !pullEnd.isOverfull,
      written: () => undefined,
      detached: () => undefined,
      frame: (...arrived) => pullEnd.frame(...arrived),
      malformed: (...found) => pullEnd.malformed(...found),
    });
    pullEnd.onRoom = () => {
      this.receiving.onRoom();
      this.onIdle?.();
    };
    this.pushEnd = pushEnd;
    this.pullEnd = pullEnd;
  }

  /** Binds or connects. */
  async open(): Promise<void> {
    for (const [end, port] of [
      [this.receiving, this.endpoints.pullPort],
      [this.sending, this.endpoints.pushPort],
    ] as const) {
      try {
        await end.open();
      } catch (err) {
        throw attachError(err, this.endpoints.addr, port, this.endpoints.server);
      }
    }
    // In a turn of its own, so that whoever awaits the bridge can add slaves before the first frame.
    setImmediate(() => this.pullEnd.start());
  }

  send(frame: WireFrame): Promise<void> | undefined {
    return this.pushEnd.send(frame);
  }

  get waiting(): number {
    return this.pushEnd.waiting;
  }

  get receivesWaiting(): number {
    return this.pullEnd.waiting;
  }

  get undelivered(): number {
    return this.pullEnd.undelivered;
  }

  get peersWaiting(): number {
    return this.receiving.peersWaiting;
  }

  get reconnects(): number {
    return this.sending.reconnects + this.receiving.reconnects;
  }

  peers(): PeerCounts {
    if (this.closing !== undefined) return { send: 0, receive: 0 };
    return { send: this.sending.peerCount, receive: this.receiving.peerCount };
  }

  watchPeers(): void {
    this.sending.watch();
    this.receiving.watch();
  }

  whenConnected(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const { send, receive } = this.peers();
        if (!signal.aborted && (send === 0 || receive === 0)) return;
        this.waiters.delete(look);
        signal.removeEventListener('abort', look);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.waiters.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  /** Peers are told at once that nothing more is read; a ZeroMQ peer closes then, after what it has written. */
  async deliver(limitMs: number): Promise<void> {
    this.pushEnd.stop(stoppedError(this.endpoints));
    this.receiving.halfClose();
    const done = new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.receiving.isOpen && this.pullEnd.isIdle) resolve();
      };
      this.onIdle = look;
      this.receiving.onClosed = look;
      look();
    });
    await settlesWithin(limitMs, done);
  }

  close(): Promise<void> {
    this.closing ??= this.closeBoth();
    return this.closing;
  }

  private async closeBoth(): Promise<void> {
    this.pullEnd.stop();
    this.pushEnd.stop(stoppedError(this.endpoints));
    const [unread] = await Promise.all([this.sending.close(this.options.lingerMs), this.receiving.close(0)]);
    const [first, ...others] = unread;
    if (first === undefined) return;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    this.sink.unflushed(`the peer at ${first}${more} had not read everything that it was sent`);
  }
}
