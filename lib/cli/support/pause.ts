// Waits of any length. A timer of Node that is to wait for longer than it can count ends at once.

import { setTimeout as pauseOnce } from 'node:timers/promises';

/** What a timer can count to, and with it the library's options. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after so long; rejects when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = end - performance.now()) {
    await pauseOnce(Math.min(leftMs, LONGEST_TIMER_MS), undefined, { signal });
  }
}
