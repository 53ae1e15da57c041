// A measuring process's end of the talk with its parent, and the counting both Node contenders share.

import { createInterface } from 'node:readline';
import type { Work } from '../harness';

/** Says one line to the parent. */
export function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The parent's orders, one at a time. Ends this process when the parent is gone or wants no more. */
export function orders(): () => Promise<string> {
  const input = createInterface({ input: process.stdin });
  input.once('close', () => process.exit());
  const lines = input[Symbol.asyncIterator]();
  return async () => ((await lines.next()) as { value: string }).value;
}

/** The arguments every contender is called with. */
export interface PeerArguments extends Work {
  readonly role: string;
  readonly port: number;
  readonly limitMs: number;
}

export function peerArguments(): PeerArguments {
  const [role = '', ...numbers] = process.argv.slice(2);
  const [port, sizeBytes, warmFrames, frames, limitMs] = numbers.map(Number);
  return {
    role,
    port: port!,
    sizeBytes: sizeBytes!,
    warmFrames: warmFrames!,
    frames: frames!,
    limitMs: limitMs!,
  };
}

/** Counts, checks and times what a receiver gets, and tells the parent. */
export class Counter {
  private count = 0;
  private wrong = 0;
  private startMs = 0;
  private startCpu = process.cpuUsage();
  private readonly last: number;
  private readonly limit: NodeJS.Timeout;

  constructor(private readonly work: PeerArguments) {
    this.last = work.warmFrames + work.frames;
    // A frame lost would leave us waiting: then what did come is told.
    this.limit = setTimeout(() => this.report(), work.limitMs);
  }

  /** True once the last frame has come. */
  add(sizeBytes: number): boolean {
    this.count += 1;
    if (sizeBytes !== this.work.sizeBytes) this.wrong += 1;
    if (this.count === this.work.warmFrames) say({ warm: true });
    // The clock starts at the first frame that counts.
    else if (this.count === this.work.warmFrames + 1) {
      this.startMs = performance.now();
      this.startCpu = process.cpuUsage();
    }
    if (this.count !== this.last) return false;
    this.report();
    return true;
  }

  private report(): void {
    clearTimeout(this.limit);
    const elapsedMs = performance.now() - this.startMs;
    say({
      received: Math.max(this.count - this.work.warmFrames, 0),
      wrong: this.wrong,
      elapsedMs,
      cpuMs: cpuMsSince(this.startCpu),
    });
  }
}

/** Of all threads of this process, libzmq's and Node's own among them. */
function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Sends all frames, one awaited after the other, as the parent orders; what waits too long is told. */
export async function sendAll(
  work: PeerArguments,
  order: () => Promise<string>,
  sendOne: () => Promise<void> | undefined,
): Promise<void> {
  let sent = 0;
  const limit = setTimeout(() => console.error(`frame ${sent + 1} waits to be sent`), work.limitMs);
  for (; sent < work.warmFrames; sent++) await sendOne();
  await order();
  const startCpu = process.cpuUsage();
  for (; sent < work.warmFrames + work.frames; sent++) await sendOne();
  clearTimeout(limit);
  say({ sent, cpuMs: cpuMsSince(startCpu) });
}

/** One frame at a time: `roundTrip` sends one and resolves to the size of what came back. */
export async function ping(work: PeerArguments, roundTrip: () => Promise<number>): Promise<void> {
  const samplesMicros: number[] = [];
  let wrong = 0;
  let received = 0;
  const report = (): void => say({ received, wrong, samplesMicros });
  const timer = setTimeout(report, work.limitMs);
  for (let i = -work.warmFrames; i < work.frames; i++) {
    const startMs = performance.now();
    const sizeBytes = await roundTrip();
    const micros = (performance.now() - startMs) * 1000;
    if (sizeBytes !== work.sizeBytes) wrong += 1;
    if (i < 0) continue;
    received += 1;
    samplesMicros.push(Math.round(micros * 10) / 10);
  }
  clearTimeout(timer);
  report();
}
