// How long does one frame take there and back over loopback, between two processes, one frame at a time?

import type { Benchmark } from './benchmark';
import { findContenders, NATIVE, ZEROMQ } from './contenders';
import { measureRoundTrips, type Work } from './harness';
import { attempt } from './side';
import { median, medianRatio, orderOf, percentile, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText } from './table';

// About half a second each on two cores.
const FRAMES: readonly (readonly [sizeBytes: number, frames: number])[] = [
  [64, 5_000],
  [1_000, 5_000],
  [10_000, 4_000],
  [100_000, 2_000],
  [1_000_000, 400],
  [10_000_000, 50],
];
const QUICK_SIZES = [64, 10_000, 1_000_000];
const QUICK_PART = 1 / 10;
// What --check holds the native engine to.
const CHECKED_SIZE = 64;
const MOST_RATIO = 0.7;
const WARM_PART = 1 / 5;
const PERCENTILES = [0.5, 0.9, 0.99] as const;

export const roundTrip: Benchmark = async (options) => {
  const { contenders, skipped } = findContenders();
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  for (const work of workloads(options.quick)) {
    const size = sizeText(work.sizeBytes);
    // Of each contender: a list of p50, p90 and p99 for every round.
    const rounds = new Map<string, number[][]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < options.rounds; round++) {
      for (const contender of orderOf(contenders, round)) {
        options.progress(`round trip ${size}, round ${round + 1} of ${options.rounds}, ${contender.name}`);
        const samples = await attempt(measureRoundTrips(contender, work), failures);
        rounds.get(contender.name)!.push(PERCENTILES.map((fraction) => percentile(samples ?? [], fraction)));
      }
    }
    const column = (name: string, index: number): number[] => rounds.get(name)!.map((round) => round[index]!);
    for (const { name } of contenders) {
      const [p50Micros, p90Micros, p99Micros] = PERCENTILES.map((_, index) => median(column(name, index)));
      const ratio = name === ZEROMQ ? undefined : medianRatio(column(name, 0), column(ZEROMQ, 0));
      rows.push([
        `round-trip/${size}/${name}`,
        ...[p50Micros, p90Micros, p99Micros].map((micros) => numberText(micros!)),
        percentText(spread(column(name, 0))),
        ratio === undefined ? '' : ratioText(ratio),
      ]);
      cases.push({
        name: `round-trip/${size}/${name}`,
        ...work,
        p50Micros,
        p90Micros,
        p99Micros,
        ratioOfP50ToZeromq: ratio,
        roundsP50Micros: column(name, 0),
      });
      if (name === NATIVE && work.sizeBytes === CHECKED_SIZE && ratio! > MOST_RATIO) {
        shortfalls.push(
          `round-trip/${size}: ${name} is at ${ratioText(ratio!)} of ${ZEROMQ}, should be at ${MOST_RATIO}`,
        );
      }
    }
  }
  const table = {
    title: `There and back over loopback, one frame in flight, ${options.rounds} round(s); microseconds`,
    columns: ['case', 'p50', 'p90', 'p99', 'spread of p50', `p50: it / ${ZEROMQ}`],
    rows,
  };
  return { tables: [table], notes: NOTES, skipped, cases, failures, shortfalls };
};

const NOTES = [
  'Each percentile is the median over the rounds; with fewer than 100 frames a round p99 is the slowest.',
  `it / ${ZEROMQ}: median of the ratios round by round; below 1, it is faster than bare ${ZEROMQ} sockets.`,
];

function workloads(quick: boolean): Work[] {
  return FRAMES.filter(([sizeBytes]) => !quick || QUICK_SIZES.includes(sizeBytes)).map(
    ([sizeBytes, full]) => {
      const frames = quick ? full * QUICK_PART : full;
      return { sizeBytes, frames, warmFrames: Math.ceil(frames * WARM_PART) };
    },
  );
}
