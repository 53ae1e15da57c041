// The counting and timing that the Node contenders share.

import { peakMegabytes } from '../process-memory';
import { Checker } from './content';
import { say, type Order, type PeerArguments } from './lines';

/** Counts, checks and times what a receiver gets, and tells the parent. */
export class Counter {
  private startMs = 0;
  private startCpu = process.cpuUsage();
  private readonly checker: Checker;
  private readonly last: number;
  private readonly limit: NodeJS.Timeout;

  constructor(private readonly work: PeerArguments) {
    this.checker = new Checker(work);
    this.last = work.warmFrames + work.frames;
    // If a frame is lost, the last one never comes: the report then says how many came.
    this.limit = setTimeout(() => this.report(), work.limitMs);
  }

  /** True once the last frame has come. */
  add(payload: Uint8Array): boolean {
    const { checker, work } = this;
    checker.check(payload);
    const { count } = checker;
    if (count === work.warmFrames) say({ warm: true });
    // The clock starts at the first frame that counts.
    else if (count === work.warmFrames + 1) {
      this.startMs = performance.now();
      this.startCpu = process.cpuUsage();
    }
    if (count !== this.last) return false;
    this.report();
    return true;
  }

  private report(): void {
    clearTimeout(this.limit);
    const elapsedMs = performance.now() - this.startMs;
    const cpuMs = cpuMsSince(this.startCpu);
    const { count, wrong } = this.checker;
    const received = Math.max(count - this.work.warmFrames, 0);
    say({ received, wrong, elapsedMs, cpuMs, peakMegabytes: peakMegabytes() });
  }
}

/** Of all threads of this process, libzmq's and Node's own among them. */
export function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Makes and sends frame `sequence`; settles when a peer's high-water mark has room for it. */
export type SendOne = (sequence: number) => Promise<void> | undefined;

/**
 * Sends all frames, one awaited after the other, as the parent orders; what waits too long is told.
 *
 * The parent orders the report when the receiver has every frame: libzmq accepts up to 1000 frames that its thread has
 * yet to send, and the processor time of that is the sender's, too.
 */
export async function sendAll(work: PeerArguments, order: Order, sendOne: SendOne): Promise<void> {
  let sent = 0;
  const limit = setTimeout(() => console.error(`frame ${sent + 1} waits to be sent`), work.limitMs);
  for (; sent < work.warmFrames; sent++) await sendOne(sent);
  await order();
  const startCpu = process.cpuUsage();
  for (; sent < work.warmFrames + work.frames; sent++) await sendOne(sent);
  clearTimeout(limit);
  await order();
  say({ sent, cpuMs: cpuMsSince(startCpu), peakMegabytes: peakMegabytes() });
}

/** One frame at a time: `roundTrip` makes and sends frame `sequence` and resolves to what came back. */
export async function ping(
  work: PeerArguments,
  roundTrip: (sequence: number) => Promise<Uint8Array>,
): Promise<void> {
  const samplesMicros: number[] = [];
  const checker = new Checker(work);
  let received = 0;
  const report = (): void => say({ received, wrong: checker.wrong, samplesMicros });
  const timer = setTimeout(report, work.limitMs);
  for (let sequence = 0; sequence < work.warmFrames + work.frames; sequence++) {
    const startMs = performance.now();
    const payload = await roundTrip(sequence);
    const micros = (performance.now() - startMs) * 1000;
    checker.check(payload);
    if (sequence < work.warmFrames) continue;
    received += 1;
    samplesMicros.push(Math.round(micros * 10) / 10);
  }
  clearTimeout(timer);
  report();
}
