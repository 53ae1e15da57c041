// The receiving end: whole frames from any number of peers, at the pace of whoever takes them.
// zeromq/libzmq src/pull.cpp, src/fq.cpp.

import { describeMalformed } from '../../wire/message';
import type { Inflow } from '../admission';
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
  /** True while the connection holds back, because the high-water mark was reached. */
  holds: boolean;
  /** True once the connection has ended. */
  departed: boolean;
}

/**
 * Fair queueing, one frame from each peer in turn, where frames wait at all: one that finds the sink idle is handed
 * over as it is decoded.
 */
export class PullEnd implements Inflow {
  private readonly queues = new Map<Connection, Queue>();
  /** Those with frames, the next one first. */
  private rotation: Queue[] = [];
  private busy = true;
  private stopped = false;
  private handedOverAtOnce = 0;
  private handedOverLater = 0;
  private drained = 0;

  /**
   * @param onePeer whether there is one peer at a time, as for a client: what a connection has left is handed over before
   *   anything of the next one, so that the order lasts.
   */
  constructor(
    private readonly highWaterMark: number,
    private readonly sink: Pick<TransportSink, 'frame' | 'malformed'>,
    private readonly onePeer = false,
  ) {}

  get taken(): number {
    return this.handedOverAtOnce + this.handedOverLater;
  }

  get emptied(): number {
    return this.handedOverAtOnce + this.drained;
  }

  get waiting(): boolean {
    return !this.busy;
  }

  get closed(): boolean {
    return this.stopped;
  }

  /** Begins to hand frames to the sink; until then they wait. */
  start(): void {
    this.drain();
  }

  /** Nothing is handed to the sink from now on. */
  stop(): void {
    this.stopped = true;
    this.busy = true;
    this.queues.clear();
    this.rotation = [];
  }

  /** A frame has been decoded; false when the high-water mark is reached. */
  frame(connection: Connection, payload: Buffer, flags: number, channel: number, error: number): boolean {
    if (this.busy) return this.enqueue(connection, { payload, flags, channel, error });
    this.handedOverAtOnce += 1;
    const taken = this.sink.frame(payload, flags, channel, error);
    if (taken !== undefined) this.wait(taken);
    return true;
  }

  /** This connection has ended; what it has brought is still handed over. */
  left(connection: Connection): void {
    const queue = this.queues.get(connection);
    if (queue !== undefined) queue.departed = true;
    if (queue === undefined || !this.onePeer) return;
    this.rotation = this.rotation.filter((other) => other !== queue);
    this.putInFront(queue);
  }

  malformed(parts: number, sizesBytes: readonly number[]): void {
    if (!this.stopped) this.sink.malformed(describeMalformed(parts, sizesBytes));
  }

  private enqueue(connection: Connection, frame: Arrived): boolean {
    // Whoever stops from within a slave is handed nothing more of what has come already.
    if (this.stopped) return true;
    let queue = this.queues.get(connection);
    if (queue === undefined) {
      queue = { connection, frames: [], head: 0, holds: false, departed: !connection.ready };
      this.queues.set(connection, queue);
    }
    if (queue.frames.length === 0) this.putBack(queue);
    queue.frames.push(frame);
    const { highWaterMark } = this;
    queue.holds = highWaterMark !== 0 && queue.frames.length - queue.head >= highWaterMark;
    return !queue.holds;
  }

  private putBack(queue: Queue): void {
    if (this.onePeer && queue.departed) this.putInFront(queue);
    else this.rotation.push(queue);
  }

  /** Behind others that have departed, which came before it. */
  private putInFront(queue: Queue): void {
    const behind = this.rotation.findIndex(({ departed }) => !departed);
    this.rotation.splice(behind < 0 ? this.rotation.length : behind, 0, queue);
  }

  private wait(taken: Promise<void>): void {
    this.busy = true;
    const goOn = (): void => this.drain();
    void taken.then(goOn, goOn);
  }

  /** Hands over what waits, until the sink wants us to wait again. */
  private drain(): void {
    if (this.stopped) return;
    this.busy = true;
    for (let queue = this.rotation.shift(); queue !== undefined; queue = this.rotation.shift()) {
      const { payload, flags, channel, error } = queue.frames[queue.head]!;
      queue.frames[queue.head] = undefined;
      queue.head += 1;
      this.handedOverLater += 1;
      this.afterTaking(queue);
      const taken = this.sink.frame(payload, flags, channel, error);
      if (taken !== undefined) {
        this.wait(taken);
        return;
      }
    }
    this.drained += 1;
    this.busy = this.stopped;
  }

  /** Puts the queue back in the rotation, or away, and lets its connection go on where it held back. */
  private afterTaking(queue: Queue): void {
    const { connection, frames } = queue;
    if (queue.head === frames.length) {
      queue.frames = [];
      queue.head = 0;
      this.queues.delete(connection);
    } else {
      if (this.onePeer && queue.departed) this.rotation.unshift(queue);
      else this.rotation.push(queue);
      if (queue.head * 2 >= frames.length && queue.head >= COMPACT_FRAMES) {
        queue.frames = frames.slice(queue.head);
        queue.head = 0;
      }
    }
    if (!queue.holds) return;
    // Half of the mark at a time, as libzmq, so that the socket is not stopped and started for every frame.
    if (queue.frames.length - queue.head > this.highWaterMark >> 1) return;
    queue.holds = false;
    connection.resume();
  }
}

// The front of a queue is given back to the collector once it is at least this long, and half of it.
const COMPACT_FRAMES = 1024;
