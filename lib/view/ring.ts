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
  /** The number of the newest; 0: there has been none. */
  private newestNumber = 0;
  private count = 0;
  /** Payload bytes in here. */
  bytes = 0;

  constructor(private readonly capacity: number) {
    this.frames = new Array<Frame | undefined>(capacity).fill(undefined);
    this.times = new Float64Array(capacity);
    this.orders = new Float64Array(capacity);
    this.sizes = new Float64Array(capacity);
  }

  get length(): number {
    return this.count;
  }

  get newest(): Kept | undefined {
    return this.get(this.newestNumber);
  }

  /** The order of the oldest; Infinity without any. */
  get oldestOrder(): number {
    return this.count === 0 ? Infinity : this.orders[this.slotOf(this.newestNumber - this.count + 1)]!;
  }

  /** @param order of this frame among those of all channels. */
  push(frame: Frame, time: number, order: number): void {
    this.newestNumber += 1;
    const slot = this.slotOf(this.newestNumber);
    const old = this.frames[slot];
    if (old === undefined) {
      this.count += 1;
    } else {
      this.bytes -= this.sizes[slot]!;
      old.release();
    }
    this.frames[slot] = frame.retain();
    this.sizes[slot] = frame.size;
    this.times[slot] = time;
    this.orders[slot] = order;
    this.bytes += frame.size;
  }

  /** Lets the oldest go. */
  dropOldest(): void {
    if (this.count > 0) this.drop();
  }

  /** The frame of this number; undefined when it has left, or has not come yet. */
  get(number: number): Kept | undefined {
    if (number > this.newestNumber || number <= this.newestNumber - this.count) return undefined;
    const slot = this.slotOf(number);
    const frame = this.frames[slot];
    return frame === undefined ? undefined : { frame, number, time: this.times[slot]! };
  }

  /** All of them, oldest first. */
  all(): Kept[] {
    const all: Kept[] = [];
    for (let i = this.newestNumber - this.count + 1; i <= this.newestNumber; i++) {
      const kept = this.get(i);
      if (kept !== undefined) all.push(kept);
    }
    return all;
  }

  /** The number of the newest frame with an error. */
  lastError(): number | undefined {
    for (let i = this.newestNumber; i > this.newestNumber - this.count; i--) {
      if ((this.frames[this.slotOf(i)]?.error ?? 0) !== 0) return i;
    }
    return undefined;
  }

  clear(): void {
    while (this.count > 0) this.drop();
  }

  private drop(): void {
    const slot = this.slotOf(this.newestNumber - this.count + 1);
    const frame = this.frames[slot]!;
    this.frames[slot] = undefined;
    this.count -= 1;
    this.bytes -= this.sizes[slot]!;
    frame.release();
  }

  private slotOf(number: number): number {
    return number % this.capacity;
  }
}

/** What the page is told of a frame. */
export function infoOf({ frame, number, time }: Kept): FrameInfo {
  return { number, time, size: frame.size, flags: frame.flags, error: frame.error };
}
