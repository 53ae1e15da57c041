import type { ReadonlySignal } from '@preact/signals-core';

/**
 * Makes the component or effect that runs now run again when one of these changes: reading `value` is what counts.
 *
 * @returns their values, so that nothing takes the reading for useless.
 */
export function follow(...signals: readonly ReadonlySignal<unknown>[]): readonly unknown[] {
  return signals.map(({ value }) => value);
}
