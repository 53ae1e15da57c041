// How often something is done in a second, in this process, beside others that take turns with it.

/** Does some of the work, and returns how much it was; throws when some of it is missing. */
export type Run = () => number;

/** How the runs take turns. */
export interface RateOptions {
  readonly rounds: number;
  /** How long each run is repeated in a round. */
  readonly measureMs: number;
  /** Calls before it is measured: V8 compiles what is run often, and the first of the runs would pay for all. */
  readonly warmRuns: number;
  /** Told before each measurement. */
  readonly progress: (what: string) => void;
}

/** What each of the runs does in a second, by its name and in every round. */
export function ratesOf(
  runs: Readonly<Record<string, Run>>,
  { rounds, measureMs, warmRuns, progress }: RateOptions,
): Map<string, number[]> {
  const rates = new Map(Object.keys(runs).map((name) => [name, [] as number[]]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, run] of Object.entries(runs)) {
      progress(`${name}, round ${round} of ${rounds}`);
      rates.get(name)!.push(perSecond(run, measureMs, warmRuns));
    }
  }
  return rates;
}

function perSecond(run: Run, measureMs: number, warmRuns: number): number {
  for (let i = 0; i < warmRuns; i++) run();
  let done = 0;
  const startMs = performance.now();
  let elapsedMs = 0;
  while (elapsedMs < measureMs) {
    done += run();
    elapsedMs = performance.now() - startMs;
  }
  return (done / elapsedMs) * 1000;
}
