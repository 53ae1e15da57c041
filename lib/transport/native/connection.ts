// One TCP connection that speaks ZMTP: greeting, handshake, heartbeats, then frames one way.
// zeromq/rfc 37; zeromq/libzmq src/stream_engine_base.cpp, src/zmtp_engine.cpp.

import type { Socket } from 'node:net';
import { deadline } from '../../async/clock';
import { payloadPool, type PayloadSlot } from '../../memory/payload-pool';
import { hostPort } from '../../wire/endpoints';
import type { WireFrame } from '../../wire/message';
import { checkReady, PING, readPing, readyCommand } from '../../zmtp/command';
import { Decoder, type DecoderSink } from '../../zmtp/decoder';
import { BATCH_BYTES, Encoder, newBatchPool, type Batch } from '../../zmtp/encoder';
import { flushSoon, type Flushable } from './flusher';
import { GREETING, GreetingReader } from '../../zmtp/greeting';
import { Liveness, type Watched } from './liveness';
import { ProtocolError, type SocketType } from '../../zmtp/protocol';
import { ReadMemory } from '../../zmtp/read-memory';
import { readToTheEnd, type ByteReader } from './tcp-sockets';

/** What is the same for all connections of one socket. */
export interface ConnectionOptions {
  readonly type: SocketType;
  readonly maxFrameBytes: number;
  /** Messages that may wait for this peer; 0 for no limit. */
  readonly sendHighWaterMark: number;
  /** Bytes of them, with what ZMTP adds; 0 for no limit. One message may wait however large it is. */
  readonly sendHighWaterBytes: number;
  /** 0 for none. */
  readonly heartbeatMs: number;
  readonly handshakeTimeoutMs: number;
}

/** What a connection tells the socket it belongs to. */
export interface ConnectionOwner {
  /** The handshake is done. */
  ready(connection: Connection): void;
  /** A frame has arrived. False holds back the next one until {@link Connection.resume}. */
  frame(connection: Connection, ...frame: Parameters<DecoderSink['frame']>): boolean;
  malformed(parts: number, sizesBytes: readonly number[]): void;
  /** Frames have been written: there may be room for more. */
  written(connection: Connection): void;
  /**
   * The memory of frames that had been accepted was transferred away. They were left out; or, when `written`, the
   * kernel was reading it at that time, and what arrives may not be what was sent.
   */
  detached(frames: number, written: boolean): void;
  /** It is over. `fault` says what the peer did, or did not do in time, where that is the reason. */
  closed(connection: Connection, wasReady: boolean, fault: ProtocolError | undefined): void;
}

// One write. More would only be cut by the kernel's buffers, and a frame counts until its write is done.
const MAX_WRITE_BYTES = 1024 * 1024;
const memory = new ReadMemory(payloadPool);
const pool = newBatchPool();

/** One connection to one peer, from the attempt to make it to its end. */
export class Connection implements ByteReader, DecoderSink, Flushable, Watched {
  /** `<address>:<port>` of the peer. */
  remoteAddress = '';
  /** What the system said when the connection failed. */
  error: Error | undefined;
  private socket: Socket | undefined;
  private readonly greeting = new GreetingReader();
  private greetingSent = 0;
  private readonly decoder: Decoder;
  private readonly encoder = new Encoder(pool);
  private isReady = false;
  private isClosed = false;
  private isEnding = false;
  private fault: ProtocolError | undefined;
  /** Messages of the write under way. */
  private writing: Batch | undefined;
  private flushPending = false;
  /** Calls off the time limit of the handshake. */
  private endHandshake: () => void = () => undefined;
  private readonly liveness: Liveness;
  /** True once the peer has been sent a frame. */
  hasSent = false;
  /** True once a PULL can write no more: a write has failed, or its half is closed. What arrives is still read. */
  private isMute = false;
  private onDrained: (() => void) | undefined;
  private onGone!: () => void;
  /** Resolves when the descriptor is closed. */
  readonly gone = new Promise<void>((resolve) => (this.onGone = resolve));

  constructor(
    private readonly options: ConnectionOptions,
    private readonly owner: ConnectionOwner,
  ) {
    const { type, maxFrameBytes, heartbeatMs } = options;
    this.liveness = new Liveness(heartbeatMs, this);
    this.decoder = new Decoder(this, memory, { messages: type === 'PULL', maxFrameBytes });
  }

  /** Begins to speak once this socket, which this connection reads, is connected. */
  connect(socket: Socket): void {
    this.watch(socket);
    socket.once('connect', () => {
      if (isSelfConnect(socket)) this.leaveItself(socket);
      else this.start();
    });
  }

  /** The kernel has connected an attempt on a free port to itself. While that lasts, the port's server cannot bind it. */
  private leaveItself(socket: Socket): void {
    this.error = Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' });
    // Without TIME_WAIT.
    socket.resetAndDestroy();
    this.finish();
  }

