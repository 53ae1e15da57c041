// How many frames a second go into a log, and out of it, beside the bare NATS client?

import type { Benchmark, BenchmarkOptions } from '../benchmark';
import type { Work } from '../harness';
import { attempt } from '../side';
import { isMeasured, SIZES_BYTES } from '../sizes';
import { median, medianRatio, orderOf, spread } from '../statistics';
import { numberText, percentText, ratioText, sizeText, type Table } from '../table';
import { AWAITED, LOG_CONTENDERS, OURS, WINDOW, type LogContender } from './contenders';
import { FAILED_COST, measureReading, measureWriting, type Cost } from './measure';
import { measureNatsCli, NATS_CLI, whyNoNatsCli } from './nats-cli';
import { withServer } from './server';

const QUICK_PART = 1 / 50;
const LEAST_FRAMES = 4;
const WARM_PART = 1 / 8;
// The largest frame that fits into a message of the server's default max_payload.
const MOST_MESSAGE_BYTES = 1_000_000;

// What --check holds writing to: at least the given multiple of the rival's frames/s.
const LEAST: readonly { sizeBytes: number; rival: string; ratio: number }[] = [
  { sizeBytes: 64, rival: AWAITED, ratio: 20 },
  { sizeBytes: 1_000_000, rival: AWAITED, ratio: 0.9 },
  { sizeBytes: 1_000_000, rival: WINDOW, ratio: 0.9 },
];

type Way = 'write' | 'read';

/** Whom a figure is beside, and the title of that column. */
interface Rival {
  readonly name: string;
  readonly column: string;
}

const WAYS: readonly { way: Way; title: string; rivals: readonly Rival[] }[] = [
  {
    way: 'write',
    title: 'Into a log, until acknowledged',
    rivals: [
      { name: AWAITED, column: 'x awaited' },
      { name: WINDOW, column: 'x 256 at a time' },
    ],
  },
  {
    way: 'read',
    title: 'Out of a log, from its first frame',
    rivals: [{ name: WINDOW, column: 'x NATS client' }],
  },
];

/** By the name of who it was. */
type Rounds = ReadonlyMap<string, Record<Way, Cost>[]>;

export const inAndOut: Benchmark = async (options) => {
  const noCli = await whyNoNatsCli();
  const rows: Record<Way, string[][]> = { write: [], read: [] };
  const part = { notes: NOTES, skipped: noCli === undefined ? [] : [`${NATS_CLI}: ${noCli}`] };
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  for (const sizeBytes of SIZES_BYTES) {
    if (!isMeasured(sizeBytes, options)) continue;
    const rounds = await measureAll(sizeBytes, noCli === undefined, options, failures);
    for (const { way, rivals } of WAYS) {
      for (const name of rounds.keys()) {
        const summary = summaryOf(name, way, rivals, rounds, sizeBytes);
        if (summary === undefined) continue;
        rows[way].push(summary.row);
        cases.push(summary.figures);
      }
    }
    shortfalls.push(...slowerThanPromised(sizeBytes, rounds));
  }
  const tables = WAYS.map(({ way, title, rivals }): Table => ({
    title: `${title}, ${options.rounds} round(s)`,
    columns: [
      'case',
      'frames/s',
      'MB/s',
      'spread',
      ...rivals.map(({ column }) => column),
      'us a frame',
      'us a frame, server',
      'MB',
      'MB, server',
    ],
    rows: rows[way],
  }));
  return { ...part, tables, cases, failures, shortfalls };
};

