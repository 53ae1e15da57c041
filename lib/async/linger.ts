// Waiting that has an end, such as that of a stop() for slow slaves.

import { checkInteger } from '../validate';
import { clearTimeout, MAX_TIMER_MS, setTimeout } from './clock';

const DEFAULT_LINGER_MS = 1000;

/** How a stop() waits. */
export interface LingerOptions {
  /** Milliseconds that slaves have for the frames they were given; default 1000, 0 does not wait. */
  readonly lingerMs?: number;
}

/** @throws {RangeError} {TypeError} naming the option and the value. */
export function lingerMsOf({ lingerMs = DEFAULT_LINGER_MS }: LingerOptions): number {
  return checkInteger('lingerMs', lingerMs, 0, MAX_TIMER_MS);
}

/** True when `done` has settled, false after `ms` without that. Rejects as `done` does. */
export async function settlesWithin(ms: number, done: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([done.then(() => true), over]);
  } finally {
    clearTimeout(timer);
  }
}
