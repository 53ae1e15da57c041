// How many frames a second go one way over loopback, between two processes?

import type { Benchmark, BenchmarkOptions } from './benchmark';
import { findContenders, OURS, ZEROMQ } from './contenders';
import { attempt, measureThroughput, type Work } from './harness';
import { median, medianRatio, orderOf, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText, type Table } from './table';

// One to two seconds each on two cores; the large ones queue 1.2 GB at the very most.
const FRAMES: readonly (readonly [sizeBytes: number, frames: number])[] = [
  [64, 250_000],
  [1_000, 220_000],
  [10_000, 100_000],
  [100_000, 12_000],
  [1_000_000, 1_200],
  [10_000_000, 120],
];
const QUICK_SIZES = [64, 10_000, 1_000_000];
const QUICK_PART = 1 / 10;
// For the compilers of Node and the buffers of the kernel.
const WARM_PART = 1 / 8;
const LEAST_RATIO = 0.9;

/** Frames per second of each contender, a figure a round. */
type Rates = Map<string, number[]>;

export const throughput: Benchmark = async (options) => {
  const { contenders, skipped } = findContenders();
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  for (const work of workloads(options.quick)) {
    const size = sizeText(work.sizeBytes);
    const rates: Rates = new Map(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < options.rounds; round++) {
      for (const contender of orderOf(contenders, round)) {
        options.progress(`throughput ${size}, round ${round + 1} of ${options.rounds}, ${contender.name}`);
        const elapsedMs = await attempt(measureThroughput(contender, work), failures);
        // The clock starts at the first frame, which is before the first interval.
        rates.get(contender.name)!.push(((work.frames - 1) / (elapsedMs ?? NaN)) * 1000);
      }
    }
    const ours = rates.get(OURS)!;
    for (const [name, framesPerSec] of rates) {
      const rate = median(framesPerSec);
      const ratio = name === OURS ? undefined : medianRatio(ours, framesPerSec);
      const megabytesPerSec = (rate * work.sizeBytes) / 1e6;
      rows.push([
        `throughput/${size}/${name}`,
        numberText(rate),
        numberText(megabytesPerSec),
        percentText(spread(framesPerSec)),
        ratio === undefined ? '' : ratioText(ratio),
      ]);
      cases.push({
        name: `throughput/${size}/${name}`,
        ...work,
        framesPerSec: rate,
        megabytesPerSec,
        ratioOfOursToThis: ratio,
        ratioOfMedians: ratio === undefined ? undefined : median(ours) / rate,
        roundsFramesPerSec: framesPerSec,
      });
      if (name === ZEROMQ && !(ratio! >= LEAST_RATIO)) {
        shortfalls.push(`throughput/${size}: ${OURS} is at ${ratioText(ratio!)} of ${ZEROMQ}`);
      }
    }
  }
  return { tables: [table(rows, options)], notes: NOTES, skipped, cases, failures, shortfalls };
};

const NOTES = [
  'frames/s and MB/s (10^6 bytes of payload) are medians over the rounds; spread is highest less lowest, of the median.',
  `${OURS} / it: median of the ratios round by round; above 1, ${OURS} is the faster.`,
];

function table(rows: string[][], { rounds }: BenchmarkOptions): Table {
  return {
    title: `One way over loopback, a process each side, ${rounds} round(s)`,
    columns: ['case', 'frames/s', 'MB/s', 'spread', `${OURS} / it`],
    rows,
  };
}

function workloads(quick: boolean): Work[] {
  return FRAMES.filter(([sizeBytes]) => !quick || QUICK_SIZES.includes(sizeBytes)).map(
    ([sizeBytes, full]) => {
      const frames = quick ? full * QUICK_PART : full;
      return { sizeBytes, frames, warmFrames: Math.ceil(frames * WARM_PART) };
    },
  );
}
