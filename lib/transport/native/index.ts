// The transport on node:net: ZMTP 3.1 spoken by this library itself.

import { setImmediate } from '../../async/clock';
import type { Endpoints } from '../../wire/endpoints';
import { Admission } from '../admission';
import { attachError, stoppedError } from '../errors';
import { hasSpareDescriptors, isShortage, shortageError } from '../descriptors';
import type { OpenTransport, PeerCounts, Transport, TransportOptions, TransportSink } from '../transport';
import type { WireFrame } from '../../wire/message';
import { SocketEnd, type EndOptions } from './end';
import { PullEnd } from './pull';
import { PushEnd } from './push';

// libzmq's.
const HANDSHAKE_TIMEOUT_MS = 30_000;
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
  const transport = new NativeTransport(settings, endpoints, options, sink);
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

class NativeTransport implements Transport {
  private readonly pushEnd: PushEnd;
  private readonly pullEnd: PullEnd;
  private readonly sending: SocketEnd;
  private readonly receiving: SocketEnd;
  private readonly waiters = new Set<() => void>();
  private closing: Promise<void> | undefined;

  constructor(
    settings: NativeSettings,
    private readonly endpoints: Endpoints,
    private readonly options: TransportOptions,
    sink: TransportSink,
  ) {
    const { sendHighWaterMark, receiveHighWaterMark, sendTimeoutMs } = options;
    const pushEnd = new PushEnd(endpoints.push, sendTimeoutMs, sendHighWaterMark, {
      onSent: sink.sent,
      onBacklog: (waiting) => sink.backlog(waiting),
      onNotSent: (accepted) => sink.notSent(accepted),
    });
    const pullEnd = new PullEnd(receiveHighWaterMark, sink, !endpoints.server);
    const admission = new Admission(receiveHighWaterMark);
    admission.inflow = pullEnd;
    const end = (type: EndOptions['type'], port: number, gate?: Admission): EndOptions => ({
      ...settings,
      ...options,
      heartbeatMs: options.heartbeatMs ?? 0,
      type,
      server: endpoints.server,
      addr: endpoints.addr,
      port,
      gate,
    });
    const changed = (): void => {
      for (const waiter of this.waiters) waiter();
    };
    this.sending = new SocketEnd(end('PUSH', endpoints.pushPort), sink, {
      joined: (connection) => {
        pushEnd.add(connection);
        changed();
      },
      left: (connection) => {
        pushEnd.remove(connection);
        if (connection.waiting > 0) sink.discarded(connection.waiting);
      },
      written: () => pushEnd.written(),
      // A PUSH decodes no messages.
      frame: () => true,
      malformed: () => undefined,
    });
    this.receiving = new SocketEnd(end('PULL', endpoints.pullPort, admission), sink, {
      joined: changed,
      left: (connection) => pullEnd.left(connection),
      written: () => undefined,
      frame: (...arrived) => pullEnd.frame(...arrived),
      malformed: (...found) => pullEnd.malformed(...found),
    });
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

  close(): Promise<void> {
    this.closing ??= this.closeBoth();
    return this.closing;
  }

  private async closeBoth(): Promise<void> {
    this.pullEnd.stop();
    this.pushEnd.stop(stoppedError(this.endpoints));
    await Promise.all([this.sending.close(this.options.lingerMs), this.receiving.close(0)]);
  }
}
