// The bridge: a master and a slave whose other half is in another process.
// slaclab/rogue src/rogue/interfaces/stream/TcpCore.cpp.

import type { Writable } from 'node:stream';
import type { WaitFrameCountOptions } from '../async/count-waiters';
import { dateNow, deadline, MAX_TIMER_MS, nextTick } from '../async/clock';
import { Refusals } from '../async/refusals';
import { describeError, GeneralError, show } from '../errors';
import { Logging } from '../logging';
import { Frame, isFrame, notAFrame } from '../stream/frame';
import { FrameWritable, type FrameStreamOptions } from '../stream/node-streams';
import { Slave, type FrameSlave } from '../stream/slave';
import type { Engine } from '../transport/engines';
import type { ConnectFailure, PeerEvent, Refusal, TransportSink } from '../transport/socket';
import { openTransport, type Transport } from '../transport/transport';
import { checkBoolean, checkInteger, checkOptionNames, checkSignal } from '../validate';
import { endpointsOf, hostPort, isLoopback, type Endpoints } from '../wire/endpoints';
import { BridgeLog } from './bridge-log';
import {
  detachedError,
  lingerError,
  noPeerError,
  noSlaveError,
  receivingError,
  unsendableError,
} from './errors';
import { EventMaster } from './event-master';
import type { TcpEvents } from './events';
import { Meters } from './meters';
import { resolveOptions, type ResolvedOptions, type TcpCoreOptions, type TcpOptions } from './options';
import { registry, type BridgeIdentity } from './registry';
import { newCounters, type TcpStats } from './stats';

/** How long, and for how long at most, to wait for a peer. */
export interface WaitForPeerOptions {
  /** Default: for as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How {@link TcpCore.stop} ends a bridge. */
export interface StopOptions {
  /** How long to go on giving the slaves what has arrived, in ms; default 0. */
  readonly deliverMs?: number;
}

/**
 * One end of a stream TCP bridge. {@link send} sends a frame to a peer, and so does a master that the bridge is a slave
 * of; frames that arrive go to the slaves added to the bridge. Use `TcpServer.create` or `TcpClient.create`.
 */
export class TcpCore extends EventMaster implements FrameSlave, AsyncDisposable {
  readonly retainsFrames = true;
  /** `pyrogue.stream.TcpCore.<addr>.<Server|Client>.<port>` */
  readonly logName: string;
  /** @internal What metrics are made of, beside {@link stats}. */
  readonly meters = new Meters();
  private readonly log: Logging;
  private readonly bridgeLog: BridgeLog;
  private readonly counters = newCounters();
  private readonly accepted = new Slave();
  private readonly stopping = new AbortController();
  private readonly writables = new Set<Writable>();
  private readonly refusals = new Refusals();
  private stopped: Promise<void> | undefined;
  private transport!: Transport;

  /** Use `create`: opening a port takes a moment. */
  protected constructor(
    private readonly endpoints: Endpoints,
    private readonly port: number,
    private readonly options: ResolvedOptions,
  ) {
    super();
    // From JavaScript.
    if (typeof endpoints !== 'object') {
      const { name } = new.target;
      throw new TypeError(
        `a ${name} is made by 'await ${name}.create(addr, port, options)', not by 'new': opening its ports takes a moment`,
      );
    }
    const role = endpoints.server ? 'Server' : 'Client';
    this.bridgeLog = new BridgeLog(`stream.TcpCore.${endpoints.addr}.${role}.${port}`);
    this.log = this.bridgeLog.log;
    this.logName = this.log.name;
  }

  /**
   * A bridge of either role.
   *
   * @param addr for a server the local address, host name or interface to bind, `*` for every interface; for a client
   *   the server's address or host name.
   * @param port base port P, 1..65534; the bridge uses P and P + 1.
   * @throws {TypeError} {RangeError} for a wrong argument, before any socket is opened.
   * @throws {GeneralError} `ERR_BIND`, `ERR_CONNECT`, `ERR_TOO_MANY_OPEN_FILES`; nothing stays open then.
   */
  static create(addr: string, port: number, options: TcpCoreOptions): Promise<TcpCore> {
    // From JavaScript.
    if (typeof (options as unknown) !== 'object' || (options as unknown) === null) {
      const text = `the options of TcpCore are ${show(options)}, but must be an object with server: true or false`;
      return Promise.reject(new TypeError(text));
    }
    const { server, ...rest } = options;
    return TcpCore.open((...made) => new TcpCore(...made), 'TcpCore', addr, port, rest, server);
  }

