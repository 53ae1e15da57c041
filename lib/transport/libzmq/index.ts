// The transport on the zeromq package: a PUSH and a PULL socket of libzmq in the context all bridges share.

import { Pull, Push, type Context, type Socket } from 'zeromq';
import { clearTimeout, monotonicMs, setImmediate, setTimeout } from '../../async/clock';
import { settlesWithin } from '../../async/linger';
import { endpointText, socketAddress, type Endpoints } from '../../wire/endpoints';
import { attachError, NOT_ALLOWED, stoppedError } from '../errors';
import type {
  Direction,
  OpenTransport,
  PeerCounts,
  PeerEvent,
  Transport,
  TransportOptions,
  TransportSink,
} from '../transport';
import type { WireFrame } from '../../wire/message';
import { z85Text } from '../../wire/z85';
import { Admission } from './admission';
import { closeSocket } from './close';
import { sharedContext } from './context';
import { hasSpareDescriptors, isShortage, shortageError } from '../descriptors';
import { locate } from '../locate';
import { Peers } from './peers';
import { PullEnd } from './pull';
import { PushEnd } from './push';
import { keepTrying, letGo, type Connecting } from './revive';
import { hasTcpTable } from '../tcp-table';
import { enterDomain, GONE, leaveDomain, type Knock, type Verdict } from './zap';

// A bridge's own four, the gatekeeper's, what looking up an address takes for a moment, and two connections.
const SPARE_DESCRIPTORS = 8;

// libzmq holds its own handshake against the limit, too; below its 28 bytes nobody could connect.
const MIN_MESSAGE_LIMIT_BYTES = 64;

// What libzmq's threads need on a busy machine to close what is left once the linger time is over.
const CLOSE_GRACE_MS = 2_000;

// A pipe that was full takes a moment to be filled again; nothing for this long is the end of what has arrived.
const DELIVERED_MS = 50;

// libzmq does not reconnect after a refusal. Without an answer it gives up after 30 s and tries once more.
const unanswered = (): Promise<undefined> => new Promise(() => undefined);

// How often a wait for a peer looks again; the first looks are closer together than the last.
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 40;

export { curveKeyPair as newKeyPair } from 'zeromq';

/** Opens a bridge's sockets. As {@link OpenTransport}. */
export const openLibzmq: OpenTransport = async (endpoints, options, sink) => {
  const context = sharedContext();
  const what = `${endpoints.server ? 'TcpServer' : 'TcpClient'} at ${endpoints.addr}`;
  // libzmq ends the process where it has none left to bind or connect with.
  if (!hasSpareDescriptors(SPARE_DESCRIPTORS)) throw shortageError(what, context.maxSockets);
  const sockets: Socket[] = [];
  const gates: string[] = [];
  const admission = new Admission(options.receiveHighWaterMark);
  try {
    const host = await locate(endpoints, { takesInterfaces: true });
    // Clients have no domain: libzmq ends the process when a socket with one is closed while it reconnects
    // (zeromq/libzmq issue 2476, src/zap_client.cpp; libzmq 4.3.5).
    const gate = async (direction: Direction): Promise<{ zapDomain?: string }> => {
      if (!endpoints.server) return {};
      const zapDomain = await enterDomain(async (knock) => {
        const verdict = judge(knock, direction, options, sink);
        if (verdict !== undefined || direction === 'send') return verdict;
        if (admission.isFull) return unanswered();
        return (await admission.admit()) ? undefined : GONE;
      });
      gates.push(zapDomain);
      return { zapDomain };
    };
    const ipv6 = host.includes(':');
    const pull = new Pull({ ...pullOptions(context, endpoints, options), ipv6, ...(await gate('receive')) });
    sockets.push(pull);
    const push = new Push({ ...pushOptions(context, endpoints, options), ipv6, ...(await gate('send')) });
    sockets.push(push);
    await attach(pull, host, endpoints.pullPort, endpoints);
    await attach(push, host, endpoints.pushPort, endpoints);
    const transport = new LibzmqTransport(push, pull, host, gates, endpoints, options, sink);
    admission.inflow = transport.pullEnd;
    return transport;
  } catch (err) {
    admission.close();
    // A port that was bound is free again when this rejects.
    await Promise.all(sockets.map((socket) => closeSocket(socket, undefined, CLOSE_GRACE_MS)));
    await Promise.all(gates.map(leaveDomain));
    if (isShortage(err)) throw shortageError(what, context.maxSockets, err);
    if (isShortage((err as Error).cause)) throw shortageError(what, context.maxSockets, (err as Error).cause);
    throw err;
  }
};

