// What does a process with many idle clients cost, whose servers are elsewhere: processor time, and stalls of its event loop?

import { join } from 'node:path';
import type { Benchmark } from './benchmark';
import { freePorts } from './ports';
import { attempt, Side } from './side';
import { median } from './statistics';
import { numberText } from './table';

const PEER = join(__dirname, 'peers', 'idle-peer.js');
const COUNT = 1000;
const QUICK_COUNT = 20;
const MEASURE_MS = 10_000;
const QUICK_MEASURE_MS = 300;
const MOST_ROUNDS = 3;
/** Of a core, on top of what the same process costs without clients. */
const MOST_SHARE = 0.02;

/** What an idle-peer reports. */
export interface IdleResult {
  /** Of one core, all threads together. */
  readonly share: number;
  /** The longest time for which its event loop did not turn. */
  readonly stallMs: number;
}

export const idle: Benchmark = async ({ rounds, quick, progress }) => {
  const count = quick ? QUICK_COUNT : COUNT;
  const roundCount = Math.min(rounds, MOST_ROUNDS);
  const failures: string[] = [];
  // A process that does the same measuring and has no clients is what they are measured beside.
  const kinds = [
    { name: 'idle/0/no clients', engine: 'native', clients: 0 },
    { name: `idle/${count}/native clients`, engine: 'native', clients: count },
    { name: `idle/${count}/libzmq clients`, engine: 'libzmq', clients: count },
  ];
  const results = new Map(kinds.map((kind) => [kind, [] as IdleResult[]]));
  for (let round = 0; round < roundCount; round++) {
    for (const kind of kinds) {
      progress(`${kind.name}, round ${round + 1} of ${roundCount}`);
      const measuring = measure(kind.engine, kind.clients, quick ? QUICK_MEASURE_MS : MEASURE_MS);
      const result = await attempt(measuring, failures);
      if (result !== undefined) results.get(kind)!.push(result);
    }
  }
  const shortfalls: string[] = [];
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  let alone: number | undefined;
  for (const [{ name, engine, clients }, measured] of results) {
    if (measured.length === 0) continue;
    const share = median(measured.map((result) => result.share));
    const stallMs = median(measured.map((result) => result.stallMs));
    rows.push([name, `${numberText(100 * share)} %`, numberText(stallMs)]);
    alone ??= share;
    cases.push({ name, engine, clients, rounds: roundCount, share, stallMs });
    if (share - alone > MOST_SHARE && !quick)
      shortfalls.push(`${name}: ${numberText(100 * share)} % of a core`);
  }
  const columns = ['case', 'of a core', 'longest stall, ms'];
  const table = {
    title: `Idle clients of servers in another process, ${roundCount} round(s)`,
    columns,
    rows,
  };
  return { tables: [table], notes: NOTES, skipped: [], cases, failures, shortfalls };
};

const NOTES = [
  'Of a core: processor time of all threads of the process, once its clients are connected. A stall is the longest time',
  'between two turns of a timer of 20 ms, less these.',
];

async function measure(engine: string, clients: number, measureMs: number): Promise<IdleResult> {
  const ports = clients === 0 ? [] : (await freePorts(2 * clients)).filter((_, index) => index % 2 === 0);
  const env = { ROGUE_BRIDGE_ENGINE: engine };
  const sideOf = (role: string): Side =>
    new Side(`${clients} ${role}`, [process.execPath, PEER], [role, measureMs, JSON.stringify(ports)], env);
  const servers = sideOf('servers');
  try {
    await servers.line('ready');
    const side = sideOf('clients');
    try {
      return (await side.line('share')) as unknown as IdleResult;
    } finally {
      await side.end();
    }
  } finally {
    await servers.end();
  }
}
