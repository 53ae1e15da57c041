// A sender that is ahead of a slow reader, as far as the high-water marks let it.

import { setTimeout as sleep } from 'node:timers/promises';
import { peakMegabytes } from '../process-memory';
import { Checker } from './content';
import { cpuMsSince, type SendOne } from './counting';
import { say, type Order, type PeerArguments } from './lines';

/** Sends for a given time, each frame awaited; the clock starts when the first frame is accepted. */
export async function flood({ more: [durationMs = 0] }: PeerArguments, sendOne: SendOne): Promise<void> {
  let sent = 0;
  await sendOne(sent++);
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  say({ started: true });
  let elapsedMs = 0;
  while (elapsedMs < durationMs) {
    await sendOne(sent++);
    elapsedMs = performance.now() - startMs;
  }
  say({ sent, elapsedMs, cpuMs: cpuMsSince(startCpu), peakMegabytes: peakMegabytes() });
}

/** What reads slowly: checks each frame, and pauses after a given number of them. The parent orders the report. */
export function drain(work: PeerArguments, order: Order): (payload: Uint8Array) => Promise<void> | undefined {
  const [everyFrames = 1, pauseMs = 0] = work.more;
  const checker = new Checker(work);
  void order().then(() => {
    const { count, wrong } = checker;
    say({ received: count, wrong, peakMegabytes: peakMegabytes() });
  });
  return (payload) => {
    checker.check(payload);
    return checker.count % everyFrames === 0 ? sleep(pauseMs) : undefined;
  };
}
