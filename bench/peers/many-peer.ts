// Makes many bridges, or bare pairs of sockets, in this process and reports what they cost.

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, Pull, Push } from 'zeromq';
import { Frame, TcpClient, TcpServer } from '../../lib/index';
import type { ManyResult } from '../bridges.bench';
import { freePorts } from '../ports';
import { median } from '../statistics';
import { orders, say } from './lines';

const HOST = '127.0.0.1';
const CLOSED_LIMIT_MS = 30_000;
const LOOK_MS = 1;
const TRICKLE_BYTES = 64;
// Enough for a median, however few pairs there are.
const LEAST_ROUND_TRIPS = 500;

/** One of what is counted. */
interface Unit {
  /** Resolves when a frame has passed in each direction; absent where there is only one end. */
  readonly exchange?: () => Promise<unknown>;
  /** Sends one frame there and back. */
  readonly roundTrip?: () => Promise<void>;
  /** Bridges in it. */
  readonly bridges: number;
  readonly stop: () => Promise<unknown>;
}

const MAKERS: Record<string, (port: number) => Promise<Unit>> = { server, pair, zeromq };
let context: Context | undefined;

async function main(kind: string, bridgeCount: number): Promise<void> {
  const count = kind === 'pair' ? bridgeCount / 2 : bridgeCount;
  const make = MAKERS[kind]!;
  // One more, for the first, which brings the context to life.
  const basePorts = (await freePorts(2 * count + 2)).filter((_, index) => index % 2 === 0);
  const bare = countIn('fd');
  const first = await make(basePorts.pop()!);
  await first.exchange?.();
  const peak = countIn('fd');
  await first.stop();
  const baseline = await settled(peak);

  const residentBefore = residentBytes();
  const startMs = performance.now();
  const units: Unit[] = [];
  for (const port of basePorts) units.push(await make(port));
  const bridges = units.reduce((sum, unit) => sum + unit.bridges, 0);
  const createdMs = performance.now();
  await Promise.all(units.map(async (unit) => unit.exchange?.()));
  const exchangedMs = performance.now();
  const open = countIn('fd');
  const threads = countIn('task');
  const residentEach = (residentBytes() - residentBefore) / bridges;
  const roundTripMicros = await trickle(units);
  const stoppingMs = performance.now();
  await Promise.all(units.map((unit) => unit.stop()));
  await closedDownTo(baseline);
  const result: ManyResult = {
    descriptorsEach: (open - baseline) / bridges,
    contextDescriptors: baseline - bare,
    threads,
    residentBytesEach: residentEach,
    createMicrosEach: ((createdMs - startMs) / bridges) * 1000,
    exchangeMicrosEach: units[0]!.exchange === undefined ? 0 : ((exchangedMs - createdMs) / bridges) * 1000,
    roundTripMicros,
    stopMs: performance.now() - stoppingMs,
  };
  say(result);
}

async function server(port: number): Promise<Unit> {
  const bridge = await TcpServer.create(HOST, port);
  return { bridges: 1, stop: () => bridge.stop() };
}

async function pair(port: number): Promise<Unit> {
  const server = await TcpServer.create(HOST, port);
  const client = await TcpClient.create(HOST, port);
  let arrivedAt: Record<'server' | 'client', () => void> = {
    server: () => undefined,
    client: () => undefined,
  };
  server.addSlave(() => arrivedAt.server());
  client.addSlave(() => arrivedAt.client());
  const arrival = (end: 'server' | 'client'): Promise<void> =>
    new Promise((resolve) => (arrivedAt = { ...arrivedAt, [end]: resolve }));
  const frame = new Frame(TRICKLE_BYTES);
  return {
    bridges: 2,
    exchange: async () => {
      const arrivals = [arrival('server'), arrival('client')];
      await Promise.all([client.send(frame), server.send(frame), ...arrivals]);
    },
    roundTrip: async () => {
      const [there, back] = [arrival('server'), arrival('client')];
      await client.send(frame);
      await there;
      await server.send(frame);
      await back;
    },
    stop: () => Promise.all([server.stop(), client.stop()]),
  };
}

/** The median round trip, one pair after the other, so that every bridge has a frame now and then. */
async function trickle(units: readonly Unit[]): Promise<number> {
  if (units[0]!.roundTrip === undefined) return 0;
  const samples: number[] = [];
  const rounds = Math.ceil(LEAST_ROUND_TRIPS / units.length);
  for (let round = 0; round < rounds; round++) {
    for (const { roundTrip } of units) {
      const startMs = performance.now();
      await roundTrip!();
      samples.push((performance.now() - startMs) * 1000);
    }
  }
  return median(samples);
}

async function zeromq(port: number): Promise<Unit> {
  if (context === undefined) {
    context = new Context();
    context.maxSockets = context.maxSocketsLimit;
  }
  const pull = new Pull({ context, linger: 0 });
  const push = new Push({ context, linger: 0, immediate: true });
  await pull.bind(`tcp://${HOST}:${port}`);
  await push.bind(`tcp://${HOST}:${port + 1}`);
  return {
    bridges: 1,
    stop: () => {
      pull.close();
      push.close();
      return Promise.resolve();
    },
  };
}

/** Descriptors once fewer are open than `peak`, and no more are being closed. */
async function settled(peak: number): Promise<number> {
  const deadline = performance.now() + CLOSED_LIMIT_MS;
  for (let last = peak, same = 0; performance.now() < deadline;) {
    await sleep(LOOK_MS);
    const now = countIn('fd');
    same = now === last && now < peak ? same + 1 : 0;
    // libzmq closes on a thread of its own, within far less than this many looks.
    if (same === 50) return now;
    last = now;
  }
  throw new Error(`${countIn('fd')} descriptors are open after the stop, ${peak} before`);
}

async function closedDownTo(baseline: number): Promise<void> {
  const deadline = performance.now() + CLOSED_LIMIT_MS;
  while (countIn('fd') > baseline) {
    if (performance.now() > deadline) {
      throw new Error(`${countIn('fd') - baseline} descriptors are still open after the stop`);
    }
    await sleep(LOOK_MS);
  }
}

function countIn(list: 'fd' | 'task'): number {
  return readdirSync(`/proc/self/${list}`).length;
}

function residentBytes(): number {
  // Garbage of the start would be taken for memory of the bridges.
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

orders();
void main(process.argv[2]!, Number(process.argv[3]));
