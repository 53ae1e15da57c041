// One channel: what is counted, what is kept, and how fast it goes.

import type { Frame } from '../stream/frame';
import { guess, type Guess } from './interpretation';
import type { ChannelStatus } from './protocol';
import { Ring } from './ring';
import { Pace } from './pace';

/** Frames kept a channel. */
export const KEPT_FRAMES = 64;
// What a first guess looks at.
const HEAD_BYTES = 256;
const MAX_ERRORS_LISTED = 8;
// What a frame may keep in memory besides itself.
const MAX_HELD_FACTOR = 2;
const MAX_HELD_BYTES = 64 * 1024;
// Memory that goes round in 64 large frames is in no cache of the processor, and a stream of gigabytes a second would wait for
// it. So of these, frames that follow each other faster take the place of the one before.
const LARGE_BYTES = 256 * 1024;
/** How often one of them is kept for stepping while a browser looks, in ms. */
export const LARGE_EVERY_MS = 20;
const NOTHING = Buffer.alloc(0);

export class Channel {
  frames = 0;
  bytes = 0;
  errors = 0;
  size = 0;
  lastFrame = 0;
  /** A view waits for the next frame. */
  isWanted = true;
  readonly ring = new Ring(KEPT_FRAMES);
  readonly pace = new Pace();
  readonly guess: Guess;
  /** When a large frame was kept last without taking another one's place. */
  private lastLarge = 0;
  private readonly errorCounts = new Map<number, number>();

  constructor(
    readonly number: number,
    first: Frame,
  ) {
    // Its memory may have been transferred away by another slave.
    const { payload } = first;
    this.guess = guess(first.size, payload.length === 0 ? NOTHING : payload.subarray(0, HEAD_BYTES));
  }

  /** @param largeEveryMs at least between large frames that are kept. @returns by how many bytes more is kept now. */
  note(frame: Frame, now: number, order: number, largeEveryMs = LARGE_EVERY_MS): number {
    this.frames += 1;
    this.bytes += frame.size;
    this.size = frame.size;
    this.lastFrame = now;
    if (frame.error !== 0) this.noteError(frame.error);
    // A small record of a large batch would keep all of the batch.
    const isSmallPart = frame.isPooled && frame.heldBytes > MAX_HELD_FACTOR * frame.size + MAX_HELD_BYTES;
    const kept = isSmallPart ? frame.clone() : frame;
    if (frame.size < LARGE_BYTES) {
      return this.ring.push(kept, this.frames, now, order);
    }
    const { newest } = this.ring;
    const isTooSoon = newest !== undefined && now - this.lastLarge < largeEveryMs && newest.frame.error === 0;
    if (isTooSoon) return this.ring.replaceNewest(kept, this.frames, now, order);
    this.lastLarge = now;
    return this.ring.push(kept, this.frames, now, order);
  }

  /** A change of any of it changes this. */
  get revision(): string {
    const { framesPerSecond, bytesPerSecond, isStalled } = this.pace;
    return `${this.frames} ${framesPerSecond} ${bytesPerSecond} ${isStalled}`;
  }

  status(): ChannelStatus {
    const { pace, guess: guessed, ring } = this;
    const lastError = this.errors === 0 ? undefined : ring.lastError();
    return {
      channel: this.number,
      frames: this.frames,
      bytes: this.bytes,
      errors: this.errors,
      errorCounts: [...this.errorCounts].sort(([, a], [, b]) => b - a).slice(0, MAX_ERRORS_LISTED),
      ...(lastError === undefined ? {} : { lastError }),
      framesPerSecond: pace.framesPerSecond,
      bytesPerSecond: pace.bytesPerSecond,
      size: this.size,
      lastFrame: this.lastFrame,
      isStalled: pace.isStalled,
      rateBefore: pace.rateBefore,
      kept: ring.length,
      guess: guessed,
    };
  }

  private noteError(error: number): void {
    this.errors += 1;
    this.errorCounts.set(error, (this.errorCounts.get(error) ?? 0) + 1);
  }
}
