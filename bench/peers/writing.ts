// What the writers of a log share: frames before the clock, frames on it, until the log has acknowledged the last one.

import { setTimeout as pause } from 'node:timers/promises';
import { peakMegabytes } from '../process-memory';
import { cpuMsSince, type SendOne } from './counting';
import { say, type Order, type PeerArguments } from './lines';

/** The stream that is written and read. */
export const STREAM = 'BENCH';
export const HOST = '127.0.0.1';

/** Sends all frames, each awaited, as the parent orders. `flush` resolves when the log has all of them. */
export async function writeAll(
  work: PeerArguments,
  order: Order,
  sendOne: SendOne,
  flush: () => Promise<unknown>,
): Promise<void> {
  let sent = 0;
  const late = new AbortController();
  void pause(work.limitMs, undefined, { signal: late.signal }).then(
    () => console.error(`${sent} frames were sent within ${work.limitMs} ms`),
    () => undefined,
  );
  for (; sent < work.warmFrames; sent++) await sendOne(sent);
  await flush();
  say({ warm: true });
  await order();
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  for (; sent < work.warmFrames + work.frames; sent++) await sendOne(sent);
  await flush();
  const elapsedMs = performance.now() - startMs;
  late.abort();
  say({ written: work.frames, elapsedMs, cpuMs: cpuMsSince(startCpu), peakMegabytes: peakMegabytes() });
}
