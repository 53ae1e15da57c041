// The timers, turns and clock of Node, held as they were when this library was loaded. A test that fakes the global
// ones (Jest, Sinon) would otherwise stop sockets and heartbeats together with the code that it tests.

const { performance: real } = globalThis;

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, queueMicrotask } =
  globalThis;

/** `process.nextTick`: after the code that runs now, before the event loop goes on. */
export const nextTick = process.nextTick.bind(process);

/** Milliseconds since this process began, never turned back. */
export const monotonicMs = real.now.bind(real);

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
