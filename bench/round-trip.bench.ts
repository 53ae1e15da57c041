// How long does one frame take there and back over loopback, between two processes, one frame at a time?

import type { Benchmark, BenchmarkOptions } from './benchmark';
import { C_PEER, fillsFrames, findContenders, NATIVE, ZEROMQ } from './contenders';
import { measureRoundTrips, type Work } from './harness';
import { attempt } from './side';
import { isMeasured } from './sizes';
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
const QUICK_PART = 1 / 10;
// What --check holds the native engine to: at most the given part of the rival's p50.
const CHECKED_SIZE = 64;
const MOST: Readonly<Record<string, number>> = { [ZEROMQ]: 0.7, [C_PEER]: 0.6 };
const WARM_PART = 1 / 5;
const PERCENTILES = [0.5, 0.9, 0.99] as const;

export const roundTrip: Benchmark = async (options) => {
  const { contenders: all, skipped } = findContenders();
  const contenders = all.filter(fillsFrames);
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  for (const work of workloads(options)) {
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
      const ratioTo = (rival: string): number | undefined =>
        rival === name || !rounds.has(rival) ? undefined : medianRatio(column(name, 0), column(rival, 0));
      const [toZeromq, toC] = [ratioTo(ZEROMQ), ratioTo(C_PEER)];
      rows.push([
        `round-trip/${size}/${name}`,
        ...[p50Micros, p90Micros, p99Micros].map((micros) => numberText(micros!)),
        percentText(spread(column(name, 0))),
        ...[toZeromq, toC].map((ratio) => (ratio === undefined ? '' : ratioText(ratio))),
      ]);
      cases.push({
        name: `round-trip/${size}/${name}`,
        ...work,
        p50Micros,
        p90Micros,
        p99Micros,
        ratioOfP50ToZeromq: toZeromq,
        ratioOfP50ToC: toC,
        roundsP50Micros: column(name, 0),
      });
      if (name !== NATIVE || work.sizeBytes !== CHECKED_SIZE) continue;
      for (const [rival, most] of Object.entries(MOST)) {
        const ratio = ratioTo(rival);
        if (ratio === undefined || !(ratio > most)) continue;
        shortfalls.push(
          `round-trip/${size}: ${name} takes ${ratioText(ratio)} of ${rival}, should take ${most} at most`,
        );
      }
    }
  }
  const table = {
    title: `There and back over loopback, one frame in flight, ${options.rounds} round(s); microseconds`,
    columns: ['case', 'p50', 'p90', 'p99', 'spread of p50', `p50: it / ${ZEROMQ}`, 'p50: it / C'],
    rows,
  };
  return { tables: [table], notes: NOTES, skipped, cases, failures, shortfalls };
};

const NOTES = [
  'A round trip begins before the frame is made and filled, and ends when it is back; the content is checked after that.',
  'p50, p90, p99: median over the rounds of that percentile; with fewer than 100 frames a round p99 is the slowest.',
  'spread of p50: highest less lowest round, of the median.',
  `p50: it / ${ZEROMQ}, it / C: median of the ratios round by round; below 1, it is faster than bare ${ZEROMQ} sockets, than ${C_PEER}.`,
];

function workloads(options: BenchmarkOptions): Work[] {
  return FRAMES.filter(([sizeBytes]) => isMeasured(sizeBytes, options)).map(([sizeBytes, full]) => {
    const frames = options.quick ? full * QUICK_PART : full;
    return { sizeBytes, frames, warmFrames: Math.ceil(frames * WARM_PART) };
  });
}