  /** @internal What the three `create`s share. */
  protected static async open<T extends TcpCore>(
    make: (endpoints: Endpoints, port: number, options: ResolvedOptions) => T,
    what: string,
    addr: string,
    port: number,
    options: TcpOptions,
    server: boolean,
  ): Promise<T> {
    const endpoints = endpointsOf(addr, port, checkBoolean('server', server));
    const bridge = make(endpoints, port, resolveOptions(what, options, server));
    await bridge.start();
    return bridge;
  }

  /** What carries this bridge's frames: `'native'`, this library itself, or `'libzmq'`, the zeromq package. */
  get engine(): Engine {
    return this.options.engine;
  }

  /** @internal What this bridge is called in metrics: its address, base port and role. */
  get identity(): BridgeIdentity {
    const { addr, server } = this.endpoints;
    return { bridge: hostPort(addr, this.port), role: server ? 'server' : 'client' };
  }

  /** Frames accepted from masters, as `Slave.frameCount`. */
  get frameCount(): number {
    return this.accepted.frameCount;
  }

  /** Payload bytes accepted from masters, as `Slave.byteCount`. */
  get byteCount(): number {
    return this.accepted.byteCount;
  }

  /** As `Slave.waitFrameCount`, for {@link frameCount}. What has arrived is counted in `stats` and by the slaves. */
  waitFrameCount(count: number, options?: WaitFrameCountOptions): Promise<boolean> {
    return this.accepted.waitFrameCount(count, options);
  }

  /** As `Slave.setDebug`, for the frames this bridge is given to send. */
  setDebug(maxBytes: number, name: string): void {
    this.accepted.setDebug(maxBytes, name);
  }

  /**
   * Sends one frame to a peer: `await tcp.send(frame)`. Returns undefined when a peer's high-water mark had room for it,
   * else a promise that settles when one has: it waits, in the order of the calls, while no peer is connected or none
   * has room. Accepted is not yet arrived.
   *
   * The payload is referenced until it is on the wire: do not write to it, or transfer it to a worker, after this call.
   * That of a frame from `reqFrame` is gone then, and its memory used again.
   *
   * Rejects with a {@link GeneralError}: `ERR_EMPTY_FRAME`, `ERR_FRAME_TOO_LARGE`, `ERR_SEND_TIMEOUT`,
   * `ERR_PAYLOAD_DETACHED`, `ERR_FRAME_RELEASED`, `ERR_BRIDGE_STOPPED`; then the frame was not sent.
   */
  send(frame: Frame): Promise<void> | undefined {
    const refusal = this.refusalOf(frame);
    if (refusal !== undefined) return this.refuse(refusal);
    this.accepted.acceptFrame(frame) as undefined;
    frame.beginUse();
    return this.transport.sendQueue.send(frame);
  }

  /** What a master calls: {@link send}. */
  acceptFrame(frame: Frame): void | Promise<void> {
    return this.send(frame);
  }

  /**
   * Gives the frame to the slaves of this bridge, as if it had arrived; as in Rogue it does not send it to a peer.
   * {@link send} does.
   *
   * Rejects with a {@link GeneralError} `ERR_NO_SLAVE` on a bridge without slaves, where the frame would go nowhere.
   */
  override sendFrame(frame: Frame): Promise<void> {
    if (this.slaveCount > 0 || !isFrame(frame)) return super.sendFrame(frame);
    return this.refusals.reject(noSlaveError());
  }

  /**
   * A Node stream of objects for `pipeline()`: each {@link Frame} written to it is sent, one after the other. What a
   * send rejects with destroys it. Destroying it leaves this bridge as it is.
   */
  writable(options?: FrameStreamOptions): Writable {
    const writable = new FrameWritable(this, options);
    this.writables.add(writable);
    // When pipeline() listens: it does not begin with one that is destroyed already.
    if (this.stopped !== undefined) nextTick(() => writable.destroy(this.stopReason));
    return writable.once('close', () => this.writables.delete(writable));
  }

  /** True while both directions have a peer. */
  get connected(): boolean {
    const { send, receive } = this.transport.peers();
    return send > 0 && receive > 0;
  }

