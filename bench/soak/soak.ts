// Parts `faults` and `kills`: a bridge between two processes, through a proxy that misbehaves, with one fault after
// the other.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../lib/index';
import { freePorts } from '../ports';
import { numberText, type Table } from '../table';
import { FAULTS, KILLS, type Fault, type Scene } from './faults';
import type { PartResult, Settings } from './part';
import { ChaosProxy } from './proxy';
import { SoakSide, type Totals } from './side';
import { SOAK_OPTIONS, type Work } from './work';

// A receiver reports every 100 ms, and the machine has two cores for five processes.
const RESUME_LIMIT_MS = 5000;
// A second, and what two reports in a row may add: when the sender tells how far it is, and when the receiver tells it came.
const RESUME_PROMISED_MS = 1000 + 2 * 100;
// Frames that may go with one connection, in one direction: two marks, and what the kernels and the proxy hold, some 20 MB.
const LOST_WITH_CONNECTION = 250;
const CALM_MS = 300;
const WORK: Work = { options: SOAK_OPTIONS, sends: 'mixed' };

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

/** Every fault in turn, each at least once, until the time is over. */
export function runFaults(settings: Settings): Promise<PartResult> {
  const endsAt = performance.now() + settings.durationMs;
  const goesOn = (done: number): boolean => done < FAULTS.length || performance.now() < endsAt;
  const share = (done: number): number =>
    Math.min(done / FAULTS.length, 1 - (endsAt - performance.now()) / settings.durationMs);
  return runEach('faults', FAULTS, goesOn, share, settings);
}

/** SIGKILL of either side, so many times. */
export function runKills(settings: Settings): Promise<PartResult> {
  const { kills } = settings;
  return runEach(
    'kills',
    KILLS,
    (done) => done < kills,
    (done) => done / kills,
    settings,
  );
}

async function runEach(
  title: string,
  faults: readonly Fault[],
  goesOn: (done: number) => boolean,
  share: (done: number) => number,
  { engine, random, progress }: Settings,
): Promise<PartResult> {
  const [front, , back] = await freePorts(4);
  const scene: Scene = {
    proxy: await ChaosProxy.open(front!, back!, random),
    server: new SoakSide({ role: 'server', port: back!, engine, work: WORK }),
    client: new SoakSide({ role: 'client', port: front!, engine, work: WORK }),
    port: back!,
  };
  const sides = [scene.server, scene.client];
  await Promise.all(sides.map((side) => side.start()));
  const resume = (): Promise<boolean[]> =>
    Promise.all([
      scene.server.hasResumed(scene.client, RESUME_LIMIT_MS),
      scene.client.hasResumed(scene.server, RESUME_LIMIT_MS),
    ]);
  await resume();
  await sleep(CALM_MS);
  const memory = [sides.map((side) => side.rssMegabytes)];
  const seen = new Map<string, Seen>(faults.map(({ name }) => [name, newSeen()]));
  const failures: string[] = [];
  const sum = (what: 'missing' | 'disconnects'): number =>
    sides.reduce((count, side) => count + side.totals[what], 0);
  for (let i = 0; goesOn(i) && failures.length === 0; i++) {
    const fault = faults[i % faults.length]!;
    const counted = seen.get(fault.name)!;
    const [before, connectedBefore] = [sum('missing'), sum('disconnects')];
    progress(`${engine}: ${Math.floor(100 * share(i))} %, ${fault.name}`);
    await fault.run(scene, random);
    const since = performance.now();
    const resumed = await resume();
    counted.resumeMs.push(performance.now() - since);
    counted.times += 1;
    for (const [index, side] of sides.entries()) {
      if (!resumed[index]!)
        failures.push(`after '${fault.name}' the ${side.role} received nothing for ${RESUME_LIMIT_MS} ms`);
    }
    await sleep(CALM_MS);
    scene.server.settle(scene.client);
    scene.client.settle(scene.server);
    const missing = sum('missing') - before;
    counted.missing += missing;
    // The end that is killed does not tell that its two connections have ended.
    const ended = Math.max(fault.ends ?? 0, sum('disconnects') - connectedBefore);
    if (missing > ended * LOST_WITH_CONNECTION) {
      failures.push(`in '${fault.name}' ${missing} frames were lost, and ${ended} ends of connections`);
    }
    if (memory.length === 1 && share(i) > 0.5) memory.push(sides.map((side) => side.rssMegabytes));
  }
  memory.push(sides.map((side) => side.rssMegabytes));
  for (const side of sides) failures.push(...side.crashes, ...(await side.end()));
  await scene.proxy.close();
  for (const { role, totals } of sides) {
    for (const what of NEVER[engine]) {
      if (totals[what] > 0) failures.push(`the ${role} got ${totals[what]} ${what} frames`);
    }
  }
  for (const [name, { resumeMs }] of seen) {
    const longest = Math.round(Math.max(0, ...resumeMs));
    if (longest > RESUME_PROMISED_MS)
      failures.push(`after '${name}' frames flowed again after ${longest} ms`);
  }
  const counts = sides.map(({ role, totals }) => ({ role, totals }));
  return {
    tables: [countTable(`${engine} engine, ${title}`, counts, memory), faultTable(seen)],
    failures,
    figures: { counts, faults: Object.fromEntries(seen), rssMegabytes: memory },
  };
}

function newSeen(): Seen {
  return { times: 0, missing: 0, resumeMs: [] };
}

function countTable(
  title: string,
  counts: readonly { readonly role: string; readonly totals: Totals }[],
  memory: readonly (readonly number[])[],
): Table {
  const shown = ['corrupted', 'duplicated', 'reordered', 'late', 'missing', 'discarded', 'notSent'] as const;
  return {
    title: `${title}: what arrived, and what did not`,
    columns: [
      'at',
      'frames',
      'MB',
      'corrupted',
      'twice',
      'out of order',
      'late',
      'not arrived',
      'discarded',
      'not sent',
      'RSS MB, begin / middle / end',
    ],
    rows: counts.map(({ role, totals }, index) => [
      role,
      numberText(totals.frames),
      numberText(totals.bytes / 1e6),
      ...shown.map((name) => String(totals[name])),
      memory.map((at) => Math.round(at[index]!)).join(' / '),
    ]),
  };
}

function faultTable(seen: ReadonlyMap<string, Seen>): Table {
  return {
    title: 'Losses by cause, both directions',
    columns: ['fault', 'times', 'frames lost', 'flows again after, ms: median', 'longest'],
    rows: [...seen]
      .filter(([, { times }]) => times > 0)
      .map(([name, { times, missing, resumeMs }]) => {
        const sorted = [...resumeMs].sort((a, b) => a - b);
        const median = sorted[sorted.length >> 1]!;
        return [name, ...[times, missing, Math.round(median), Math.round(sorted.at(-1)!)].map(String)];
      }),
  };
}
