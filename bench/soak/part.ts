// What every part of a soak is asked for, and what it answers.

import type { Engine } from '../../lib/index';
import type { Table } from '../table';

/** How much of it. */
export interface Settings {
  readonly engine: Engine;
  /** Of the parts that go by the clock, on this engine. */
  readonly durationMs: number;
  /** Processes to kill. */
  readonly kills: number;
  /** Inputs to abuse the ports with. */
  readonly inputs: number;
  /** Rounds of each pattern of aborts. */
  readonly aborts: number;
  readonly random: () => number;
  /** One line that is overwritten. */
  readonly progress: (text: string) => void;
}

/** What came out. */
export interface PartResult {
  readonly tables: readonly Table[];
  /** What must not be. */
  readonly failures: readonly string[];
  /** For programs. */
  readonly figures: object;
}

export type Part = (settings: Settings) => Promise<PartResult>;

/** Numbers from 0 to 1 that a seed determines. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // A linear congruential generator (Numerical Recipes): any will do, as long as it repeats.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A whole number below `end`. */
export function below(end: number, random: () => number): number {
  return Math.floor(random() * end);
}
