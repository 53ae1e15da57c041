// What gets slower, and what takes more memory, when a log grows?

import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark, BenchmarkOptions } from '../benchmark';
import { startSide, withSides } from '../harness';
import { attempt, Side } from '../side';
import { numberText } from '../table';
import { OURSELVES } from './contenders';
import { casesOf, logText, openTable, serverTable, type Grown } from './growth-tables';
import { OPENINGS, type Opening } from './openings';
import { withServer, type NatsServer } from './server';

const OPEN_PEER = join(__dirname, '..', 'peers', 'log-open-peer.js');
export const DEFAULT_GIGABYTES = 1;
const QUICK_GIGABYTES = 0.005;
// It is measured on the way, too.
const PARTS = [1 / 100, 1 / 10, 1];
const FRAME_BYTES = 10_000;
// In between it is told how far it has got.
const MOST_FRAMES_AT_ONCE = 10_000;
// What the disk needs besides: headers, and what others write meanwhile.
const DISK_FACTOR = 1.1;
const SPARE_DISK_BYTES = 2e9;
const MOST_STARTS = 3;
const START_LIMIT_MS = 600_000;

export const growth: Benchmark = async (options) => {
  const { quick, gigabytes = quick ? QUICK_GIGABYTES : DEFAULT_GIGABYTES } = options;
  const result = { tables: [], notes: [], skipped: [], cases: [], failures: [], shortfalls: [] };
  const { bavail, bsize } = await statfs(tmpdir());
  const neededBytes = gigabytes * 1e9 * DISK_FACTOR + SPARE_DISK_BYTES;
  if (bavail * bsize < neededBytes) {
    const texts = [neededBytes, bavail * bsize].map((bytes) => `${numberText(bytes / 1e9)} GB`);
    const text = `a log of ${logText(gigabytes)} needs ${texts[0]!} of disk in ${tmpdir()}, which has ${texts[1]!}`;
    return { ...result, skipped: [`jetstream/open: ${text} (--gigabytes N)`] };
  }
  const failures: string[] = [];
  const all: Grown[] = [];
  await attempt(
    withServer((server) =>
      grow(server, quick ? [gigabytes] : PARTS.map((part) => part * gigabytes), options, all),
    ),
    failures,
  );
  const cases = all.flatMap(casesOf);
  return {
    ...result,
    tables: [openTable(all, options.rounds), serverTable(all)],
    notes: NOTES,
    cases,
    failures,
  };
};

async function grow(
  server: NatsServer,
  sizes: readonly number[],
  { rounds, progress }: BenchmarkOptions,
  all: Grown[],
): Promise<void> {
  let frames = 0;
  for (const gigabytes of sizes) {
    const total = Math.round((gigabytes * 1e9) / FRAME_BYTES);
    const added = total - frames;
    progress(`jetstream, a log of ${logText(gigabytes)} is written`);
    const { middleTime, ms } = await fill(
      server,
      Math.floor(total / 2) - frames,
      total - Math.floor(total / 2),
    );
    frames = total;
    const filledMegabytes = server.usage().residentBytes / 1e6;
    progress(`jetstream, a log of ${logText(gigabytes)} is opened`);
    const openMs = await openings(server, frames, middleTime, rounds);
    const startMs: number[] = [];
    for (let start = 0; start < Math.min(rounds, MOST_STARTS); start++) {
      progress(`jetstream, a server with a log of ${logText(gigabytes)} starts`);
      await server.stop();
      const started = performance.now();
      await server.relaunch();
      await server.ready(START_LIMIT_MS);
      startMs.push(performance.now() - started);
    }
    const startedMegabytes = server.usage().residentBytes / 1e6;
    const { messages = NaN } = (await server.ask<{ messages?: number }>('jsz')) ?? {};
    const fillMegabytesPerSec = (added * FRAME_BYTES) / 1000 / ms;
    all.push({
      gigabytes,
      frames,
      messages,
      fillMegabytesPerSec,
      filledMegabytes,
      startedMegabytes,
      startMs,
      openMs,
    });
  }
}

/** Writes up to the middle of the log, and the rest. */
async function fill(
  { port }: NatsServer,
  ...parts: readonly number[]
): Promise<{ readonly middleTime: number; readonly ms: number }> {
  const work = { sizeBytes: FRAME_BYTES, warmFrames: 0, frames: 0 };
  const filling = startSide(OURSELVES, 'fill', { port, work, frames: OURSELVES.frames });
  return withSides([filling], async () => {
    let [step, ms, middleTime] = [0, 0, 0];
    for (const part of parts) {
      middleTime = Date.now();
      for (let left = part; left > 0; left -= MOST_FRAMES_AT_ONCE) {
        step += 1;
        filling.tell(String(Math.min(left, MOST_FRAMES_AT_ONCE)));
        ms += Number((await filling.line(`filled ${step}`))[`filled ${step}`]);
      }
    }
    return { middleTime, ms };
  });
}

/** How long each opening took, an entry a round. */
async function openings(
  { port }: NatsServer,
  frames: number,
  middleTime: number,
  rounds: number,
): Promise<Record<Opening, number[]>> {
  const all = Object.fromEntries(OPENINGS.map((name) => [name, [] as number[]])) as Record<Opening, number[]>;
  const opening = new Side('log opener', [process.execPath, OPEN_PEER], [port, frames, middleTime]);
  await withSides([opening], async () => {
    // The first round is for the compiler.
    for (let round = 0; round <= rounds; round++) {
      opening.tell('open');
      const key = `opened ${round}`;
      const ms = (await opening.line(key))[key] as Record<Opening, number>;
      if (round > 0) for (const name of OPENINGS) all[name].push(ms[name]);
    }
  });
  return all;
}

const NOTES = [
  `Growth: frames of ${FRAME_BYTES / 1000} kB. Every opening makes its own connection. Writer, and reader from now: until create() has resolved.`,
  'Other readers: from create() until the first frame has come; time and frame are the middle of the log. MB: resident memory of',
  'the server (VmRSS). start: until it says that its JetStream is well, looked at every 20 ms.',
];
