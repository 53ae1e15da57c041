// Checks of arguments, worded alike: the argument, the value, what is allowed.

import { show } from './errors';

/** The largest number of 32 bits with a sign: of Node's timers, of libzmq's options, of a length in Node. */
export const MAX_INT32 = 2 ** 31 - 1;

/**
 * Returns `value` when it is a whole number within `min`..`max`.
 *
 * @throws {TypeError} when it is no number.
 * @throws {RangeError} when it is not whole, or out of range.
 */
export function checkInteger(name: string, value: unknown, min: number, max: number, hint = ''): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  // In the frame path: no text is built where nothing is wrong.
  const message = `${name} is ${show(value)}, but must be a whole number from ${min} to ${max}${hint}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}

/** Returns `value` when it is a boolean. @throws {TypeError} when it is not. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} is ${show(value)}, but must be true or false`);
  return value;
}

/**
 * Refuses options this object does not have, so that a misspelt one is not ignored.
 *
 * @throws {TypeError} when `options` is no object, or has a name that is not in `allowed`.
 */
export function checkOptionNames(what: string, options: unknown, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${what} are ${show(options)}, but must be an object`);
  }
  for (const name of Object.keys(options)) {
    if (!allowed.includes(name)) {
      throw new TypeError(`unknown option ${show(name)} in ${what}; allowed are ${allowed.join(', ')}`);
    }
  }
}

/** Returns `signal` when it is an AbortSignal, or undefined. @throws {TypeError} when it is not. */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  // Not by its class: there may be more than one of that name.
  const { aborted, addEventListener } = signal as Partial<AbortSignal>;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return signal;
  throw new TypeError(`signal is ${show(signal)}, but must be an AbortSignal`);
}
