// The half of `bench` that measures.

import { show } from '../../errors';
import type { Frame, TcpCore } from '../../index';
import {
  BENCH_VERSION,
  BenchChannel,
  controlFrame,
  machineOf,
  parseControl,
  type Answer,
  type BenchMachine,
  type Order,
} from './protocol';
import { Failure } from '../support/errors';
import { passing } from '../support/slaves';
import { sendData } from './data';

const RUNS = 0x1_0000;
// A run that is long enough tells the rate for the one that counts.
const PROBE_SHARE = 0.2;
const PROBE_GROWTH = 4;
// How much longer than intended a measurement may take before it is taken for stuck.
const PATIENCE = 10;

export interface Throughput {
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Microseconds for one frame there and back. */
export interface RoundTrip {
  readonly p50: number;
  readonly p99: number;
}

/** So many frames in so much time. */
interface Run {
  readonly frames: number;
  readonly elapsedMs: number;
}

/** Measures over one bridge whose other end is a `BenchServer`. */
export class BenchClient {
  private readonly runId = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  private readonly aborted: Promise<never>;
  private run = Math.floor(Math.random() * RUNS);
  private missing = 0;
  private strayFrames = 0;
  private onAnswer: (answer: Answer) => void = () => undefined;
  private onBusy!: () => void;
  private onEcho: () => void = () => undefined;
  private onLast: () => void = () => undefined;

  /** @param name of the other side, for what goes wrong. */
  constructor(
    private readonly bridge: TcpCore,
    private readonly name: string,
    private readonly timeoutMs: number,
    signal: AbortSignal,
  ) {
    this.aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      const text = `another client is connected to ${name}, and gets every other frame: run one bench at a time`;
      this.onBusy = () => reject(new Failure(text));
    });
    this.aborted.catch(() => undefined);
    bridge.addSlave(passing((frame) => this.receive(frame)));
  }

  /** Frames that came and have to do with no bench of ours: those of a server that is none, for example. */
  get strays(): number {
    return this.strayFrames;
  }

  /** Where the other half runs. @throws {Failure} when it is none. */
  async hello(): Promise<BenchMachine> {
    const answer = await this.within(
      this.timeoutMs,
      this.ask('hello', { type: 'hello', version: BENCH_VERSION }),
      `${this.name} does not answer: run 'rogue-bridge bench --listen' there, and no other bench against it`,
    );
    if (answer.version === BENCH_VERSION) return machineOf(answer.machine);
    throw new Failure(
      `${this.name} is a bench of version ${show(answer.version)}, this one of ${BENCH_VERSION}: use the same rogue-bridge`,
    );
  }

  /** Sends for about so long, every send awaited; the other half counts. */
  toServer(size: number, ms: number): Promise<Throughput> {
    return this.throughput(size, ms, async (frames) => {
      const run = this.nextRun();
      await this.order({ type: 'begin', run });
      await sendData(this.bridge, { run, frames, size });
      const report = await this.ask('report', { type: 'report' });
      if (report.frames === frames) return report;
      throw new Failure(
        `${this.name} has got ${show(report.frames)} of ${frames} frames: the connection was lost`,
      );
    });
  }

  /** Has the other half send for about so long, and counts. */
  toClient(size: number, ms: number): Promise<Throughput> {
    return this.throughput(size, ms, async (frames) => {
      const run = this.nextRun();
      this.missing = frames;
      const last = new Promise<void>((resolve) => (this.onLast = resolve));
      const started = performance.now();
      await this.order({ type: 'send', run, frames, size });
      await last;
      return { frames, elapsedMs: performance.now() - started };
    });
  }

  /** One frame there and back, again and again for so long. */
  roundTrip(size: number, ms: number): Promise<RoundTrip> {
    const once = async (): Promise<number> => {
      const back = new Promise<void>((resolve) => (this.onEcho = resolve));
      const started = performance.now();
      const frame = this.bridge.reqFrame(size, { channel: BenchChannel.echo });
      frame.payload.fill(1);
      await this.bridge.send(frame);
      await back;
      return performance.now() - started;
    };
    const measure = async (): Promise<RoundTrip> => {
      // The first one finds everything cold.
      await once();
      const times: number[] = [];
      const end = performance.now() + ms;
      do times.push(await once());
      while (performance.now() < end);
      times.sort((a, b) => a - b);
      const at = (share: number): number => times[Math.ceil(times.length * share) - 1]! * 1000;
      return { p50: at(0.5), p99: at(0.99) };
    };
    return this.patiently(ms, measure());
  }

  /** Finds out how many frames take so long, and measures that many. */
  private throughput(
    size: number,
    ms: number,
    measure: (frames: number) => Promise<Run>,
  ): Promise<Throughput> {
    const work = async (): Promise<Throughput> => {
      let last = await measure(1);
      while (last.elapsedMs < ms * PROBE_SHARE) last = await measure(last.frames * PROBE_GROWTH);
      const frames = Math.ceil((last.frames * ms) / last.elapsedMs);
      // A frame that takes longer than it all has been measured.
      if (frames > 1) last = await measure(frames);
      const framesPerSecond = (last.frames / last.elapsedMs) * 1000;
      return { framesPerSecond, bytesPerSecond: framesPerSecond * size };
    };
    return this.patiently(ms, work());
  }

  private patiently<T>(ms: number, work: Promise<T>): Promise<T> {
    const text = `${this.name} has stopped answering: it has ended, another bench uses it, or --timeout is too short`;
    return this.within(this.timeoutMs + PATIENCE * ms, work, text);
  }

  private async within<T>(ms: number, work: Promise<T>, otherwise: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Failure(otherwise)), ms);
    });
    try {
      return await Promise.race([work, late, this.aborted]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async ask<T extends Answer['type']>(
    type: T,
    order: Order,
  ): Promise<Extract<Answer, { readonly type: T }>> {
    const answered = new Promise<Extract<Answer, { readonly type: T }>>((resolve) => {
      this.onAnswer = (answer) => {
        if (answer.type === type) resolve(answer as Extract<Answer, { readonly type: T }>);
      };
    });
    await this.order(order);
    return answered;
  }

  private async order(order: Order): Promise<void> {
    await this.bridge.send(controlFrame({ ...order, runId: this.runId }));
  }

  private nextRun(): number {
    this.run = (this.run + 1) % RUNS;
    return this.run;
  }

  private receive(frame: Frame): void {
    if (frame.channel === BenchChannel.echo) this.onEcho();
    else if (frame.channel === BenchChannel.control) {
      const answer = parseControl<Answer>(frame);
      if (answer?.type === 'busy') this.onBusy();
      else if (answer?.runId === this.runId) this.onAnswer(answer);
      else this.strayFrames += 1;
    } else if (frame.channel === BenchChannel.data && frame.flags === this.run) {
      this.missing -= 1;
      if (this.missing === 0) this.onLast();
    } else this.strayFrames += 1;
  }
}
