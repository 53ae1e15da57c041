// Work of 20 ms a frame behind a client: in worker threads, beside the same on the main thread.

import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Frame, Slave, TcpClient, TcpServer, Workers } from '../lib';
import type { Benchmark } from './benchmark';
import { freePorts } from './ports';
import spin from './spin';
import { median, medianRatio, spread } from './statistics';
import { numberText, percentText, ratioText } from './table';

const WORK_MS = 20;
const FRAME_BYTES = 10_000;
const FRAMES = 200;
const QUICK_FRAMES = 10;
const DEADLINE_MS = 60_000;
const MAIN = 'main thread';
const THREADS: Readonly<Record<string, number>> = {
  [MAIN]: 0,
  'Workers, 1 thread': 1,
  'Workers, 2 threads': 2,
};

/** One case in one round. */
interface Measured {
  readonly framesPerSec: number;
  /** The longest time in which nothing else in this process was done. */
  readonly longestPauseMs: number;
}

export const workers: Benchmark = async ({ rounds, quick, progress }) => {
  const all = new Map(Object.keys(THREADS).map((name) => [name, [] as Measured[]]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, threads] of Object.entries(THREADS)) {
      progress(`workers, ${name}, round ${round} of ${rounds}`);
      all.get(name)!.push(await measure(threads, quick ? QUICK_FRAMES : FRAMES));
    }
  }
  const ratesOf = (name: string): number[] => all.get(name)!.map(({ framesPerSec }) => framesPerSec);
  const cases = [...all].map(([name, measured]) => ({
    name: `workers/${name}`,
    framesPerSec: median(ratesOf(name)),
    ratioToMainThread: name === MAIN ? undefined : medianRatio(ratesOf(name), ratesOf(MAIN)),
    longestPauseMs: median(measured.map(({ longestPauseMs }) => longestPauseMs)),
    roundsFramesPerSec: ratesOf(name),
  }));
  const table = {
    title: `A client whose frames of ${FRAME_BYTES / 1000} kB take ${WORK_MS} ms of a core each, ${rounds} round(s)`,
    columns: ['work in', 'frames/s', 'spread', 'it / main thread', 'longest pause, ms'],
    rows: cases.map(({ framesPerSec, ratioToMainThread, longestPauseMs, roundsFramesPerSec }, index) => [
      Object.keys(THREADS)[index]!,
      numberText(framesPerSec),
      percentText(spread(roundsFramesPerSec)),
      ratioToMainThread === undefined ? '' : ratioText(ratioToMainThread),
      numberText(longestPauseMs),
    ]),
  };
  return { tables: [table], notes: NOTES, skipped: [], cases, failures: [], shortfalls: [] };
};

const NOTES = [
  'Server, client and work are in one process. A pause is a time in which its event loop did nothing else, so no socket was served.',
];

async function measure(threads: number, frames: number): Promise<Measured> {
  const [port] = await freePorts(2);
  const server = await TcpServer.create('127.0.0.1', port!);
  const client = await TcpClient.create('127.0.0.1', port!);
  const counter = new Slave();
  const pool =
    threads === 0 ? undefined : new Workers(join(__dirname, 'spin.js'), { threads, data: WORK_MS });
  if (pool === undefined) client.to((frame: Frame) => counter.acceptFrame(spin(frame.clone(), WORK_MS)));
  else client.to(pool).to(counter);
  try {
    await server.waitForPeer({ timeoutMs: DEADLINE_MS });
    // The threads have started by then.
    await send(server, threads + 1);
    await arrived(counter, threads + 1);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startMs = performance.now();
    await send(server, frames);
    await arrived(counter, threads + 1 + frames);
    const seconds = (performance.now() - startMs) / 1000;
    delay.disable();
    return { framesPerSec: frames / seconds, longestPauseMs: delay.max / 1e6 };
  } finally {
    await Promise.all([server.stop(), client.stop(), pool?.stop()]);
  }
}

async function send(server: TcpServer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await server.send(new Frame(Buffer.alloc(FRAME_BYTES, i)));
}

async function arrived(counter: Slave, count: number): Promise<void> {
  if (await counter.waitFrameCount(count, { timeoutMs: DEADLINE_MS })) return;
  throw new Error(`${counter.frameCount} of ${count} frames came`);
}