class LibzmqTransport implements Transport {
  /** libzmq does not tell. */
  readonly receivesWaiting = 0;
  readonly peersWaiting = 0;
  readonly pullEnd: PullEnd;
  private readonly pushEnd: PushEnd;
  private readonly sendPeers: Peers;
  private readonly receivePeers: Peers;
  private readonly connecting: readonly Connecting[] = [];
  private closing: Promise<void> | undefined;
  /** The last of the events of the receiving direction, which come after the frames before them. */
  private told: Promise<void> | undefined;

  constructor(
    private readonly push: Push,
    private readonly pull: Pull,
    host: string,
    private readonly gates: readonly string[],
    private readonly endpoints: Endpoints,
    private readonly options: TransportOptions,
    private readonly sink: TransportSink,
  ) {
    const { server, addr } = endpoints;
    const events = {
      onBacklog: (waiting: number) => sink.backlog(waiting),
      onNotSent: (accepted: boolean) => sink.notSent(accepted),
    };
    const { sendTimeoutMs, sendHighWaterMark } = options;
    const onSent = (payloadBytes: number): void => sink.sent(payloadBytes);
    this.pushEnd = new PushEnd(push, endpoints.push, sendTimeoutMs, sendHighWaterMark, events, onSent);
    this.pullEnd = new PullEnd(pull, options.maxFrameBytes, sink);
    const refused = (direction: Direction, reason: string): void =>
      sink.refused({ direction, remoteAddress: server ? undefined : addr, reason });
    const scope = { server, addr, host };
    this.sendPeers = new Peers(push, { ...scope, direction: 'send', port: endpoints.pushPort }, refused);
    this.receivePeers = new Peers(
      pull,
      { ...scope, direction: 'receive', port: endpoints.pullPort },
      refused,
    );
    // What fails in a CURVE handshake, monitors alone tell.
    if (!hasTcpTable() || options.curve !== undefined) this.requireMonitors((peers) => peers.attach());
    if (!server) {
      this.connecting = [
        {
          socket: push,
          endpoint: endpointText(host, endpoints.pushPort),
          isConnected: () => this.sendPeers.isConnected,
          settled: () => 0,
        },
        {
          socket: pull,
          endpoint: endpointText(host, endpoints.pullPort),
          isConnected: () => this.receivePeers.isConnected,
          settled: () => (this.pullEnd.waiting ? this.pullEnd.taken : undefined),
        },
      ];
      this.connecting.forEach(keepTrying);
    }
    // In a turn of its own, so that whoever awaits the bridge can add slaves before the first frame.
    setImmediate(() => void this.pullEnd.receive());
  }

  send(frame: WireFrame): Promise<void> | undefined {
    return this.pushEnd.send(frame);
  }

  get waiting(): number {
    return this.pushEnd.waiting;
  }

  get reconnects(): number {
    return this.sendPeers.reconnects + this.receivePeers.reconnects;
  }

  peers(): PeerCounts {
    if (this.closing !== undefined) return { send: 0, receive: 0 };
    const connections = this.sendPeers.count;
    const ready = this.pushEnd.hasReadyPeer(connections);
    return { send: ready ? Math.max(connections, 1) : 0, receive: this.receivePeers.count };
  }

  watchPeers(): void {
    this.requireMonitors((peers) => peers.watch((event) => this.tell(event)));
  }

  /** A `disconnect` of the receiving direction waits for the frames that its peer has left, and others wait for it. */
  private tell(event: PeerEvent): void {
    const { told } = this;
    const isLeaving = event.type === 'disconnect';
    if (event.direction === 'send' || (told === undefined && !isLeaving)) {
      this.sink.peer(event);
      return;
    }
    const { receiveHighWaterMark } = this.options;
    // What one peer of several may have left, when they are taken in turn.
    const most = (receiveHighWaterMark || Infinity) * (this.receivePeers.count + 1);
    const telling = Promise.all([told, isLeaving ? this.pullEnd.whenEmptied(most) : undefined]).then(() => {
      if (this.told === telling) this.told = undefined;
      if (this.closing === undefined) this.sink.peer(event);
    });
    this.told = telling;
  }

  get undelivered(): number {
    return this.pullEnd.undelivered;
  }

  async deliver(limitMs: number): Promise<void> {
    this.pushEnd.stop(stoppedError(this.endpoints));
    await settlesWithin(limitMs, this.pullEnd.whenEmptied(Infinity, DELIVERED_MS));
  }

