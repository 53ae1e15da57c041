// Thins a stream. slaclab/rogue src/rogue/interfaces/stream/RateDrop.cpp.

import { show } from '../errors';
import { checkBoolean, checkInteger } from '../validate';
import type { Frame } from './frame';
import { StreamModule } from './module';

const MAX_PERIOD_SECONDS = 2 ** 31;
const MAX_UINT32 = 2 ** 32 - 1;

/** Passes on a frame now and then, for displays that need not see each; the others are dropped. */
export class RateDrop extends StreamModule {
  private readonly periodMs: number | undefined;
  /** The earliest time of the next frame. */
  private next = 0;
  private readonly dropTarget: number = 0;
  private droppedInRow: number;

  /**
   * @param period true: frames are at least `value` seconds apart, the first one that long after this call.
   *   False: one frame passes, then `value` are dropped.
   * @param value seconds, or frames; 0 passes on everything.
   * @throws {RangeError} {TypeError} naming the argument and the value.
   */
  constructor(period: boolean, value: number) {
    super();
    if (checkBoolean('period', period) && value !== 0) {
      this.periodMs = checkSeconds(value) * 1000;
      this.next = performance.now() + this.periodMs;
    } else this.dropTarget = checkInteger('value', value, 0, MAX_UINT32);
    // As in Rogue, the first frame passes.
    this.droppedInRow = this.dropTarget;
  }

  protected override pass(frame: Frame): void | Promise<void> {
    if (this.isDue()) return this.deliver(frame);
    this.drop();
  }

  private isDue(): boolean {
    if (this.periodMs === undefined) {
      const due = this.droppedInRow === this.dropTarget;
      this.droppedInRow = due ? 0 : this.droppedInRow + 1;
      return due;
    }
    const now = performance.now();
    if (now <= this.next) return false;
    this.next = now + this.periodMs;
    return true;
  }
}

function checkSeconds(value: number): number {
  if (typeof value === 'number' && value >= 0 && value <= MAX_PERIOD_SECONDS) return value;
  const message = `value is ${show(value)}, but must be seconds from 0 to ${MAX_PERIOD_SECONDS}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}
