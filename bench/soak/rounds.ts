// A bridge between two processes with a proxy in between, and a fault a round: what was lost, and whether it may be.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../lib/index';
import { freePorts } from '../ports';
import { Direction, type Losses } from './direction';
import type { Fault, Scene } from './faults';
import { growthIn } from './growth';
import type { PartResult } from './part';
import { ChaosProxy } from './proxy';
import { SoakSide } from './side';
import { countTable, faultTable, type Seen } from './soak-tables';
import { SOAK_OPTIONS, type Work } from './work';

const FLOW_LIMIT_MS = 5000;
const FLOW_PROMISED_MS = 1000;
const CALM_MS = 300;
const WORK: Work = { options: SOAK_OPTIONS, sends: 'mixed' };
// On a busy machine a heartbeat's answer may come too late behind all that is slow; but not each of so many times.
const TELLING_TIMES = 3;

// libzmq's PULL takes from its connections in turn, so what is left of one that has ended comes among the frames of the
// next: out of order, and counted, but each connection's own are in order.
const NEVER: Readonly<Record<Engine, readonly ('corrupted' | 'duplicated' | 'reordered' | 'malformed')[]>> = {
  native: ['corrupted', 'duplicated', 'reordered', 'malformed'],
  libzmq: ['corrupted', 'duplicated', 'malformed'],
};

/** One bridge, and what it went through. */
export class Rounds {
  private readonly failures: string[] = [];
  private readonly seen = new Map<Fault, Seen>();
  private readonly sides: readonly SoakSide[];
  private readonly directions: readonly Direction[];
  /** RSS of both sides after each round, for as long as they are their first processes. */
  private readonly memory: number[][] = [];
  private isFirstLife = true;
  private shutdowns = 0;

  private constructor(
    private readonly engine: Engine,
    private readonly scene: Scene,
    private readonly random: () => number,
  ) {
    const { server, client, proxy } = scene;
    this.sides = [server, client];
    this.directions = [new Direction(client, server, proxy, 0), new Direction(server, client, proxy, 1)];
  }

  /** Starts both sides, and resolves when frames flow. */
  static async open(engine: Engine, random: () => number): Promise<Rounds> {
    const [front, , back] = await freePorts(4);
    const scene: Scene = {
      proxy: await ChaosProxy.open(front!, back!, random),
      server: new SoakSide({ role: 'server', port: back!, engine, work: WORK }),
      client: new SoakSide({ role: 'client', port: front!, engine, work: WORK }),
      port: back!,
    };
    const rounds = new Rounds(engine, scene, random);
    // The server first: what a client is dealt on a connection that the proxy then closes, for want of a server, is lost.
    await scene.server.start();
    await scene.client.start();
    await rounds.flow('the start');
    await rounds.calm('the start', ({ lost }) => (lost > 0 ? [`${lost} frames were lost`] : []));
    rounds.sample();
    return rounds;
  }

  get hasFailed(): boolean {
    return this.failures.length > 0;
  }

  async play(fault: Fault): Promise<void> {
    const { name } = fault;
    const counted = this.seen.get(fault) ?? { losses: [], resumeMs: [] };
    this.seen.set(fault, counted);
    await fault.run(this.scene, this.random);
    const since = performance.now();
    await this.flow(`'${name}'`);
    counted.resumeMs.push(performance.now() - since);
    await this.calm(`'${name}'`, (losses) => {
      counted.losses.push(losses);
      return wrongIn(losses);
    });
    await this.shutDown(name);
    // The same without a fault: by now every connection is a sound one, so there is no excuse.
    await this.calm(`the calm behind '${name}'`, (losses) =>
      losses.broken > 0 ? [...wrongIn(losses), 'a connection ended'] : wrongIn(losses),
    );
    this.isFirstLife &&= fault.kills === undefined;
    if (this.isFirstLife) this.sample();
  }

