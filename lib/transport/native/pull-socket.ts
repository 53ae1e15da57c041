// The receiving end: whole frames from any number of peers, at the pace of the slaves.
// zeromq/libzmq src/pull.cpp, src/fq.cpp.

import { settlesWithin } from '../../async/linger';
import { Queue } from '../../async/queue';
import type { PayloadSlot } from '../../memory/payload-pool';
import { describeMalformed } from '../../wire/message';
import type { PullSocket, TransportSink } from '../socket';
import type { Connection } from './connection';
import { ZmtpSocket, type SocketOptions } from './zmtp-socket';

/** What a PULL is. */
export interface PullOptions extends Omit<SocketOptions, 'type'> {
  /** Frames that may wait from one peer; 0 for no limit. */
  readonly receiveHighWaterMark: number;
  /** Payload bytes of them; 0 for no limit. */
  readonly receiveHighWaterBytes: number;
}

interface Arrived {
  readonly payload: Buffer;
  readonly flags: number;
  readonly channel: number;
  readonly error: number;
  readonly slot: PayloadSlot | undefined;
}

/** What has arrived from one peer and waits for its turn. */
interface PeerQueue {
  readonly connection: Connection;
  readonly frames: Queue<Arrived>;
  /** Payload bytes of them. */
  bytes: number;
  /** True while the connection holds back, because the limit was reached. */
  holds: boolean;
}

// Frames that may wait in all, in high-water marks: more peers than this share them, so that every peer gets in and
// memory stays bounded.
const MARKS_IN_ALL = 64;
// The same for bytes.
const BYTE_MARKS_IN_ALL = 4;
// Frames of peers that have left may take this much; then new peers wait at the gate. A peer that connects, sends and
// leaves over and over would fill the memory otherwise.
const MAX_LEFT_BYTES = 256 * 1024 * 1024;
// The peer of a connection that is held back may have left, too: its end has not been read. Each costs a descriptor.
const MAX_HOLDING = 512;
// libzmq's own mark, for the gate of a bridge without one.
const DEFAULT_MARK = 1000;

/**
 * Fair queueing, one frame from each peer in turn, where frames wait at all: one that finds the sink idle is handed
 * over as it is decoded.
 */
export class ZmtpPullSocket extends ZmtpSocket implements PullSocket {
  /** Frames that have arrived and wait for their turn. */
  waiting = 0;
  /** Frames that had arrived when {@link close} was called, or came in a piece of memory with one that had. */
  undelivered = 0;
  private readonly queues = new Map<Connection, PeerQueue>();
  /** Those with frames, the next one first. */
  private rotation: PeerQueue[] = [];
  private readonly live = new Set<Connection>();
  /** Connections that have ended, until their last frame has been accepted; then the function is called. */
  private readonly departed = new Map<Connection, () => void>();
  /** The connection of the frame that was handed over last, until it has been accepted. */
  private current: Connection | undefined;
  /** Frames and bytes of {@link departed} that wait. */
  private leftFrames = 0;
  private leftBytes = 0;
  /** Queues that hold their connection back. */
  private holding = 0;
  /** Frames that may wait from one peer, and their payload bytes. */
  private limit = Infinity;
  private limitBytes = Infinity;
  private busy = true;
  private stopped = false;

  /**
   * Whether there is one peer at a time, as for a client: what a connection has left is handed over before anything of the
   * next one, so that the order lasts.
   */
  private readonly onePeer: boolean;
  /** Looks whether {@link deliver} is done. */
  private onIdle: () => void = () => undefined;
  private readonly highWaterMark: number;
  private readonly highWaterBytes: number;

  constructor(options: PullOptions, sink: TransportSink) {
    super({ ...options, type: 'PULL' }, sink);
    this.onePeer = !options.server;
    this.highWaterMark = options.receiveHighWaterMark;
    this.highWaterBytes = options.receiveHighWaterBytes;
    this.share();
  }

  /** False while so much waits of peers that have left, or may have, that no other peer may come in. */
  protected get hasRoom(): boolean {
    if (this.holding >= MAX_HOLDING || this.leftBytes >= MAX_LEFT_BYTES) return false;
    const mark = this.highWaterMark === 0 ? DEFAULT_MARK : this.highWaterMark;
    return this.leftFrames < MARKS_IN_ALL * mark;
  }

  /** Begins to hand frames to the sink; until then they wait. */
  start(): void {
    this.drain();
  }

  /** Peers are told at once that nothing more is read; a ZeroMQ peer closes then, after what it has written. */
  async deliver(limitMs: number): Promise<void> {
    void this.stopConnecting();
    for (const connection of [...this.connections]) connection.halfClose();
    const done = new Promise<void>((resolve) => {
      this.onIdle = () => {
        if (this.connections.size === 0 && !this.busy) resolve();
      };
      this.onIdle();
    });
    await settlesWithin(limitMs, done);
  }

  async close(): Promise<void> {
    this.stop();
    await this.end(0);
  }

