// What do many bridges in one process cost: descriptors, threads, memory, time?

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark';
import { OURS } from './contenders';
import { attempt, Side } from './harness';
import { median } from './statistics';
import { numberText } from './table';

const PEER = join(__dirname, 'peers', 'many-peer.js');
const COUNTS = [1, 10, 100, 1000];
const QUICK_COUNTS = [1, 10, 100];
// Counts hardly differ from round to round, and the times say no more than how they grow.
const MOST_ROUNDS = 3;
// What Node and a context have open, and then some.
const SPARE_DESCRIPTORS = 100;
const MOST_DESCRIPTORS_A_BRIDGE = 4;
// The memory of fewer is lost in what Node itself takes and gives back meanwhile.
const LEAST_FOR_MEMORY = 100;

// Descriptors one unit takes at its peak: while it is stopped, each socket of a bridge has a monitor of two.
const KINDS = [
  { kind: 'server', variant: `${OURS} server`, peakDescriptors: 8 },
  { kind: 'pair', variant: `${OURS} server and client`, peakDescriptors: 18 },
  { kind: 'zeromq', variant: 'zeromq PUSH and PULL', peakDescriptors: 4 },
] as const;

/** What a many-peer reports. */
export interface ManyResult {
  readonly descriptorsEach: number;
  readonly contextDescriptors: number;
  readonly threads: number;
  readonly residentBytesEach: number;
  readonly createMicrosEach: number;
  readonly exchangeMicrosEach: number;
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
    const fitting = KINDS.filter(({ variant, peakDescriptors }) => {
      const needed = count * peakDescriptors + SPARE_DESCRIPTORS;
      if (needed > limit) {
        skipped.push(
          `bridges/${count}/${variant}: needs up to ${needed} descriptors, the limit is ${limit} (ulimit -n)`,
        );
      }
      return needed <= limit;
    });
    const results = new Map<string, ManyResult[]>(fitting.map(({ variant }) => [variant, []]));
    for (let round = 0; round < roundCount; round++) {
      for (const { kind, variant } of fitting) {
        progress(`bridges, ${count} of ${variant}, round ${round + 1} of ${roundCount}`);
        const result = await attempt(measureMany(kind, count), failures);
        if (result !== undefined) results.get(variant)!.push(result);
      }
    }
    for (const [variant, measured] of results) {
      const name = `bridges/${count}/${variant}`;
      if (measured.length === 0) continue;
      const result = medians(measured);
      rows.push([name, ...cells(result, count)]);
      cases.push({ name, count, rounds: roundCount, ...result });
      if (variant === KINDS[0].variant && result.descriptorsEach > MOST_DESCRIPTORS_A_BRIDGE) {
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
      'stop, ms',
    ],
    rows,
  };
  return { tables: [table], notes: NOTES, skipped, cases, failures, shortfalls };
};

const NOTES = [
  'Before the count one is made and stopped: what stays open is the context of all, counted apart. Threads and the',
  'stop are of the whole process; kB are resident memory; first frames: until one has passed in each direction.',
];

async function measureMany(kind: string, count: number): Promise<ManyResult> {
  const side = new Side(`${count} of ${kind}`, [process.execPath, '--expose-gc', PEER], [kind, count]);
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
    numberText(result.stopMs),
  ];
}

/** The limit our processes inherit; Node has raised its own to the highest allowed by now. */
function descriptorLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return line === null ? Infinity : Number(line[1]);
}
