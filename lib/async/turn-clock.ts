// The time of a turn of the event loop, read once a turn. Reading the clock costs 25 to 70 ns, and more on virtual machines
// whose kernel has to be asked: too much for each of millions of small frames a second. This costs 5.

import { epochMs, monotonicMs, setImmediate } from './clock';

/** When a turn of the event loop began to handle frames. */
export interface Turn {
  /** Milliseconds since 1970, as the clock of this machine had it then. */
  readonly epochMs: number;
  /** As `performance.now()`: for durations, which a clock that is set must not change. */
  readonly monotonicMs: number;
}

let current: Turn | undefined;

/**
 * The turn that runs now. Everything until the event loop has looked at its sockets again gets the same object.
 *
 * The immediate keeps the loop from waiting for sockets before the time is forgotten: without it the first frame after a
 * silence would have the time before the silence.
 */
export function thisTurn(): Turn {
  if (current !== undefined) return current;
  current = { epochMs: epochMs(), monotonicMs: monotonicMs() };
  setImmediate(forget);
  return current;
}

function forget(): void {
  current = undefined;
}
