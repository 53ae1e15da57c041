// So many a second, on average while nothing holds them up.

import { pause } from './pause';

// Shorter waits cost more than they are worth, so several go together.
const LEAST_MS = 4;
// What was held up for longer is not made up for: the other side asked for a rate.
const MOST_BEHIND_MS = 100;

/** Holds back whatever is faster than its rate. */
export class Pace {
  private started = performance.now();
  private count = 0;

  /** @param perSecond undefined for no limit. */
  constructor(private readonly perSecond: number | undefined) {}

  /** Resolves when the next one is due; rejects when the signal is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    if (this.perSecond === undefined) return;
    const dueMs = (this.count * 1000) / this.perSecond;
    this.count += 1;
    const aheadMs = dueMs - (performance.now() - this.started);
    if (aheadMs < -MOST_BEHIND_MS) this.started -= aheadMs + MOST_BEHIND_MS;
    if (aheadMs > LEAST_MS) await pause(aheadMs, signal);
  }
}
