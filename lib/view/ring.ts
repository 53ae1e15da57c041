// The last frames of a channel.

import type { Frame } from '../stream/frame';
import type { FrameInfo } from './protocol';

/** A frame that is kept, with the number it has in its channel and the time it came, in ms since 1970. */
export interface Kept {
  readonly frame: Frame;
  readonly number: number;
  readonly time: number;
}

/** The last frames, at most `capacity`; each is retained while it is in here. */
export class Ring {
  private readonly frames: (Frame | undefined)[];
  private readonly times: Float64Array;
  /** Payload bytes as they were when the frame came: its memory may be transferred away later. */
  private readonly sizes: Float64Array;
  /** Of all channels: which came first. */
  private readonly orders: Float64Array;
  private readonly numbers: Float64Array;
  /** How many have been pushed. */
  private pushed = 0;
  private count = 0;
  /** Payload bytes in here. */
  bytes = 0;

  constructor(private readonly capacity: number) {
    this.frames = new Array<Frame | undefined>(capacity).fill(undefined);
    this.times = new Float64Array(capacity);
    this.orders = new Float64Array(capacity);
    this.numbers = new Float64Array(capacity);
    this.sizes = new Float64Array(capacity);
  }

  get length(): number {
    return this.count;
  }

  get newest(): Kept | undefined {
    return this.count === 0 ? undefined : this.at(this.slotOf(this.pushed));
  }

  /** The order of the oldest; Infinity without any. */
  get oldestOrder(): number {
    return this.count === 0 ? Infinity : this.orders[this.slotOf(this.pushed - this.count + 1)]!;
  }

  /**
   * @param number of this frame in its channel. @param order of it among those of all channels.
   * @returns by how many {@link bytes} have grown.
   */
  push(frame: Frame, number: number, time: number, order: number): number {
    this.pushed += 1;
    const slot = this.slotOf(this.pushed);
    if (this.frames[slot] === undefined) this.count += 1;
    return this.put(slot, frame, number, time, order);
  }

  /** As {@link push}, in the place of the newest, which is let go. */
  replaceNewest(frame: Frame, number: number, time: number, order: number): number {
    if (this.count === 0) return this.push(frame, number, time, order);
    return this.put(this.slotOf(this.pushed), frame, number, time, order);
  }

  /** Lets the oldest go, if there is one. @returns by how many {@link bytes} have shrunk. */
  dropOldest(): number {
    if (this.count === 0) return 0;
    const slot = this.slotOf(this.pushed - this.count + 1);
    const frame = this.frames[slot]!;
    const size = this.sizes[slot]!;
    this.frames[slot] = undefined;
    this.count -= 1;
    this.bytes -= size;
    frame.release();
    return size;
  }

  /** The frame of this number; undefined when it has left, was not kept, or has not come yet. */
  get(number: number): Kept | undefined {
    for (let i = this.pushed; i > this.pushed - this.count; i--) {
      const slot = this.slotOf(i);
      if (this.numbers[slot] === number) return this.at(slot);
    }
    return undefined;
  }

  /** All of them, oldest first. */
  all(): Kept[] {
    const all: Kept[] = [];
    for (let i = this.pushed - this.count + 1; i <= this.pushed; i++) all.push(this.at(this.slotOf(i)));
    return all;
  }

  /** The number of the newest frame with an error. */
  lastError(): number | undefined {
    return this.all().findLast(({ frame }) => frame.error !== 0)?.number;
  }

  clear(): void {
    while (this.count > 0) this.dropOldest();
  }

  private at(slot: number): Kept {
    return { frame: this.frames[slot]!, number: this.numbers[slot]!, time: this.times[slot]! };
  }

  private put(slot: number, frame: Frame, number: number, time: number, order: number): number {
    const { size } = frame;
    const old = this.frames[slot];
    const grown = old === undefined ? size : size - this.sizes[slot]!;
    this.frames[slot] = frame.retain();
    old?.release();
    this.sizes[slot] = size;
    this.numbers[slot] = number;
    this.times[slot] = time;
    this.orders[slot] = order;
    this.bytes += grown;
    return grown;
  }

  private slotOf(index: number): number {
    return index % this.capacity;
  }
}

/** What the page is told of a frame. */
export function infoOf({ frame, number, time }: Kept): FrameInfo {
  return { number, time, size: frame.size, flags: frame.flags, error: frame.error };
}
