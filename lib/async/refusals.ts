// Rejections that a sender may ask for over and over.

import { nextTurn } from './clock';

// Some 50 us of them.
const REFUSALS_PER_TURN = 64;

/**
 * Rejects at once; now and then in the next turn of the event loop, because a sender that tries again as soon as it is
 * refused runs on microtasks alone, and sockets and timers would starve.
 */
export class Refusals {
  private count = 0;

  reject(reason: Error): Promise<never> {
    this.count += 1;
    if (this.count % REFUSALS_PER_TURN > 0) return Promise.reject(reason);
    return nextTurn().then(() => Promise.reject(reason));
  }
}
