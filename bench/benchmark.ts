// What every benchmark is given and gives back.

import type { Table } from './table';

export interface BenchmarkOptions {
  readonly rounds: number;
  /** Few frames and few sizes: to see that it runs, not to read figures from. */
  readonly quick: boolean;
  /** The only payload sizes to measure, for the benchmarks that have `--sizes`. */
  readonly sizes: readonly number[] | undefined;
  /** How long a case of `memory` and of `page` takes. */
  readonly seconds: number | undefined;
  /** How large the log of `jetstream` grows. */
  readonly gigabytes: number | undefined;
  /** Says how far it has got. */
  readonly progress: (text: string) => void;
}

export interface BenchmarkResult {
  readonly tables: readonly Table[];
  /** How the figures were made; printed below the tables. */
  readonly notes: readonly string[];
  /** What could not be measured here, and why. */
  readonly skipped: readonly string[];
  /** One record a case, for the JSON; `name` is `what/size/variant`. */
  readonly cases: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
  /** Rounds with a frame missing or wrong; the figures are those of the other rounds. */
  readonly failures: readonly string[];
  /** What `--check` objects to. */
  readonly shortfalls: readonly string[];
}

/** One question. Throws when nothing can be measured at all. */
export type Benchmark = (options: BenchmarkOptions) => Promise<BenchmarkResult>;
