// How many frames a second go one way over loopback, between two processes?

import type { Benchmark, BenchmarkOptions } from './benchmark';
import { C_PEER, findContenders, LIBZMQ, NATIVE, ZEROMQ, type Contender } from './contenders';
import { measureThroughput, type Work } from './harness';
import { attempt } from './side';
import { median, medianRatio, orderOf, spread } from './statistics';
import { numberText, percentText, ratioText, sizeText, type Table } from './table';

// One to two seconds each for bare zeromq on two cores; the large ones queue 1.2 GB at the very most.
export const FRAMES: readonly (readonly [sizeBytes: number, frames: number])[] = [
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

// What --check holds each engine to, by payload size: so many times the rival's frames/s.
const LEAST: readonly { ours: string; rival: string; ratios: Readonly<Record<number, number>> }[] = [
  {
    ours: LIBZMQ,
    rival: ZEROMQ,
    ratios: { 64: 0.9, 1_000: 0.9, 10_000: 0.9, 100_000: 0.9, 1_000_000: 0.9, 10_000_000: 0.9 },
  },
  {
    ours: NATIVE,
    rival: ZEROMQ,
    ratios: { 64: 12, 1_000: 5, 10_000: 1.5, 100_000: 1.2, 1_000_000: 1, 10_000_000: 1 },
  },
  { ours: NATIVE, rival: C_PEER, ratios: { 64: 3 } },
];

/** Frames per second of each contender, a figure a round. */
type Rates = Map<string, number[]>;

export const throughput: Benchmark = async (options) => {
  const { contenders, skipped } = findContenders();
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  for (const [sizeBytes, frames] of FRAMES) {
    if (options.quick && !QUICK_SIZES.includes(sizeBytes)) continue;
    const rates = await measureAll(contenders, sizeBytes, frames, options, failures);
    for (const [name, framesPerSec] of rates) {
      const rate = median(framesPerSec);
      const ratioTo = (rival: string): number | undefined =>
        rival === name || !rates.has(rival) ? undefined : medianRatio(framesPerSec, rates.get(rival)!);
      const [toZeromq, toC] = [ratioTo(ZEROMQ), ratioTo(C_PEER)];
      const megabytesPerSec = (rate * sizeBytes) / 1e6;
      rows.push([
        `throughput/${sizeText(sizeBytes)}/${name}`,
        numberText(rate),
        numberText(megabytesPerSec),
        percentText(spread(framesPerSec)),
        ...[toZeromq, toC].map((ratio) => (ratio === undefined ? '' : ratioText(ratio))),
      ]);
      cases.push({
        name: `throughput/${sizeText(sizeBytes)}/${name}`,
        sizeBytes,
        framesPerSec: rate,
        megabytesPerSec,
        ratioToZeromq: toZeromq,
        ratioToC: toC,
        roundsFramesPerSec: framesPerSec,
      });
    }
    shortfalls.push(...shortfallsOf(sizeBytes, rates));
  }
  return { tables: [table(rows, options)], notes: NOTES, skipped, cases, failures, shortfalls };
};

async function measureAll(
  contenders: readonly Contender[],
  sizeBytes: number,
  frames: number,
  options: BenchmarkOptions,
  failures: string[],
): Promise<Rates> {
  const rates: Rates = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const contender of orderOf(contenders, round)) {
      const size = sizeText(sizeBytes);
      options.progress(`throughput ${size}, round ${round + 1} of ${options.rounds}, ${contender.name}`);
      const work = workOf(contender, sizeBytes, frames, options.quick);
      const elapsedMs = await attempt(measureThroughput(contender, work), failures);
      // The clock starts at the first frame, which is before the first interval.
      rates.get(contender.name)!.push(((work.frames - 1) / (elapsedMs ?? NaN)) * 1000);
    }
  }
  return rates;
}

/** What a contender is given to do, so that all of them take about as long. */
export function workOf(contender: Contender, sizeBytes: number, frames: number, quick: boolean): Work {
  const own = frames * contender.frameFactor(sizeBytes) * (quick ? QUICK_PART : 1);
  return { sizeBytes, frames: own, warmFrames: Math.ceil(own * WARM_PART) };
}

function shortfallsOf(sizeBytes: number, rates: Rates): string[] {
  return LEAST.flatMap(({ ours, rival, ratios }) => {
    const least = ratios[sizeBytes];
    const [mine, theirs] = [rates.get(ours), rates.get(rival)];
    if (least === undefined || mine === undefined || theirs === undefined) return [];
    const ratio = medianRatio(mine, theirs);
    // Not a number when every round has failed, which is told on its own.
    if (!(ratio < least)) return [];
    return [
      `throughput/${sizeText(sizeBytes)}: ${ours} is at ${ratioText(ratio)} of ${rival}, should be at ${least}`,
    ];
  });
}

const NOTES = [
  'frames/s and MB/s (10^6 bytes of payload) are medians over the rounds; spread is highest less lowest, of the median.',
  `it / ${ZEROMQ}, it / C: median of the ratios round by round; above 1, it is faster than bare ${ZEROMQ} sockets, than ${C_PEER}.`,
];

function table(rows: string[][], { rounds }: BenchmarkOptions): Table {
  return {
    title: `One way over loopback, a process each side, ${rounds} round(s)`,
    columns: ['case', 'frames/s', 'MB/s', 'spread', `it / ${ZEROMQ}`, 'it / C'],
    rows,
  };
}