  /**
   * Resolves when both directions have a peer, at once when they have already.
   *
   * @throws {GeneralError} `ERR_PEER_TIMEOUT`; `ERR_BRIDGE_STOPPED` when the bridge is stopped first.
   * @throws the signal's reason when it is aborted first.
   */
  async waitForPeer(options: WaitForPeerOptions = {}): Promise<void> {
    checkOptionNames('the options of waitForPeer', options, ['timeoutMs', 'signal']);
    const { timeoutMs, signal } = options;
    if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, 0, MAX_TIMER_MS);
    // Not AbortSignal.any(): a signal that lives as long as the bridge would remember every wait.
    const waiting = new AbortController();
    const sources = [this.stopping.signal, checkSignal(signal)].filter((source) => source !== undefined);
    const onAbort = (): void => waiting.abort(sources.find(({ aborted }) => aborted)?.reason);
    const cancel =
      timeoutMs === undefined
        ? undefined
        : deadline(timeoutMs, () =>
            waiting.abort(noPeerError(this.endpoints, timeoutMs, this.counters.lastConnectError)),
          );
    for (const source of sources) source.addEventListener('abort', onAbort);
    try {
      if (sources.some(({ aborted }) => aborted)) onAbort();
      await this.transport.whenConnected(waiting.signal);
    } finally {
      cancel?.();
      for (const source of sources) source.removeEventListener('abort', onAbort);
    }
  }

  /** A snapshot of the counters; what each means is at {@link TcpStats}. */
  get stats(): TcpStats {
    const { transport, counters } = this;
    return {
      ...counters,
      sendsWaiting: transport.sendsWaiting,
      receivesWaiting: transport.receivesWaiting,
      undelivered: transport.undelivered,
      peersWaiting: transport.peersWaiting,
      peers: transport.peers(),
      reconnects: transport.reconnects,
      lastFrameAt: this.meters.lastFrameAt,
    };
  }

  /**
   * Ends the bridge within about `lingerMs` and `deliverMs`, whatever is going on; further calls return the same promise.
   * What was accepted for sending is flushed to connected peers, sends that still wait reject with
   * `ERR_BRIDGE_STOPPED`, nothing is delivered to slaves any more, and when this resolves the ports are free.
   * What `frames()` and `readable()` have handed out ends; a `writable()` is destroyed with `ERR_BRIDGE_STOPPED`.
   *
   * @param options `deliverMs`: how long to go on giving the slaves what has arrived, in ms; default 0, as Rogue. Peers are
   *   told at once that nothing more is read. What is left then is counted in `stats.undelivered`.
   */
  override stop(options: StopOptions = {}): Promise<void> {
    checkOptionNames('the options of stop', options, ['deliverMs']);
    const deliverMs = checkInteger('deliverMs', options.deliverMs ?? 0, 0, MAX_TIMER_MS);
    this.stopped ??= this.end(deliverMs);
    return this.stopped;
  }

  /** @deprecated As in Rogue: use {@link stop}. */
  close(): Promise<void> {
    return this.stop();
  }

