// Waits of any length. A timer of Node that is to wait for longer than it can count ends at once.

import { setTimeout as pauseOnce } from 'node:timers/promises';
import { MAX_TIMER_MS } from '../../async/clock';

/** Resolves after so long; rejects when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = end - performance.now()) {
    await pauseOnce(Math.min(leftMs, MAX_TIMER_MS), undefined, { signal });
  }
}