  /** Begins to speak on a socket that was accepted, and which this connection reads. */
  accept(socket: Socket): void {
    this.watch(socket);
    this.start();
  }

  private watch(socket: Socket): void {
    this.socket = socket;
    if (this.options.type === 'PULL') readToTheEnd(socket);
    // 'close' comes next.
    socket.on('error', (err) => (this.error ??= err));
    // A peer that has closed its half neither takes nor sends frames any more.
    socket.once('end', () => this.destroy());
    socket.once('close', () => {
      this.finish();
      this.onGone();
    });
  }

  private start(): void {
    if (this.isClosed) return;
    const { remoteAddress = '', remotePort = 0 } = this.socket!;
    this.remoteAddress = hostPort(remoteAddress, remotePort);
    const { handshakeTimeoutMs } = this.options;
    this.endHandshake = deadline(handshakeTimeoutMs, () => {
      this.fail(new ProtocolError(`did not finish its ZMTP handshake within ${handshakeTimeoutMs / 1000} s`));
    });
    this.reply();
  }

  /** True once TCP has connected. */
  get started(): boolean {
    return this.remoteAddress !== '';
  }

  /** True from the end of the handshake to the end of the connection. */
  get ready(): boolean {
    return this.isReady && !this.isClosed;
  }

  get isHeld(): boolean {
    return this.decoder.held;
  }

  get isOver(): boolean {
    return this.isEnding || this.isClosed;
  }

  ping(): void {
    this.sendCommand(PING);
  }

  /** Messages accepted and not yet in the hands of the kernel. */
  get waiting(): number {
    return this.encoder.messages + (this.writing?.messages ?? 0);
  }

  /** Whether a frame with a payload of so many bytes fits within the high-water marks. */
  hasRoom(payloadBytes: number): boolean {
    const { sendHighWaterMark, sendHighWaterBytes } = this.options;
    const { waiting } = this;
    if (waiting === 0) return true;
    if (sendHighWaterMark !== 0 && waiting >= sendHighWaterMark) return false;
    if (sendHighWaterBytes === 0) return true;
    const waitingBytes = this.encoder.bytes + (this.writing?.bytes ?? 0);
    return waitingBytes + payloadBytes <= sendHighWaterBytes;
  }

  /** Takes a frame, for which there is room; it is written by the end of this turn, if the kernel takes it. */
  send(frame: WireFrame): void {
    const { encoder } = this;
    encoder.add(frame);
    this.hasSent = true;
    if (this.writing !== undefined) return;
    if (encoder.bytes >= BATCH_BYTES) this.flush();
    else this.flushLater();
  }

  /** Writes what waits, unless a write is under way. */
  flush(): void {
    const { encoder } = this;
    this.flushPending = false;
    if (this.writing !== undefined || this.isClosed) return;
    if (this.socket!.destroyed) {
      this.finish();
      return;
    }
    while (!encoder.empty && !this.hasEnded()) {
      if (!this.write(encoder.take(MAX_WRITE_BYTES))) return;
      this.owner.written(this);
    }
  }

  /** Goes on after the frame that the owner held at. */
  resume(): void {
    // What came before the peer left is still delivered; what it did wrong ends it there.
    if (this.fault !== undefined) return;
    this.decodeRest();
    if (!this.decoder.held && !this.isClosed) this.socket?.resume();
  }

  /** Decodes what has been read and was held back; the owner holds back no more. */
  decodeRest(): void {
    this.guard(() => this.decoder.resume());
  }

  /** Tells the peer that nothing it sends from now on is read. Frames that it has sent already still come. */
  halfClose(): void {
    if (!this.ready) {
      this.destroy();
      return;
    }
    // Not even an answer to a PING can follow.
    this.isMute = true;
    this.socket!.end();
  }

  /**
   * Says that nothing more will come, once everything is in the hands of the kernel, and resolves when the peer has
   * read it and closed. Closing at once could cost the peer what it has not read yet: were it to write to us then, or
   * had it written already, the kernel would answer with a reset, which throws that away.
   */
  async end(): Promise<void> {
    this.isEnding = true;
    // It has been given nothing yet.
    if (!this.isReady) this.destroy();
    this.flush();
    if (this.waiting > 0 && !this.isClosed) await new Promise<void>((resolve) => (this.onDrained = resolve));
    this.socket?.end();
    await this.gone;
  }

  /** Ends the connection at once; {@link gone} tells when its descriptor is closed. */
  destroy(): void {
    this.socket?.destroy();
    this.finish();
  }

  nextBuffer(): Buffer {
    return this.decoder.nextBuffer();
  }

  filled(length: number): boolean {
    this.liveness.hear();
    if (this.greeting.complete) this.guard(() => this.decoder.filled(length));
    else this.greet(memory.scratch.subarray(0, length));
    return !this.decoder.held;
  }