  /** What has arrived is counted in {@link undelivered}. */
  private stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.busy = true;
    this.undelivered += this.waiting;
    this.waiting = 0;
    const held = [...this.queues.values()].filter(({ holds }) => holds);
    this.queues.clear();
    this.rotation = [];
    for (const { connection } of held) connection.decodeRest();
    // After stop() no event follows.
    this.departed.clear();
  }

  protected joined(connection: Connection): void {
    this.live.add(connection);
    this.share();
  }

  /** What the connection has brought is still handed over. */
  protected left(connection: Connection, delivered: () => void): void {
    this.live.delete(connection);
    this.share();
    const queue = this.queues.get(connection);
    if (this.stopped || (queue === undefined && this.current !== connection)) {
      delivered();
      return;
    }
    this.departed.set(connection, delivered);
    if (queue === undefined) return;
    for (const frame of queue.frames) this.countLeft(frame, 1);
    if (!this.onePeer) return;
    this.rotation = this.rotation.filter((other) => other !== queue);
    this.putInFront(queue);
  }

  /** A frame has been decoded; false when the limit of its peer is reached. */
  frame(
    connection: Connection,
    payload: Buffer,
    flags: number,
    channel: number,
    error: number,
    slot?: PayloadSlot,
  ): boolean {
    if (this.busy) return this.enqueue(connection, { payload, flags, channel, error, slot });
    const taken = this.sink.frame(payload, flags, channel, error, slot);
    if (taken !== undefined) this.wait(taken, connection);
    return true;
  }

  malformed(parts: number, sizesBytes: readonly number[]): void {
    this.sink.malformed(describeMalformed(parts, sizesBytes));
  }

  /** A PULL writes commands alone. */
  written(): void {
    return undefined;
  }

  /** As {@link written}. */
  detached(): void {
    return undefined;
  }

  override closed(...ended: Parameters<ZmtpSocket['closed']>): void {
    super.closed(...ended);
    this.onIdle();
  }

  private enqueue(connection: Connection, frame: Arrived): boolean {
    // A slave that stops the bridge is handed nothing more of what has arrived already.
    if (this.stopped) {
      this.undelivered += 1;
      return true;
    }
    let queue = this.queues.get(connection);
    if (queue === undefined) {
      queue = { connection, frames: new Queue(), bytes: 0, holds: false };
      this.queues.set(connection, queue);
    }
    if (queue.frames.length === 0) this.putBack(queue);
    queue.frames.push(frame);
    queue.bytes += frame.payload.length;
    this.waiting += 1;
    if (this.departed.size > 0 && this.departed.has(connection)) this.countLeft(frame, 1);
    if (queue.frames.length < this.limit && queue.bytes < this.limitBytes) return true;
    if (!queue.holds) this.holding += 1;
    queue.holds = true;
    return false;
  }

  private countLeft({ payload }: Arrived, by: 1 | -1): void {
    this.leftFrames += by;
    this.leftBytes += by * payload.length;
  }

  /** Divides what may wait in all among the peers, where there are more than one mark each would allow. */
  private share(): void {
    const { highWaterMark, highWaterBytes } = this;
    const peers = Math.max(this.live.size, 1);
    const shareOf = (mark: number, marksInAll: number): number =>
      mark === 0 ? Infinity : Math.max(1, Math.min(mark, Math.floor((marksInAll * mark) / peers)));
    this.limit = shareOf(highWaterMark, MARKS_IN_ALL);
    this.limitBytes = shareOf(highWaterBytes, BYTE_MARKS_IN_ALL);
  }

  private putBack(queue: PeerQueue): void {
    if (this.onePeer && this.departed.has(queue.connection)) this.putInFront(queue);
    else this.rotation.push(queue);
  }

  /** After others that have departed, which came before it. */
  private putInFront(queue: PeerQueue): void {
    const next = this.rotation.findIndex(({ connection }) => !this.departed.has(connection));
    this.rotation.splice(next < 0 ? this.rotation.length : next, 0, queue);
  }

  private wait(taken: Promise<void>, connection: Connection): void {
    this.busy = true;
    this.current = connection;
    const goOn = (): void => this.drain();
    void taken.then(goOn, goOn);
  }

  /** Hands over what waits, until the sink wants us to wait again. */
  private drain(): void {
    if (this.stopped) return;
    this.busy = true;
    for (;;) {
      if (this.current !== undefined) this.accepted(this.current);
      const queue = this.rotation.shift();
      if (queue === undefined) break;
      const frame = queue.frames.shift()!;
      queue.bytes -= frame.payload.length;
      this.waiting -= 1;
      this.current = queue.connection;
      this.afterTaking(queue, frame);
      const { payload, flags, channel, error, slot } = frame;
      const taken = this.sink.frame(payload, flags, channel, error, slot);
      if (taken !== undefined) {
        this.wait(taken, queue.connection);
        return;
      }
    }
    this.busy = this.stopped;
    this.lookForPeers();
    this.onIdle();
  }

  /** The last frame that was handed over, one of this connection's, has been accepted. */
  private accepted(connection: Connection): void {
    this.current = undefined;
    if (this.departed.size === 0 || this.queues.has(connection)) return;
    const delivered = this.departed.get(connection);
    this.departed.delete(connection);
    delivered?.();
  }

  /** Puts the queue back in the rotation, or away, and lets its connection go on where it held back. */
  private afterTaking(queue: PeerQueue, frame: Arrived): void {
    const { connection, frames } = queue;
    const isDeparted = this.departed.size > 0 && this.departed.has(connection);
    if (isDeparted) {
      this.countLeft(frame, -1);
      this.lookForPeers();
    }
    if (frames.length === 0) this.queues.delete(connection);
    else if (this.onePeer && isDeparted) this.rotation.unshift(queue);
    else this.rotation.push(queue);
    if (!queue.holds) return;
    // Half of the limit at a time, as libzmq, so that the socket is not stopped and started for every frame.
    if (frames.length > this.limit / 2 || queue.bytes > this.limitBytes / 2) return;
    queue.holds = false;
    this.holding -= 1;
    this.lookForPeers();
    connection.resume();
  }
}
