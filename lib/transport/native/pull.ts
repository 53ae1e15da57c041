// The receiving end: whole frames from any number of peers, at the pace of the slaves.
// zeromq/libzmq src/pull.cpp, src/fq.cpp.

import { describeMalformed } from '../../wire/message';
import type { TransportSink } from '../transport';
import type { Connection } from './connection';

interface Arrived {
  readonly payload: Buffer;
  readonly flags: number;
  readonly channel: number;
  readonly error: number;
}

/** What has arrived from one peer and waits for its turn. */
interface Queue {
  readonly connection: Connection;
  /** Taken ones are undefined, so that their payloads are not kept. */
  frames: (Arrived | undefined)[];
  head: number;
  /** True while the connection holds back, because the limit was reached. */
  holds: boolean;
}

/** What a {@link PullEnd} tells its transport. */
export type PullSink = Pick<TransportSink, 'frame' | 'malformed'>;

// Frames that may wait in all, in high-water marks: more peers than this share them, so that every peer gets in and
// memory stays bounded.
const MARKS_IN_ALL = 64;
// Frames of peers that have left may take this much; then new peers wait at the gate. A peer that connects, sends and
// leaves over and over would fill the memory otherwise.
const MAX_LEFT_BYTES = 256 * 1024 * 1024;
// The peer of a connection that is held back may have left, too: its end has not been read. Each costs a descriptor.
const MAX_HOLDING = 512;
// libzmq's own mark, for the gate of a bridge without one.
const DEFAULT_MARK = 1000;
// The front of a queue is given back to the collector once it is at least this long, and half of it.
const COMPACT_FRAMES = 1024;

/**
 * Fair queueing, one frame from each peer in turn, where frames wait at all: one that finds the sink idle is handed
 * over as it is decoded.
 */
export class PullEnd {
  /** Frames that have arrived and wait for their turn. */
  waiting = 0;
  /** Frames that had arrived when {@link stop} was called, or came in a piece of memory with one that had. */
  undelivered = 0;
  /** Called when {@link isOverfull} may have become false, and when nothing waits any more. */
  onRoom: () => void = () => undefined;
  private readonly queues = new Map<Connection, Queue>();
  /** Those with frames, the next one first. */
  private rotation: Queue[] = [];
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
  /** Frames that may wait from one peer. */
  private limit: number;
  private busy = true;
  private stopped = false;

  /**
   * @param onePeer whether there is one peer at a time, as for a client: what a connection has left is handed over before
   *   anything of the next one, so that the order lasts.
   */
  constructor(
    private readonly highWaterMark: number,
    private readonly sink: PullSink,
    private readonly onePeer = false,
  ) {
    this.limit = highWaterMark === 0 ? Infinity : highWaterMark;
  }

  /** True while so much waits of peers that have left, or may have, that no other peer may come in. */
  get isOverfull(): boolean {
    if (this.holding >= MAX_HOLDING || this.leftBytes >= MAX_LEFT_BYTES) return true;
    const mark = this.highWaterMark === 0 ? DEFAULT_MARK : this.highWaterMark;
    return this.leftFrames >= MARKS_IN_ALL * mark;
  }

  /** True when every frame that has arrived has been handed over and accepted. */
  get isIdle(): boolean {
    return !this.busy;
  }

  /** Begins to hand frames to the sink; until then they wait. */
  start(): void {
    this.drain();
  }

  /** Nothing is handed to the sink from now on; what has arrived is counted in {@link undelivered}. */
  stop(): void {
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

  /** This connection is past its handshake. */
  joined(connection: Connection): void {
    this.live.add(connection);
    this.share();
  }

  /**
   * This connection has ended. What it has brought is still handed over.
   * @param delivered called when the last of it has been accepted; at once where there is nothing.
   */
  left(connection: Connection, delivered: () => void): void {
    this.live.delete(connection);
    this.share();
    const queue = this.queues.get(connection);
    if (this.stopped || (queue === undefined && this.current !== connection)) {
      delivered();
      return;
    }
    this.departed.set(connection, delivered);
    if (queue === undefined) return;
    for (const frame of queue.frames) if (frame !== undefined) this.countLeft(frame, 1);
    if (!this.onePeer) return;
    this.rotation = this.rotation.filter((other) => other !== queue);
    this.putInFront(queue);
  }

  /** A frame has been decoded; false when the limit of its peer is reached. */
  frame(connection: Connection, payload: Buffer, flags: number, channel: number, error: number): boolean {
    if (this.busy) return this.enqueue(connection, { payload, flags, channel, error });
    const taken = this.sink.frame(payload, flags, channel, error);
    if (taken !== undefined) this.wait(taken, connection);
    return true;
  }

  malformed(parts: number, sizesBytes: readonly number[]): void {
    this.sink.malformed(describeMalformed(parts, sizesBytes));
  }

  private enqueue(connection: Connection, frame: Arrived): boolean {
    // A slave that stops the bridge is handed nothing more of what has arrived already.
    if (this.stopped) {
      this.undelivered += 1;
      return true;
    }
    let queue = this.queues.get(connection);
    if (queue === undefined) {
      queue = { connection, frames: [], head: 0, holds: false };
      this.queues.set(connection, queue);
    }
    if (queue.frames.length === 0) this.putBack(queue);
    queue.frames.push(frame);
    this.waiting += 1;
    if (this.departed.size > 0 && this.departed.has(connection)) this.countLeft(frame, 1);
    if (queue.frames.length - queue.head < this.limit) return true;
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
    if (this.highWaterMark === 0) return;
    const each = Math.floor((MARKS_IN_ALL * this.highWaterMark) / Math.max(this.live.size, 1));
    this.limit = Math.max(1, Math.min(this.highWaterMark, each));
  }

  private putBack(queue: Queue): void {
    if (this.onePeer && this.departed.has(queue.connection)) this.putInFront(queue);
    else this.rotation.push(queue);
  }

  /** After others that have departed, which came before it. */
  private putInFront(queue: Queue): void {
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
      const frame = queue.frames[queue.head]!;
      queue.frames[queue.head] = undefined;
      queue.head += 1;
      this.waiting -= 1;
      this.current = queue.connection;
      this.afterTaking(queue, frame);
      const taken = this.sink.frame(frame.payload, frame.flags, frame.channel, frame.error);
      if (taken !== undefined) {
        this.wait(taken, queue.connection);
        return;
      }
    }
    this.busy = this.stopped;
    this.onRoom();
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
  private afterTaking(queue: Queue, frame: Arrived): void {
    const { connection, frames } = queue;
    const isDeparted = this.departed.size > 0 && this.departed.has(connection);
    if (isDeparted) {
      this.countLeft(frame, -1);
      this.onRoom();
    }
    if (queue.head === frames.length) {
      queue.frames = [];
      queue.head = 0;
      this.queues.delete(connection);
    } else {
      if (this.onePeer && isDeparted) this.rotation.unshift(queue);
      else this.rotation.push(queue);
      if (queue.head * 2 >= frames.length && queue.head >= COMPACT_FRAMES) {
        queue.frames = frames.slice(queue.head);
        queue.head = 0;
      }
    }
    if (!queue.holds) return;
    // Half of the limit at a time, as libzmq, so that the socket is not stopped and started for every frame.
    if (queue.frames.length - queue.head > this.limit >> 1) return;
    queue.holds = false;
    this.holding -= 1;
    this.onRoom();
    connection.resume();
  }
}