  /** {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async start(): Promise<void> {
    const { server, pull, push } = this.endpoints;
    const role = server ? 'server' : 'client';
    this.log.debug(`Creating pull ${role} port: ${pull}`);
    this.log.debug(`Creating push ${role} port: ${push}`);
    this.transport = await openTransport(this.options.engine, this.endpoints, this.options, this.sink());
    this.log.debug(`TCP stream bridge ready. pull=${pull} push=${push}`);
    registry.enter(this);
    const { allow, curve } = this.options;
    if (server && allow === undefined && curve === undefined && !isLoopback(this.endpoints.addr)) {
      this.log.warning(
        `Ports ${this.port} and ${this.port + 1} are open to everyone who can reach ${this.endpoints.addr}: name those who may connect in allow`,
      );
    }
  }

  private async end(deliverMs: number): Promise<void> {
    const { pull, push, addr } = this.endpoints;
    this.log.debug(`Stopping TCP stream bridge. pull=${pull} push=${push}`);
    const reason = new GeneralError('ERR_BRIDGE_STOPPED', `the bridge at ${addr}:${this.port} was stopped`);
    this.stopping.abort(reason);
    for (const writable of this.writables) writable.destroy(reason);
    const { discarded } = this.counters;
    if (deliverMs > 0) await this.transport.deliver(deliverMs);
    this.finish();
    this.accepted.endWaits();
    await this.transport.close();
    registry.leave(this);
    this.removeAllListeners();
    const lost = this.counters.discarded - discarded;
    if (lost > 0) this.onUnflushed(`${lost} accepted frames had not left`);
    const { undelivered } = this.transport;
    if (undelivered > 0) {
      this.log.warning(
        `${undelivered} frames that had arrived were not delivered: stop() came first; stop({ deliverMs }) gives the slaves time`,
      );
    }
  }

  private sink(): TransportSink {
    return {
      frame: (payload, flags, channel, error, slot) =>
        this.receive(new Frame(payload, { flags, channel, error }).lieIn(slot, true)),
      malformed: (reason) => {
        this.counters.malformed += 1;
        this.bridgeLog.onMalformed(reason);
      },
      peer: (event) => this.onPeer(event),
      backlog: (waiting) => this.bridgeLog.onBacklog(waiting),
      sent: (payloadBytes, channel) => this.countSent(payloadBytes, channel),
      notSent: (accepted) => {
        this.counters.notSent += 1;
        if (accepted) this.bridgeLog.onLost(undefined);
      },
      discarded: (frames) => {
        this.counters.discarded += frames;
        this.bridgeLog.onLost(frames);
      },
      detached: (frames, written) => this.onDetached(frames, written),
      unflushed: (what) => {
        if (this.counters.framesSent > 0) this.onUnflushed(what);
      },
      refused: (refusal) => this.onRefused(refusal),
      connectFailed: (failure) => this.onConnectFailed(failure),
      gate: (waiting) => this.bridgeLog.onGate(waiting),
      failed: (cause) => {
        const err = receivingError(this.endpoints.pull, cause);
        this.fail(err);
        this.finish(err);
      },
    };
  }

  protected override onUnread(frames: number): void {
    this.counters.unread += frames;
    super.onUnread(frames);
  }

  private receive(frame: Frame): undefined | Promise<void> {
    const { counters, log } = this;
    counters.framesReceived += 1;
    counters.bytesReceived += frame.size;
    this.meters.receive.note(frame.channel, frame.size);
    if (log.level <= Logging.Debug) log.debug(`Pulled frame with size ${frame.size}`);
    if (this.slaveCount === 0) {
      frame.release();
      counters.withoutSlave += 1;
      if (counters.withoutSlave === 1) log.warning('Frames arrive and go nowhere: this bridge has no slave');
      return undefined;
    }
    return this.deliver(frame)?.catch((err: unknown) => {
      counters.slaveErrors += 1;
      this.fail(err instanceof Error ? err : new Error(`a slave threw ${describeError(err)}`));
    });
  }

  private refusalOf(frame: Frame): Error | undefined {
    if (!isFrame(frame)) return notAFrame(frame);
    if (frame.isReleased) return frame.releasedError();
    const unsendable = unsendableError(frame.payload.length, this.options.allowEmptyFrames);
    if (unsendable !== undefined) return unsendable;
    return this.stopped === undefined ? undefined : this.stopReason;
  }

  private get stopReason(): GeneralError {
    return this.stopping.signal.reason as GeneralError;
  }

  private refuse(refusal: Error): Promise<void> {
    this.counters.refused += 1;
    return this.refusals.reject(refusal);
  }

  private countSent(payloadBytes: number, channel: number): void {
    this.counters.framesSent += 1;
    this.counters.bytesSent += payloadBytes;
    this.meters.send.note(channel, payloadBytes);
    if (this.log.level <= Logging.Debug) {
      this.log.debug(`Pushed TCP frame with size ${payloadBytes} on ${this.endpoints.push}`);
    }
  }

  private onDetached(frames: number, written: boolean): void {
    if (!written) this.counters.discarded += frames;
    this.fail(detachedError(frames, written));
  }

  private onConnectFailed(failure: ConnectFailure): void {
    this.bridgeLog.onRetry(failure);
    const info = { ...failure, at: dateNow() };
    this.counters.lastConnectError = info;
    this.emit('retry', info);
  }

  private onPeer(event: PeerEvent): void {
    this.bridgeLog.onPeer(event);
    const { type, direction, remoteAddress } = event;
    this.emit(type, { direction, remoteAddress });
  }

  private onRefused(refusal: Refusal): void {
    this.counters.refusedPeers += 1;
    const { pushPort, pullPort } = this.endpoints;
    this.bridgeLog.onRefused(refusal, refusal.direction === 'send' ? pushPort : pullPort);
  }

  /** Logs, remembers and reports what no caller can be told. */
  private fail(err: Error): void {
    this.bridgeLog.onError(err);
    this.counters.lastError = err;
    this.emit('error', err);
  }

  /** Kept in `stats`: the listeners are already gone. */
  private onUnflushed(what: string): void {
    const err = lingerError(this.options.lingerMs, what);
    this.counters.lastError = err;
    this.log.warning(err.message);
  }

  protected override beforeListening(event: keyof TcpEvents): void {
    if ((event === 'connect' || event === 'disconnect') && this.stopped === undefined)
      this.transport.watchPeers();
  }
}
