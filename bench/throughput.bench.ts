// How many frames a second go one way over loopback, between two processes, and what does a frame cost?

import type { Benchmark, BenchmarkOptions } from './benchmark';
import { C_PEER, findContenders, LIBZMQ_NEW, NATIVE, ZEROMQ, type Contender } from './contenders';
import { FAILED_ONE_WAY, measureOneWay, type OneWay, type Work } from './harness';
import { attempt } from './side';
import { isMeasured } from './sizes';
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
const QUICK_PART = 1 / 10;
// For the compilers of Node and the buffers of the kernel.
const WARM_PART = 1 / 8;

type BySize = Readonly<Record<number, number>>;

// What --check holds each engine to, by payload size: at least the given multiple of the rival's frames/s.
const LEAST: readonly { ours: string; rival: string; ratios: BySize }[] = [
  {
    ours: LIBZMQ_NEW,
    rival: ZEROMQ,
    ratios: { 64: 0.9, 1_000: 0.9, 10_000: 0.9, 100_000: 0.9, 1_000_000: 0.9, 10_000_000: 0.9 },
  },
  {
    ours: NATIVE,
    rival: C_PEER,
    ratios: { 64: 4, 1_000: 2.5, 10_000: 2, 100_000: 1.3, 1_000_000: 1.2, 10_000_000: 1.2 },
  },
];
// And the sender of NATIVE: at most the given peak of resident memory, in MB.
const MOST_SENDER_MEGABYTES: BySize = {
  64: 80,
  1_000: 90,
  10_000: 120,
  100_000: 160,
  1_000_000: 200,
  10_000_000: 250,
};

/** What each contender took, an entry a round. */
type Rounds = ReadonlyMap<string, readonly OneWay[]>;

export const throughput: Benchmark = async (options) => {
  const { contenders, skipped } = findContenders();
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  for (const [sizeBytes, frames] of FRAMES) {
    if (!isMeasured(sizeBytes, options)) continue;
    const rounds = await measureAll(contenders, sizeBytes, frames, options, failures);
    for (const name of rounds.keys()) {
      const { row, figures } = summaryOf(name, rounds, sizeBytes);
      rows.push(row);
      cases.push(figures);
    }
    shortfalls.push(...slowerThanPromised(sizeBytes, rounds), ...largerThanPromised(sizeBytes, rounds));
  }
  return { tables: [table(rows, options)], notes: NOTES, skipped, cases, failures, shortfalls };
};

async function measureAll(
  contenders: readonly Contender[],
  sizeBytes: number,
  frames: number,
  options: BenchmarkOptions,
  failures: string[],
): Promise<Rounds> {
  const rounds = new Map<string, OneWay[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const contender of orderOf(contenders, round)) {
      const size = sizeText(sizeBytes);
      options.progress(`throughput ${size}, round ${round + 1} of ${options.rounds}, ${contender.name}`);
      const work = workOf(contender, sizeBytes, frames, options.quick);
      const oneWay = await attempt(measureOneWay(contender, contender, work), failures);
      rounds.get(contender.name)!.push(oneWay ?? FAILED_ONE_WAY);
    }
  }
  return rounds;
}

/** What a contender is given to do, so that all of them take about as long. */
export function workOf(contender: Contender, sizeBytes: number, frames: number, quick: boolean): Work {
  const own = frames * contender.frameFactor(sizeBytes) * (quick ? QUICK_PART : 1);
  return { sizeBytes, frames: own, warmFrames: Math.ceil(own * WARM_PART) };
}

function ratesOf(rounds: Rounds, name: string): number[] | undefined {
  return rounds.get(name)?.map(({ framesPerSec }) => framesPerSec);
}

