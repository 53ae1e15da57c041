// npm run soak: a bridge between two processes, through a proxy that misbehaves, with every fault in turn.
// Ends with a table, and status 1 when a frame was wrong, twice there or out of order, or the bridge did not recover.

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Engine } from '../../lib/index';
import { describeMachine, machineText } from '../machine';
import { freePorts } from '../ports';
import { formatTable, numberText } from '../table';
import { FAULTS, type Scene } from './faults';
import { ChaosProxy } from './proxy';
import { SoakSide } from './side';

const HELP = `Usage: npm run soak -- [options]

Two processes send each other PRBS frames of mixed size through a proxy of faults, on each engine for half of the time.

  --minutes N     how long (default 10)
  --engine NAME   native or libzmq alone
  --seed N        repeats the random moments of another run
  --json FILE     also writes the results as JSON`;

const ENGINES: readonly Engine[] = ['native', 'libzmq'];
// A receiver reports every 100 ms, and the machine has two cores for five processes.
const RESUME_LIMIT_MS = 5000;
const RESUME_PROMISED_MS = 1000;
const CALM_MS = 300;

// libzmq's PULL takes from its connections in turn, so what is left of one that has ended comes among the frames of the
// next: out of order, and counted, but each connection's own are in order.
const NEVER: Readonly<Record<Engine, readonly ('corrupted' | 'duplicated' | 'reordered' | 'malformed')[]>> = {
  native: ['corrupted', 'duplicated', 'reordered', 'malformed'],
  libzmq: ['corrupted', 'duplicated', 'malformed'],
};

interface Seen {
  times: number;
  missing: number;
  readonly resumeMs: number[];
}

async function soak(engine: Engine, durationMs: number, random: () => number): Promise<Result> {
  const [front, , back] = await freePorts(4);
  const scene: Scene = {
    proxy: await ChaosProxy.open(front!, back!, random),
    server: new SoakSide('server', back!, engine),
    client: new SoakSide('client', front!, engine),
    port: back!,
  };
  const sides = [scene.server, scene.client];
  await Promise.all(sides.map((side) => side.start()));
  await Promise.all(sides.map((side) => side.hasResumed(RESUME_LIMIT_MS)));
  await sleep(CALM_MS);
  const memory = [sides.map((side) => side.rssMegabytes)];
  const faults = new Map<string, Seen>(
    FAULTS.map(({ name }) => [name, { times: 0, missing: 0, resumeMs: [] }]),
  );
  const failures: string[] = [];
  const missing = (): number => sides.reduce((sum, side) => sum + side.totals.missing, 0);
  const endsAt = performance.now() + durationMs;
  for (let i = 0; performance.now() < endsAt && failures.length === 0; i++) {
    const fault = FAULTS[i % FAULTS.length]!;
    const seen = faults.get(fault.name)!;
    const before = missing();
    progress(`${engine}: ${fault.name}`);
    await fault.run(scene, random);
    const since = performance.now();
    const resumed = await Promise.all(sides.map((side) => side.hasResumed(RESUME_LIMIT_MS)));
    seen.resumeMs.push(performance.now() - since);
    seen.times += 1;
    for (const [index, side] of sides.entries()) {
      if (!resumed[index]!)
        failures.push(`after '${fault.name}' the ${side.role} received nothing for ${RESUME_LIMIT_MS} ms`);
    }
    await sleep(CALM_MS);
    seen.missing += missing() - before;
    if (memory.length === 1 && performance.now() > endsAt - durationMs / 2)
      memory.push(sides.map((side) => side.rssMegabytes));
  }
  memory.push(sides.map((side) => side.rssMegabytes));
  for (const side of sides) failures.push(...side.crashes, ...(await side.end()));
  await scene.proxy.close();
  for (const { role, totals } of sides) {
    for (const what of NEVER[engine]) {
      if (totals[what] > 0) failures.push(`the ${role} got ${totals[what]} ${what} frames`);
    }
  }
  return { engine, sides: sides.map(({ role, totals }) => ({ role, totals })), faults, memory, failures };
}

interface Result {
  readonly engine: Engine;
  readonly sides: readonly { readonly role: string; readonly totals: SoakSide['totals'] }[];
  readonly faults: ReadonlyMap<string, Seen>;
  /** At the beginning, in the middle, at the end: of the server, of the client. */
  readonly memory: readonly (readonly number[])[];
  readonly failures: readonly string[];
}

function tables({ engine, sides, faults, memory }: Result): string {
  const rss = (index: number): string => memory.map((at) => Math.round(at[index]!)).join(' / ');
  const counted = formatTable({
    title: `${engine} engine: what arrived`,
    columns: [
      'at',
      'frames',
      'MB',
      'corrupted',
      'twice',
      'out of order',
      'late',
      'lost',
      'RSS MB, begin / middle / end',
    ],
    rows: sides.map(({ role, totals }, index) => [
      role,
      numberText(totals.frames),
      numberText(totals.bytes / 1e6),
      ...[totals.corrupted, totals.duplicated, totals.reordered, totals.late, totals.missing].map(String),
      rss(index),
    ]),
  });
  const survived = formatTable({
    title: `${engine} engine: faults`,
    columns: ['fault', 'times', 'frames lost', 'flows again after, ms: median', 'longest'],
    rows: [...faults]
      .filter(([, { times }]) => times > 0)
      .map(([name, { times, missing, resumeMs }]) => {
        const sorted = [...resumeMs].sort((a, b) => a - b);
        const median = sorted[sorted.length >> 1]!;
        return [name, ...[times, missing, Math.round(median), Math.round(sorted.at(-1)!)].map(String)];
      }),
  });
  return `${counted}\n\n${survived}`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Numbers from 0 to 1 that a seed determines. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // A linear congruential generator (Numerical Recipes): any will do, as long as it repeats.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      engine: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const minutes = Number(values.minutes);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const engines = ENGINES.filter((engine) => values.engine === undefined || engine === values.engine);
  if (!(minutes > 0) || !Number.isInteger(seed) || engines.length === 0) {
    console.error('soak: --minutes is a number above 0, --seed a whole number, --engine native or libzmq');
    return 2;
  }
  console.log(`${machineText(describeMachine())}\nseed ${seed}, ${minutes} minutes`);
  const results: Result[] = [];
  for (const engine of engines) {
    const result = await soak(engine, (minutes * 60_000) / engines.length, randomFrom(seed));
    progress('');
    results.push(result);
    console.log(`\n${tables(result)}`);
    const slow = [...result.faults].filter(
      ([, { resumeMs }]) => Math.max(0, ...resumeMs) > RESUME_PROMISED_MS,
    );
    for (const [name] of slow) console.log(`SLOW after '${name}': more than ${RESUME_PROMISED_MS} ms`);
    for (const failure of result.failures) console.log(`FAILED ${failure} (seed ${seed})`);
  }
  if (values.json !== undefined) {
    const plain = results.map((result) => ({ ...result, faults: Object.fromEntries(result.faults) }));
    writeFileSync(values.json, `${JSON.stringify({ seed, minutes, results: plain }, null, 2)}\n`);
  }
  const failed = results.some(({ failures }) => failures.length > 0);
  console.log(failed ? '\nFailed.' : '\nEvery frame that arrived was whole and came once.');
  return failed ? 1 : 0;
}

void main().then((status) => {
  process.exitCode = status;
});