  async whenConnected(signal: AbortSignal): Promise<void> {
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(lookMs * 2, LAST_LOOK_MS)) {
      signal.throwIfAborted();
      const { send, receive } = this.peers();
      if (send > 0 && receive > 0) return;
      await pause(lookMs, signal);
    }
  }

  close(): Promise<void> {
    this.closing ??= this.closeBoth();
    return this.closing;
  }

  private requireMonitors(attach: (peers: Peers) => boolean): void {
    if (attach(this.sendPeers) && attach(this.receivePeers)) return;
    throw shortageError(`watching the peers of ${this.endpoints.addr}`, sharedContext().maxSockets);
  }

  private async closeBoth(): Promise<void> {
    this.connecting.forEach(letGo);
    this.pushEnd.stop(stoppedError(this.endpoints));
    await this.pullEnd.stop();
    const limitMs = this.options.lingerMs + CLOSE_GRACE_MS;
    await Promise.all([this.closePush(limitMs), closeSocket(this.pull, this.receivePeers.monitor, limitMs)]);
    await Promise.all(this.gates.map(leaveDomain));
  }

  private async closePush(limitMs: number): Promise<void> {
    const { lingerMs } = this.options;
    const started = monotonicMs();
    await closeSocket(this.push, this.sendPeers.monitor, limitMs);
    // What it lingered for was not sent before, and libzmq does not say whether it was then.
    if (lingerMs > 0 && monotonicMs() - started >= lingerMs)
      this.sink.unflushed('accepted frames may not have left');
  }
}

function pullOptions(context: Context, endpoints: Endpoints, options: TransportOptions): object {
  return {
    context,
    linger: 0,
    receiveHighWaterMark: options.receiveHighWaterMark,
    maxMessageSize: Math.max(options.maxFrameBytes, MIN_MESSAGE_LIMIT_BYTES),
    ...reconnectOptions(options),
    ...keepAliveOptions(options),
    ...curveOptions(endpoints, options),
  };
}

function pushOptions(context: Context, endpoints: Endpoints, options: TransportOptions): object {
  return {
    context,
    // Nothing is queued for a peer that is not there, as in Rogue.
    immediate: true,
    linger: options.lingerMs,
    sendHighWaterMark: options.sendHighWaterMark,
    // A PUSH socket never reads messages; this limits what a peer can make it allocate.
    maxMessageSize: Math.max(options.maxFrameBytes, MIN_MESSAGE_LIMIT_BYTES),
    sendTimeout: 0,
    ...reconnectOptions(options),
    ...heartbeatOptions(options),
    ...curveOptions(endpoints, options),
  };
}

function reconnectOptions({ reconnectMs, reconnectMaxMs }: TransportOptions): object {
  return { reconnectInterval: reconnectMs, reconnectMaxInterval: reconnectMaxMs ?? 0 };
}

/**
 * For a PULL, whose peer the kernel can ask. libzmq's own heartbeats are not read while the pipe is full: they would end a
 * connection that is merely ahead of its reader, and with it the process, by an assertion in restart_input
 * (zeromq/libzmq src/stream_engine_base.cpp).
 */
function keepAliveOptions({ heartbeatMs }: TransportOptions): object {
  if (heartbeatMs === undefined) return {};
  const seconds = Math.ceil(heartbeatMs / 1000);
  return {
    tcpKeepalive: 1,
    tcpKeepaliveIdle: seconds,
    tcpKeepaliveInterval: seconds,
    tcpKeepaliveCount: 1,
  };
}

/** For a PUSH. The timeout begins with the PING that was not answered, so a peer is gone within three intervals. */
function heartbeatOptions({ heartbeatMs }: TransportOptions): object {
  if (heartbeatMs === undefined) return {};
  return { heartbeatInterval: heartbeatMs, heartbeatTimeout: 2 * heartbeatMs };
}

function curveOptions({ server }: Endpoints, { curve }: TransportOptions): object {
  if (curve === undefined) return {};
  const { publicKey, secretKey, serverKey } = curve;
  return server
    ? { curveServer: true, curveSecretKey: secretKey }
    : { curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: serverKey };
}

/** What the gatekeeper says to a peer of this bridge. */
function judge(
  { address, key }: Knock,
  direction: Direction,
  { allow, curve }: TransportOptions,
  sink: TransportSink,
): Verdict {
  const { clientKeys } = curve ?? {};
  let reason: Verdict;
  if (allow?.has(address) === false) reason = NOT_ALLOWED;
  else if (clientKeys !== undefined && (key === undefined || !clientKeys.includes(z85Text(key)))) {
    reason = 'has a key that curve.clientKeys does not name';
  }
  if (reason !== undefined) sink.refused({ direction, remoteAddress: socketAddress(address), reason });
  return reason;
}

async function attach(
  socket: Socket,
  host: string,
  port: number,
  { server, addr }: Endpoints,
): Promise<void> {
  const endpoint = endpointText(host, port);
  try {
    if (server) await socket.bind(endpoint);
    else socket.connect(endpoint);
  } catch (err) {
    throw attachError(err, addr, port, server);
  }
}

/** Waits `ms`, or less when the signal comes. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