  /** Stops both sides. @returns what came out. */
  async end(title: string): Promise<PartResult> {
    const { engine, failures, sides, seen, memory } = this;
    await this.drain();
    for (const side of sides) failures.push(...side.crashes, ...(await side.end()));
    await this.scene.proxy.close();
    for (const [index, { role, totals }] of sides.entries()) {
      for (const what of NEVER[engine]) {
        if (totals[what] > 0) failures.push(`the ${role} got ${totals[what]} ${what} frames`);
      }
      const growth = growthIn(memory.map((at) => at[index]!));
      if (growth !== undefined) failures.push(`the ${role} ${growth}`);
    }
    for (const [fault, counted] of seen) failures.push(...wrongWith(fault, counted, engine));
    const counts = sides.map(({ role, totals }) => ({ role, totals }));
    const faults = new Map([...seen].map(([{ name }, counted]) => [name, counted]));
    return {
      tables: [countTable(`${engine} engine, ${title}`, counts, memory), faultTable(faults)],
      failures: failures.map((text) => `${title}: ${text}`),
      figures: { counts, faults: Object.fromEntries(faults), rssMegabytes: memory },
    };
  }

  /** One side in turn stops its bridge in good order, and its account adds up. What was under way is lost with it. */
  private async shutDown(after: string): Promise<void> {
    const side = this.sides[this.shutdowns++ % this.sides.length]!;
    const what = `the shutdown of the ${side.role} after '${after}'`;
    this.failures.push(...(await side.reopen()).map((text) => `${what}: ${text}`));
    await this.flow(what);
    await this.calm(what, wrongIn);
  }

  private sample(): void {
    this.memory.push(this.sides.map((side) => side.rssMegabytes));
  }

  /** Until both directions have a frame that is sent from now on. */
  private async flow(after: string): Promise<void> {
    const flows = async (direction: Direction): Promise<void> => {
      if (await direction.flows(FLOW_LIMIT_MS)) return;
      this.failures.push(
        `after ${after} the ${direction.receiver.role} received nothing for ${FLOW_LIMIT_MS} ms`,
      );
    };
    await Promise.all(this.directions.map(flows));
  }

  /** A while in which nothing is done; then whatever was sent by its end is counted, as arrived or as lost. */
  private async calm(what: string, judge: (losses: Losses) => string[]): Promise<void> {
    await sleep(CALM_MS);
    const isCounted = await Promise.all(this.directions.map((each) => each.isCounted(FLOW_LIMIT_MS)));
    for (const [index, direction] of this.directions.entries()) {
      const late = isCounted[index]! ? [] : [`nothing followed for ${FLOW_LIMIT_MS} ms`];
      const wrong = [...judge(direction.take()), ...late];
      this.failures.push(...wrong.map((text) => `${what}, to the ${direction.receiver.role}: ${text}`));
    }
  }

  /** No connection ends any more, so the last frame comes, and all in front of it. */
  private async drain(): Promise<void> {
    for (const side of this.sides) side.hush();
    for (const direction of this.directions) {
      const left = await direction.drain(FLOW_LIMIT_MS);
      if (left > 0)
        this.failures.push(`the last ${left} frames to the ${direction.receiver.role} did not arrive`);
      const wrong = wrongIn(direction.take());
      this.failures.push(...wrong.map((text) => `at the end, to the ${direction.receiver.role}: ${text}`));
    }
  }
}

function wrongIn({ lost, dealt, allowed }: Losses): string[] {
  const wrong: string[] = [];
  if (lost > allowed) wrong.push(`${lost} frames were lost, and at most ${allowed} may be`);
  if (lost < dealt) wrong.push(`${dealt - lost} frames arrived that its double had been dealt`);
  return wrong;
}

function wrongWith({ name, breaks, doubles }: Fault, { losses, resumeMs }: Seen, engine: Engine): string[] {
  const wrong: string[] = [];
  const longest = Math.round(Math.max(...resumeMs));
  if (longest > FLOW_PROMISED_MS) wrong.push(`after '${name}' frames flowed again after ${longest} ms`);
  const isTelling = resumeMs.length >= TELLING_TIMES;
  const mayBreak = breaks === true || breaks === engine;
  if (!mayBreak && isTelling && losses.every(({ broken }) => broken > 0))
    wrong.push(`'${name}' ended connections each time`);
  if (doubles === true && losses.every(({ dealt }) => dealt === 0))
    wrong.push(`'${name}': no double was dealt a frame`);
  return wrong;
}
