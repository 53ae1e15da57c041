// Waiting that has an end.

import { clearTimeout, setTimeout } from '../async/clock';

/** Resolves when `done` does, or after `limitMs`, whichever comes first. Rejects as `done` does. */
export async function atMost(limitMs: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([done, limit]);
  clearTimeout(timer);
}
