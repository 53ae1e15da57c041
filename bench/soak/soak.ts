// Parts `faults` and `kills`: a bridge between two processes, through a proxy that misbehaves, with one fault after
// the other.

import { FAULTS, KILLS, type Fault } from './faults';
import type { PartResult, Settings } from './part';
import { Rounds } from './rounds';

/**
 * Every fault, each at least once, until the time is over. For half of it only those that both processes survive: what
 * they leave in memory can be seen there, and is gone with a process.
 */
export function runFaults(settings: Settings): Promise<PartResult> {
  const started = performance.now();
  const share = (): number => (performance.now() - started) / settings.durationMs;
  const survived = FAULTS.filter(({ kills }) => kills === undefined);
  const deadly = FAULTS.filter(({ kills }) => kills !== undefined);
  function* plan(): Generator<Fault> {
    do yield* survived;
    while (share() < 0.5);
    yield* deadly;
    for (let i = 0; share() < 1; i++) yield FAULTS[i % FAULTS.length]!;
  }
  return runEach('faults', plan(), share, settings);
}

/** SIGKILL of either side, so many times. */
export function runKills(settings: Settings): Promise<PartResult> {
  const { kills } = settings;
  let done = 0;
  function* plan(): Generator<Fault> {
    for (; done < kills; done++) yield KILLS[done % KILLS.length]!;
  }
  return runEach('kills', plan(), () => done / kills, settings);
}

async function runEach(
  title: string,
  plan: Iterable<Fault>,
  share: () => number,
  { engine, random, progress }: Settings,
): Promise<PartResult> {
  const rounds = await Rounds.open(engine, random);
  for (const fault of plan) {
    progress(`${engine}: ${Math.floor(100 * Math.min(share(), 1))} %, ${fault.name}`);
    await rounds.play(fault);
    if (rounds.hasFailed) break;
  }
  return rounds.end(title);
}
