// What do many bridges in one process cost: descriptors, threads, memory, time? And how long does a frame take when
// every one of them has a trickle?

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark';
import { attempt, Side } from './side';
import { median } from './statistics';
import { numberText } from './table';

const PEER = join(__dirname, 'peers', 'many-peer.js');
const COUNTS = [1, 10, 100, 1000, 5000];
const QUICK_COUNTS = [1, 10, 100];
// Counts hardly differ from round to round, and the times say no more than how they grow.
const MOST_ROUNDS = 3;
// What Node and a context have open, and then some.
const SPARE_DESCRIPTORS = 100;
// The memory of fewer is lost in what Node itself takes and gives back meanwhile.
const LEAST_FOR_MEMORY = 100;

/** Something to have many of. `descriptors` is the most that one bridge, or one pair of bare sockets, may hold open. */
interface Kind {
  readonly kind: 'server' | 'pair' | 'zeromq';
  readonly engine: 'native' | 'libzmq';
  readonly descriptors: number;
}

// A pair is two bridges, connected: each listens or connects, and each of its two connections has two ends.
const KINDS: readonly Kind[] = [
  { kind: 'server', engine: 'native', descriptors: 2 },
  { kind: 'server', engine: 'libzmq', descriptors: 8 },
  { kind: 'zeromq', engine: 'libzmq', descriptors: 4 },
  { kind: 'pair', engine: 'native', descriptors: 3 },
  { kind: 'pair', engine: 'libzmq', descriptors: 9 },
];
const WHAT = {
  server: 'servers',
  pair: 'servers and clients, connected',
  zeromq: 'bare PUSH and PULL',
} as const;

/** What a many-peer reports. */
export interface ManyResult {
  readonly descriptorsEach: number;
  readonly contextDescriptors: number;
  readonly threads: number;
  readonly residentBytesEach: number;
  readonly createMicrosEach: number;
  readonly exchangeMicrosEach: number;
  /** Median over the pairs, with a frame a pair now and then; 0 where there are none. */
  readonly roundTripMicros: number;
  readonly stopMs: number;
}

export const bridges: Benchmark = async ({ rounds, quick, progress }) => {
  const limit = descriptorLimit();
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const skipped: string[] = [];
  const failures: string[] = [];
  const shortfalls: string[] = [];
  const roundCount = Math.min(rounds, MOST_ROUNDS);
  for (const count of quick ? QUICK_COUNTS : COUNTS) {
    const fitting = KINDS.filter((kind) => {
      const needed = count * kind.descriptors + SPARE_DESCRIPTORS;
      if (needed > limit) {
        skipped.push(
          `${nameOf(kind, count)}: needs up to ${needed} descriptors, the limit is ${limit} (ulimit -n)`,
        );
      }
      return needed <= limit && (kind.kind !== 'pair' || count > 1);
    });
    const results = new Map<Kind, ManyResult[]>(fitting.map((kind) => [kind, []]));
    for (let round = 0; round < roundCount; round++) {
      for (const kind of fitting) {
        progress(`${nameOf(kind, count)}, round ${round + 1} of ${roundCount}`);
        const result = await attempt(measureMany(kind, count), failures);
        if (result !== undefined) results.get(kind)!.push(result);
      }
    }
    for (const [kind, measured] of results) {
      const name = nameOf(kind, count);
      if (measured.length === 0) continue;
      const result = medians(measured);
      rows.push([name, ...cells(result, count)]);
      cases.push({ name, count, rounds: roundCount, ...result });
      if (result.descriptorsEach > kind.descriptors) {
        shortfalls.push(`${name}: a bridge takes ${numberText(result.descriptorsEach)} descriptors`);
      }
    }
  }
  const table = {
    title: `Many in one process, ${roundCount} round(s), descriptor limit ${limit}`,
    columns: [
      'case',
      'descriptors each',
      'of the context',
      'threads',
      'kB each',
      'create, us each',
      'first frames, us each',
      'round trip, us',
      'stop, ms',
    ],
    rows,
  };
  return { tables: [table], notes: NOTES, skipped, cases, failures, shortfalls };
};

const NOTES = [
  'Before the count one is made and stopped: what stays open is the context of all, counted apart. Threads and the',
  'stop are of the whole process; kB are resident memory; each: a bridge, or two bare sockets. First frames: until one',
  'has passed in each direction of all pairs. Round trip: of a 64 B frame, one pair after the other.',
];

function nameOf({ kind, engine }: Kind, count: number): string {
  return kind === 'zeromq' ? `bridges/${count}/${WHAT[kind]}` : `bridges/${count}/${engine} ${WHAT[kind]}`;
}

async function measureMany({ kind, engine }: Kind, count: number): Promise<ManyResult> {
  const command = [process.execPath, '--expose-gc', PEER];
  const side = new Side(`${count} of ${kind}`, command, [kind, count], { ROGUE_BRIDGE_ENGINE: engine });
  try {
    return (await side.line('descriptorsEach')) as unknown as ManyResult;
  } finally {
    await side.end();
  }
}

function medians(results: readonly ManyResult[]): ManyResult {
  const of = (pick: (result: ManyResult) => number): number => median(results.map(pick));
  return {
    descriptorsEach: of((result) => result.descriptorsEach),
    contextDescriptors: of((result) => result.contextDescriptors),
    threads: of((result) => result.threads),
    residentBytesEach: of((result) => result.residentBytesEach),
    createMicrosEach: of((result) => result.createMicrosEach),
    exchangeMicrosEach: of((result) => result.exchangeMicrosEach),
    roundTripMicros: of((result) => result.roundTripMicros),
    stopMs: of((result) => result.stopMs),
  };
}

function cells(result: ManyResult, count: number): string[] {
  return [
    numberText(result.descriptorsEach),
    numberText(result.contextDescriptors),
    numberText(result.threads),
    count < LEAST_FOR_MEMORY ? '' : numberText(result.residentBytesEach / 1000),
    numberText(result.createMicrosEach),
    result.exchangeMicrosEach === 0 ? '' : numberText(result.exchangeMicrosEach),
    result.roundTripMicros === 0 ? '' : numberText(result.roundTripMicros),
    numberText(result.stopMs),
  ];
}

/** The limit our processes inherit; Node has raised its own to the highest allowed by now. */
function descriptorLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return line === null ? Infinity : Number(line[1]);
}