async function measureAll(
  sizeBytes: number,
  hasCli: boolean,
  { rounds, quick, progress }: BenchmarkOptions,
  failures: string[],
): Promise<Rounds> {
  const runs = LOG_CONTENDERS.map((contender) => ({
    name: contender.name,
    run: () => measurePeer(contender, workOf(contender, sizeBytes, quick)),
  }));
  const windowed = LOG_CONTENDERS.find(({ name }) => name === WINDOW)!;
  if (hasCli && sizeBytes <= MOST_MESSAGE_BYTES) {
    const work = workOf(windowed, sizeBytes, quick);
    runs.push({ name: NATS_CLI, run: () => withServer((server) => measureNatsCli(server, work)) });
  }
  const all = new Map(runs.map(({ name }) => [name, [] as Record<Way, Cost>[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of orderOf(runs, round)) {
      progress(`jetstream ${sizeText(sizeBytes)}, round ${round + 1} of ${rounds}, ${name}`);
      const costs = await attempt(run(), failures);
      all.get(name)!.push(costs ?? { write: FAILED_COST, read: FAILED_COST });
    }
  }
  return all;
}

function workOf({ work }: LogContender, sizeBytes: number, quick: boolean): Work {
  const frames = Math.max(Math.ceil(work[sizeBytes]! * (quick ? QUICK_PART : 1)), LEAST_FRAMES);
  return { sizeBytes, frames, warmFrames: Math.ceil(frames * WARM_PART) };
}

/** On a server of its own: what another one has left in its memory slows none of them down. */
function measurePeer(contender: LogContender, work: Work): Promise<Record<Way, Cost>> {
  return withServer(async (server) => {
    const write = await measureWriting(server, contender, work);
    const read = contender.reader !== undefined ? await measureReading(server, contender, work) : FAILED_COST;
    return { write, read };
  });
}

function ratesOf(rounds: Rounds, name: string, way: Way): number[] {
  return rounds.get(name)!.map((costs) => costs[way].framesPerSec);
}

/** What reads is named by how it reads. */
function nameIn(way: Way, who: string): string {
  const reader = LOG_CONTENDERS.find(({ name }) => name === who)?.reader;
  return way === 'read' && reader !== undefined ? reader : who;
}

/** Undefined for a contender that was not measured. */
function summaryOf(
  who: string,
  way: Way,
  rivals: readonly Rival[],
  rounds: Rounds,
  sizeBytes: number,
): { row: string[]; figures: { name: string } & Record<string, unknown> } | undefined {
  const roundsFramesPerSec = ratesOf(rounds, who, way);
  const framesPerSec = median(roundsFramesPerSec);
  if (Number.isNaN(framesPerSec)) return undefined;
  const name = `jetstream/${way}/${sizeText(sizeBytes)}/${nameIn(way, who)}`;
  const medianOf = (figure: keyof Cost): number =>
    median(rounds.get(who)!.map((costs) => costs[way][figure]));
  const ratios = rivals.map((rival) =>
    rival.name === who ? undefined : medianRatio(roundsFramesPerSec, ratesOf(rounds, rival.name, way)),
  );
  const costs = {
    clientCpuMicrosAFrame: medianOf('clientMicros'),
    serverCpuMicrosAFrame: medianOf('serverMicros'),
    clientPeakMegabytes: medianOf('clientMegabytes'),
    serverPeakMegabytes: medianOf('serverMegabytes'),
  };
  const megabytesPerSec = (framesPerSec * sizeBytes) / 1e6;
  const row = [
    name,
    numberText(framesPerSec),
    numberText(megabytesPerSec),
    percentText(spread(roundsFramesPerSec)),
    ...ratios.map((ratio) => (ratio === undefined ? '' : ratioText(ratio))),
    ...Object.values(costs).map((cost) => (Number.isNaN(cost) ? '' : numberText(cost))),
  ];
  const ratioTo = Object.fromEntries(rivals.map((rival, index) => [nameIn(way, rival.name), ratios[index]]));
  return {
    row,
    figures: { name, sizeBytes, framesPerSec, megabytesPerSec, ratioTo, ...costs, roundsFramesPerSec },
  };
}

function slowerThanPromised(sizeBytes: number, rounds: Rounds): string[] {
  return LEAST.filter((least) => least.sizeBytes === sizeBytes).flatMap(({ rival, ratio: least }) => {
    const ratio = medianRatio(ratesOf(rounds, OURS, 'write'), ratesOf(rounds, rival, 'write'));
    // Not a number when every round has failed, which is told on its own.
    if (!(ratio < least)) return [];
    return [
      `jetstream/write/${sizeText(sizeBytes)}: ${OURS} is at ${ratioText(ratio)} of ${rival}, should be at ${least}`,
    ];
  });
}

const NOTES = [
  'In and out: each writer makes and fills every frame anew, reqFrame in memory of the pool, the others in new memory. Each reader',
  'checks the size and the first and last byte of every frame. us a frame: processor time of all threads of the writer or reader.',
  'MB: its peak resident memory (10^6 bytes). The server is on the same machine, its stream in a file, one copy: it acknowledges',
  'what the system has taken, and syncs the disk every two minutes. In every round, each row of writing has a server of its own.',
  `${AWAITED}: one frame a message, each publish awaited. ${WINDOW}: up to 256 publishes unanswered, and`,
  'up to 64 MB of them. Its reader is an ordered consumer with for await, which asks for 100 messages ahead (its default), and for 16',
  'of 1 MB: the server cuts off a client that has 64 MB to take. Frames of 10 MB, which the server refuses, are ten messages there.',
];
