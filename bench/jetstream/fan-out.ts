// A log is written at full speed and read by many at the same time: how much comes out, and what does the server pay?

import type { Benchmark, BenchmarkOptions } from '../benchmark';
import { requireAll, startSide, withSides, type Work } from '../harness';
import { attempt } from '../side';
import { isMeasured } from '../sizes';
import { median, medianRatio, orderOf, spread } from '../statistics';
import { numberText, percentText, ratioText, sizeText } from '../table';
import { OURSELVES } from './contenders';
import { withServer } from './server';

const READERS = [0, 1, 2, 4, 8];
const QUICK_READERS = [0, 2];
const FRAMES: readonly (readonly [sizeBytes: number, frames: number])[] = [
  [10_000, 20_000],
  [1_000_000, 200],
];
const QUICK_PART = 1 / 20;
const WARM_PART = 1 / 8;

/** One run. */
interface FanOut {
  readonly inMegabytesPerSec: number;
  /** Of all readers together. */
  readonly outMegabytesPerSec: number;
  /** A GB written. */
  readonly serverSecondsPerGigabyte: number;
  readonly serverMegabytes: number;
  /** Of one reader; the mean of all. */
  readonly readerMicros: number;
  readonly readerMegabytes: number;
}

const FAILED: FanOut = {
  inMegabytesPerSec: NaN,
  outMegabytesPerSec: NaN,
  serverSecondsPerGigabyte: NaN,
  serverMegabytes: NaN,
  readerMicros: NaN,
  readerMegabytes: NaN,
};

export const fanOut: Benchmark = async (options) => {
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  for (const [sizeBytes, frames] of FRAMES) {
    if (!isMeasured(sizeBytes, options)) continue;
    const all = await measureAll(workOf(sizeBytes, frames, options), options, failures);
    const [nobody, alone] = [all.get(0)!, all.get(1)];
    for (const [readers, measured] of all) {
      const of = (figure: keyof FanOut): number[] => measured.map((one) => one[figure]);
      const medianOf = (figure: keyof FanOut): number => median(of(figure));
      const isRead = readers > 0;
      const serverOfReader = measured.map(
        (one, round) =>
          (one.serverSecondsPerGigabyte - nobody[round]!.serverSecondsPerGigabyte) / Math.max(readers, 1),
      );
      const ratioToOne =
        isRead && alone !== undefined
          ? medianRatio(
              of('outMegabytesPerSec'),
              alone.map((one) => one.outMegabytesPerSec),
            )
          : undefined;
      const figures = {
        inMegabytesPerSec: medianOf('inMegabytesPerSec'),
        outMegabytesPerSec: isRead ? medianOf('outMegabytesPerSec') : undefined,
        ratioToOne,
        serverCpuSecondsPerGigabyte: medianOf('serverSecondsPerGigabyte'),
        serverCpuSecondsPerGigabyteOfReader: isRead ? median(serverOfReader) : undefined,
        serverPeakMegabytes: medianOf('serverMegabytes'),
        readerCpuMicrosAFrame: isRead ? medianOf('readerMicros') : undefined,
        readerPeakMegabytes: isRead ? medianOf('readerMegabytes') : undefined,
      };
      const name = `jetstream/fan-out/${sizeText(sizeBytes)}/${readers} reader${readers === 1 ? '' : 's'}`;
      const text = (value: number | undefined): string => (value === undefined ? '' : numberText(value));
      rows.push([
        name,
        numberText(figures.inMegabytesPerSec),
        text(figures.outMegabytesPerSec),
        percentText(spread(of(isRead ? 'outMegabytesPerSec' : 'inMegabytesPerSec'))),
        ratioToOne === undefined ? '' : ratioText(ratioToOne),
        numberText(figures.serverCpuSecondsPerGigabyte),
        text(figures.serverCpuSecondsPerGigabyteOfReader),
        numberText(figures.serverPeakMegabytes),
        text(figures.readerCpuMicrosAFrame),
        text(figures.readerPeakMegabytes),
      ]);
      cases.push({ name, sizeBytes, readers, ...figures, roundsMegabytesPerSec: of('outMegabytesPerSec') });
    }
  }
  const table = {
    title: `A log that is written and read at the same time, ${options.rounds} round(s)`,
    columns: [
      'case',
      'in, MB/s',
      'out, MB/s',
      'spread',
      'out / one reader',
      'server, s a GB',
      'server, s a GB of a reader',
      'MB, server',
      'us a frame, reader',
      'MB, reader',
    ],
    rows,
  };
  return { tables: [table], notes: NOTES, skipped: [], cases, failures, shortfalls: [] };
};

const NOTES = [
  'Fan-out: every reader gets every frame. out: all readers together, until the last one has the last frame. server, s a GB: its',
  'processor time for a GB (10^9 bytes) written, with all readers; of a reader: what that is above the time without readers, divided',
  'by the readers. MB: peak resident memory; of the readers, the largest. All processes share the cores of this machine.',
];

function workOf(sizeBytes: number, allFrames: number, { quick }: BenchmarkOptions): Work {
  const frames = Math.ceil(allFrames * (quick ? QUICK_PART : 1));
  return { sizeBytes, frames, warmFrames: Math.ceil(frames * WARM_PART) };
}

async function measureAll(
  work: Work,
  { rounds, quick, progress }: BenchmarkOptions,
  failures: string[],
): Promise<Map<number, FanOut[]>> {
  const counts = quick ? QUICK_READERS : READERS;
  const all = new Map(counts.map((readers) => [readers, [] as FanOut[]]));
  for (let round = 0; round < rounds; round++) {
    for (const readers of orderOf(counts, round)) {
      const size = sizeText(work.sizeBytes);
      progress(`jetstream ${size}, ${readers} readers, round ${round + 1} of ${rounds}`);
      all.get(readers)!.push((await attempt(measure(readers, work), failures)) ?? FAILED);
    }
  }
  return all;
}

function measure(readers: number, work: Work): Promise<FanOut> {
  return withServer((server) => {
    const start = { port: server.port, work, frames: OURSELVES.frames, more: [OURSELVES.window] };
    // The writer makes the stream before it is ready.
    const writing = startSide(OURSELVES, 'write', start);
    const reading = Array.from({ length: readers }, () => startSide(OURSELVES, 'read', start));
    return withSides([writing, ...reading], async () => {
      for (const side of reading) side.tell('go');
      await Promise.all(reading.map((side) => side.line('reading')));
      writing.tell('warm');
      await Promise.all([writing, ...reading].map((side) => side.line('warm')));
      const before = server.usage().cpuSeconds;
      const startMs = performance.now();
      writing.tell('go');
      const [written, ...received] = await Promise.all([
        writing.line('written'),
        ...reading.map((side) => side.line('received')),
      ]);
      const seconds = (performance.now() - startMs) / 1000;
      reading.forEach((side, index) => requireAll(side, work, received[index]!));
      const { cpuSeconds, peakResidentBytes } = server.usage();
      const megabytes = (work.frames * work.sizeBytes) / 1e6;
      const readerMs = received.reduce((sum, { cpuMs }) => sum + Number(cpuMs), 0) / readers;
      return {
        inMegabytesPerSec: megabytes / (Number(written.elapsedMs) / 1000),
        outMegabytesPerSec: (megabytes * readers) / seconds,
        serverSecondsPerGigabyte: (cpuSeconds - before) / (megabytes / 1000),
        serverMegabytes: peakResidentBytes / 1e6,
        readerMicros: (readerMs * 1000) / work.frames,
        readerMegabytes: Math.max(...received.map(({ peakMegabytes }) => Number(peakMegabytes))),
      };
    });
  });
}