  chunk(bytes: Buffer): boolean {
    this.liveness.hear();
    if (this.greeting.complete) this.guard(() => this.decoder.write(bytes));
    else this.greet(bytes);
    return !this.decoder.held;
  }

  private greet(bytes: Buffer): void {
    this.guard(() => {
      const taken = this.greeting.write(bytes);
      this.reply();
      if (taken < bytes.length) this.decoder.write(bytes.subarray(taken));
    });
  }

  /** Sends as much of our greeting as is due, and READY behind it. */
  private reply(): void {
    const { greeting, socket } = this;
    const due = greeting.replyBytes;
    if (due > this.greetingSent) socket?.write(GREETING.subarray(this.greetingSent, due));
    this.greetingSent = due;
    if (greeting.complete) socket?.write(readyCommand(this.options.type));
  }

  /** The body of the peer's first frame. */
  first(body: Buffer): void {
    checkReady(body, this.options.type);
    this.endHandshake();
    this.isReady = true;
    this.liveness.start(this.socket!);
    this.owner.ready(this);
  }

  frame(payload: Buffer, flags: number, channel: number, error: number, slot?: PayloadSlot): boolean {
    // It may have come in one read with the PING that set the timer.
    if (this.liveness.isLimited) this.liveness.hear();
    return this.owner.frame(this, payload, flags, channel, error, slot);
  }

  malformed(parts: number, sizesBytes: readonly number[]): void {
    this.owner.malformed(parts, sizesBytes);
  }

  command(body: Buffer): void {
    const ping = readPing(body);
    // It may have waited here, held back, until after the end.
    if (ping === undefined || this.isClosed) return;
    this.sendCommand(ping.pong);
    if (ping.ttlMs > 0) this.liveness.expectWithin(ping.ttlMs);
  }

  private sendCommand(bytes: Buffer): void {
    if (this.isEnding || this.isMute) return;
    // After a write that does not end, one of a kind is enough.
    if (this.writing !== undefined && this.encoder.commandCount > 0) return;
    this.encoder.addCommand(bytes);
    if (this.writing === undefined) this.flushLater();
  }

  /** What is written after this turn's code is written together. */
  private flushLater(): void {
    if (this.flushPending) return;
    this.flushPending = true;
    flushSoon(this);
  }

  /** False when the kernel has not taken all of it yet. */
  private write(batch: Batch): boolean {
    this.writing = batch;
    const isTaken = batch.chunks.length === 0 || this.writeChunks(batch);
    if (isTaken) this.endWrite(batch);
    // A listener may do anything, so it is told of a batch that is on its way, or out.
    if (batch.detached > 0) this.owner.detached(batch.detached, false);
    return isTaken;
  }

  private writeChunks(batch: Batch): boolean {
    const socket = this.socket!;
    const { chunks } = batch;
    const last = chunks.length - 1;
    if (last > 0) socket.cork();
    for (let i = 0; i < last; i++) socket.write(chunks[i]!);
    socket.write(chunks[last]!, (err) => this.onWriteDone(batch, err));
    if (last > 0) socket.uncork();
    // The kernel has taken all of it already, of which Node tells only later, as it does of a failure.
    return socket.writableLength === 0 && socket.errored === null;
  }

  private onWriteDone(batch: Batch, err: Error | null | undefined): void {
    if (this.writing !== batch) return;
    if (!err) {
      this.onWritten(batch);
      return;
    }
    if (this.options.type === 'PULL') {
      // It writes commands alone.
      this.isMute = true;
      this.writing = undefined;
    } else {
      // The frames of this write are lost with the connection; those that wait go to another.
      this.destroy();
    }
  }

  private onWritten(batch: Batch): void {
    if (this.isClosed) return;
    // No chunk was empty when it was written.
    const detached = batch.chunks.filter(({ length }) => length === 0).length;
    this.endWrite(batch);
    if (detached > 0) this.owner.detached(detached, true);
    this.flush();
    this.owner.written(this);
    if (this.waiting === 0) this.onDrained?.();
  }

  /** A call, because a listener may end the connection. */
  private hasEnded(): boolean {
    return this.isClosed;
  }

  private endWrite(batch: Batch): void {
    this.writing = undefined;
    this.encoder.written(batch);
  }

  private guard(decode: () => void): void {
    try {
      decode();
    } catch (err) {
      if (!(err instanceof ProtocolError)) throw err;
      this.fail(err);
    }
  }

  /** Ends it because of what the peer did, or did not do in time. */
  fail(fault: ProtocolError): void {
    this.fault ??= fault;
    this.destroy();
  }

  private finish(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.endHandshake();
    this.liveness.stop();
    this.onDrained?.();
    this.owner.closed(this, this.isReady, this.fault);
  }
}

/** Whether both ends of this connection are the same socket, as TCP allows where both sides connect at once. */
function isSelfConnect({ localPort, localAddress, remotePort, remoteAddress }: Socket): boolean {
  return localPort === remotePort && localAddress === remoteAddress;
}
