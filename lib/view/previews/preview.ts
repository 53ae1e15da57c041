// What the makers of previews have in common.

import { pause } from '../../async/clock';
import type { Preview } from '../protocol';
import type { Samples } from './samples';

/** Samples that are looked at without giving way to the stream: it takes a few milliseconds. */
export const SAMPLES_A_TURN = 512 * 1024;

/** What is drawn, and the part of its message that depends on the view. */
export interface Made {
  readonly numbers: Samples;
  readonly about: Pick<Preview, 'packing' | 'samples' | 'window' | 'step'> &
    Partial<
      Pick<Preview, 'rows' | 'columns' | 'scale' | 'offset' | 'low' | 'high' | 'summed' | 'statistics'>
    >;
}

// Twice what a turn takes or more, so that a large frame is previewed in a third of this thread's time at most.
const GIVE_WAY_MS = 4;

/** Gives way to the stream. */
export const giveWay = (): Promise<void> => pause(GIVE_WAY_MS);

/** A window as it was asked for, within 0 to `size`; all of it where it makes no sense. */
export function clampWindow(window: readonly number[] | undefined, size: number): [from: number, to: number] {
  const [from = 0, to = size] = window ?? [];
  const first = Math.min(Math.max(Math.floor(from), 0), size);
  const last = Math.min(Math.max(Math.ceil(to), 0), size);
  return first < last ? [first, last] : [0, size];
}