function summaryOf(
  contender: string,
  rounds: Rounds,
  sizeBytes: number,
): { row: string[]; figures: { name: string } & Record<string, unknown> } {
  const name = `throughput/${sizeText(sizeBytes)}/${contender}`;
  const roundsFramesPerSec = ratesOf(rounds, contender)!;
  const ratioTo = (rival: string): number | undefined => {
    const theirs = ratesOf(rounds, rival);
    return rival === contender || theirs === undefined ? undefined : medianRatio(roundsFramesPerSec, theirs);
  };
  const medianOf = (figure: keyof OneWay): number =>
    median(rounds.get(contender)!.map((oneWay) => oneWay[figure]));
  const figures = {
    name,
    sizeBytes,
    framesPerSec: medianOf('framesPerSec'),
    megabytesPerSec: (medianOf('framesPerSec') * sizeBytes) / 1e6,
    ratioToZeromq: ratioTo(ZEROMQ),
    ratioToC: ratioTo(C_PEER),
    senderCpuMicrosAFrame: medianOf('senderMicros'),
    receiverCpuMicrosAFrame: medianOf('receiverMicros'),
    senderPeakMegabytes: medianOf('senderMegabytes'),
    receiverPeakMegabytes: medianOf('receiverMegabytes'),
    roundsFramesPerSec,
  };
  const row = [
    name,
    numberText(figures.framesPerSec),
    numberText(figures.megabytesPerSec),
    percentText(spread(roundsFramesPerSec)),
    ...[figures.ratioToZeromq, figures.ratioToC].map((ratio) =>
      ratio === undefined ? '' : ratioText(ratio),
    ),
    ...[figures.senderCpuMicrosAFrame, figures.receiverCpuMicrosAFrame].map(numberText),
    ...[figures.senderPeakMegabytes, figures.receiverPeakMegabytes].map(numberText),
  ];
  return { row, figures };
}

function slowerThanPromised(sizeBytes: number, rounds: Rounds): string[] {
  return LEAST.flatMap(({ ours, rival, ratios }) => {
    const least = ratios[sizeBytes];
    const [mine, theirs] = [ratesOf(rounds, ours), ratesOf(rounds, rival)];
    if (least === undefined || mine === undefined || theirs === undefined) return [];
    const ratio = medianRatio(mine, theirs);
    // Not a number when every round has failed, which is told on its own.
    if (!(ratio < least)) return [];
    return [
      `throughput/${sizeText(sizeBytes)}: ${ours} is at ${ratioText(ratio)} of ${rival}, should be at ${least}`,
    ];
  });
}

function largerThanPromised(sizeBytes: number, rounds: Rounds): string[] {
  const most = MOST_SENDER_MEGABYTES[sizeBytes];
  const megabytes = median((rounds.get(NATIVE) ?? []).map(({ senderMegabytes }) => senderMegabytes));
  if (most === undefined || !(megabytes > most)) return [];
  return [
    `throughput/${sizeText(sizeBytes)}: the sender of ${NATIVE} took ${numberText(megabytes)} MB, should take ${most} at most`,
  ];
}

const NOTES = [
  'reqFrame, new Frame: how the sender makes each frame, which it fills with the number of the frame; zeromq, pyzmq and C',
  'make and fill new memory, too. One buffer: the same constant buffer again and again, with nothing made or filled.',
  'Every receiver checks the size and the first and last byte of each frame.',
  'frames/s, MB/s (10^6 bytes of payload): medians over the rounds. spread: highest less lowest round, of the median.',
  `x ${ZEROMQ}, x C: median of the ratios round by round; above 1, it is faster than bare ${ZEROMQ} sockets, than ${C_PEER}.`,
  'us a frame: processor time of all threads of that process, until the receiver has every frame; median over the rounds.',
  'MB, sender and MB, receiver: peak resident memory of that process (10^6 bytes), warm-up included; median over the rounds.',
];

function table(rows: string[][], { rounds }: BenchmarkOptions): Table {
  const costs = ['us a frame, sender', 'us a frame, receiver', 'MB, sender', 'MB, receiver'];
  return {
    title: `One way over loopback, a process each side, ${rounds} round(s)`,
    columns: ['case', 'frames/s', 'MB/s', 'spread', `x ${ZEROMQ}`, 'x C', ...costs],
    rows,
  };
}
