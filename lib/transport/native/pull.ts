// The receiving end: whole frames from any number of peers, at the pace of whoever takes them.
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
  /** True while the connection holds back, because the high-water mark was reached. */
  holds: boolean;
}

/**
 * Fair queueing, one frame from each peer in turn, where frames wait at all: one that finds the sink idle is handed
 * over as it is decoded.
 */
export class PullEnd {
  private readonly queues = new Map<Connection, Queue>();
  /** Those with frames, the next one first. */
  private rotation: Queue[] = [];
  private busy = true;
  private stopped = false;

  constructor(
    private readonly highWaterMark: number,
    private readonly sink: Pick<TransportSink, 'frame' | 'malformed'>,
  ) {}

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
    const taken = this.sink.frame(payload, flags, channel, error);
    if (taken !== undefined) this.wait(taken);
    return true;
  }

  malformed(parts: number, sizesBytes: readonly number[]): void {
    if (!this.stopped) this.sink.malformed(describeMalformed(parts, sizesBytes));
  }

  private enqueue(connection: Connection, frame: Arrived): boolean {
    // Whoever stops from within a slave is handed nothing more of what has come already.
    if (this.stopped) return true;
    let queue = this.queues.get(connection);
    if (queue === undefined) {
      queue = { connection, frames: [], head: 0, holds: false };
      this.queues.set(connection, queue);
    }
    if (queue.frames.length === 0) this.rotation.push(queue);
    queue.frames.push(frame);
    const { highWaterMark } = this;
    queue.holds = highWaterMark !== 0 && queue.frames.length - queue.head >= highWaterMark;
    return !queue.holds;
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
      this.afterTaking(queue);
      const taken = this.sink.frame(payload, flags, channel, error);
      if (taken !== undefined) {
        this.wait(taken);
        return;
      }
    }
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
      this.rotation.push(queue);
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
