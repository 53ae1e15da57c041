// Those who wait for a counter to get somewhere.

import { clearTimeout, MAX_TIMER_MS, setTimeout } from './clock';
import { checkInteger, checkOptionNames } from '../validate';

/** How long to wait for a count. */
export interface WaitFrameCountOptions {
  /** Default: until the count is reached, or what counts is stopped. */
  readonly timeoutMs?: number;
}

/** Resolves waits as a counter grows. */
export class CountWaiters {
  private readonly waiting = new Set<{ count: number; settle: (reached: boolean) => void }>();

  /**
   * True once the counter, which is at `now`, is `count` or more; false after the time, or {@link end}, and at once
   * when it does not grow.
   */
  async wait(count: number, now: number, grows: boolean, options: WaitFrameCountOptions): Promise<boolean> {
    checkInteger('count', count, 0, Number.MAX_SAFE_INTEGER);
    checkOptionNames('the options of waitFrameCount', options, ['timeoutMs']);
    const { timeoutMs } = options;
    if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, 0, MAX_TIMER_MS);
    if (now >= count) return true;
    if (!grows) return false;
    let timer: NodeJS.Timeout | undefined;
    const reached = await new Promise<boolean>((settle) => {
      const waiter = { count, settle };
      this.waiting.add(waiter);
      if (timeoutMs === undefined) return;
      timer = setTimeout(() => {
        this.waiting.delete(waiter);
        settle(false);
      }, timeoutMs);
    });
    clearTimeout(timer);
    return reached;
  }

  /** The counter is at `now`. */
  update(now: number): void {
    if (this.waiting.size === 0) return;
    for (const waiter of this.waiting) {
      if (now < waiter.count) continue;
      this.waiting.delete(waiter);
      waiter.settle(true);
    }
  }

  /** It will not grow any more. */
  end(): void {
    for (const { settle } of this.waiting) settle(false);
    this.waiting.clear();
  }
}
