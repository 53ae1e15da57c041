// Writes at the end of the turn what was gathered during it.

import { nextTick } from '../../async/clock';

/** Something with bytes to write. */
export interface Flushable {
  flush(): void;
}

// Each of them holds a batch buffer; with thousands of bridges that send in one turn the first ones need not wait.
const MAX_PENDING = 32;

let pending: Flushable[] = [];

/**
 * Calls `flush` once the code that runs now is done, promises that are settled already included, and before the
 * event loop goes on; sooner when many wait.
 */
export function flushSoon(item: Flushable): void {
  pending.push(item);
  if (pending.length === 1) nextTick(flushAll);
  else if (pending.length === MAX_PENDING) flushAll();
}

function flushAll(): void {
  const items = pending;
  pending = [];
  let done = 0;
  try {
    for (const item of items) {
      done += 1;
      item.flush();
    }
  } finally {
    // One that has thrown must not keep the others waiting.
    if (done < items.length) {
      pending = [...items.slice(done), ...pending];
      nextTick(flushAll);
    }
  }
}
