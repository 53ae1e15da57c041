// The timers, turns and clock of Node, held as they were when this library was loaded. A test that fakes the global
// ones (Jest, Sinon) would otherwise stop sockets and heartbeats together with the code that it tests.

import { MAX_INT32 } from '../validate';

const { performance: real, Date: RealDate } = globalThis;

export const {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate,
  clearImmediate,
  queueMicrotask,
} = globalThis;

/** The longest time that Node's timers take, in ms: 24.8 days. */
export const MAX_TIMER_MS = MAX_INT32;

/** `process.nextTick`: after the code that runs now, before the event loop goes on. */
export const nextTick = process.nextTick.bind(process);

/** Milliseconds since this process began, never turned back. */
export const monotonicMs = real.now.bind(real);

/** Milliseconds since 1970, as the clock of this machine has it. */
export const epochMs = RealDate.now.bind(RealDate);

/** The time of day. */
export function dateNow(): Date {
  return new RealDate();
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Resolves in the next turn of the event loop, after sockets have been looked at. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * Calls `act` after `ms`, and not before sockets have been looked at once more: Node runs timers first, so after a
 * program that blocked the event loop a timer is due although what it waits for has arrived already.
 *
 * @returns a function that calls it off.
 */
export function deadline(ms: number, act: () => void): () => void {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => (immediate = setImmediate(act)), ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}
