// bench nats://HOST/STREAM: what a log takes and gives, measured in a stream of its own.

import type { JetStreamReader, JetStreamWriter, LogConnectionOptions } from '../../jetstream';
import { Frame } from '../../index';
import type { LogTarget } from '../support/arguments';
import { Failure } from '../support/errors';
import { checkWords, loadJetStream } from '../support/log-target';
import type { RoundTrip, Throughput } from './client';

const ROUND_TRIPS = 200;

/** A stream that is made for the measurement, and removed after it. */
export class LogBench {
  private constructor(
    private readonly target: LogTarget,
    private readonly connection: LogConnectionOptions,
    /** Of nats-server. */
    readonly version: string,
  ) {}

  /** @throws {Failure} for a stream that is there: it would be filled with test data. */
  static async open(target: LogTarget, timeoutMs: number): Promise<LogBench> {
    checkWords(target, 'send');
    const connection = { ...target.log.connection, timeoutMs };
    const { log, version } = await loadJetStream().inspectLog(connection);
    if (log === undefined) return new LogBench(target, connection, version);
    const text = `the log ${target.name} is there, and bench would fill it with test data`;
    throw new Failure(`${text}: name one that is not, which bench makes and removes`);
  }

  /** Writes for about so long, and until all is stored; then reads the same frames. */
  async measure(
    size: number,
    ms: number,
    signal: AbortSignal,
  ): Promise<{ written: Throughput; read: Throughput }> {
    const writer = await this.openWriter();
    const first = writer.nextFrame;
    let frames = 0;
    const started = performance.now();
    try {
      while (performance.now() - started < ms && !signal.aborted) {
        const accepted = writer.acceptFrame(new Frame(Buffer.allocUnsafe(size).fill(frames)));
        if (accepted !== undefined) await accepted;
        frames += 1;
      }
      await writer.flush();
    } finally {
      await writer.stop();
    }
    const written = throughput(frames, size, performance.now() - started);
    return { written, read: await this.read(first, frames, size) };
  }

  /** Reads so many frames from this number on. */
  private async read(first: number, frames: number, size: number): Promise<Throughput> {
    const reader = await this.openReader({ frame: first });
    try {
      const started = performance.now();
      let left = frames;
      await new Promise<void>((resolve, reject) => {
        reader.addSlave(() => {
          left -= 1;
          if (left === 0) resolve();
        });
        reader.finished().catch(reject);
      });
      return throughput(frames, size, performance.now() - started);
    } finally {
      await reader.stop();
    }
  }

  /** One frame at a time, from a writer to a reader. */
  async roundTrip(size: number, signal: AbortSignal): Promise<RoundTrip> {
    const reader = await this.openReader('now');
    const writer = await this.openWriter({ batchMs: 0 });
    const times: number[] = [];
    try {
      let came: () => void = () => undefined;
      reader.addSlave(() => came());
      for (let i = 0; i < ROUND_TRIPS && !signal.aborted; i++) {
        const started = performance.now();
        const back = new Promise<void>((resolve) => (came = resolve));
        await writer.acceptFrame(new Frame(Buffer.alloc(size, i)));
        await back;
        times.push((performance.now() - started) * 1000);
      }
    } finally {
      await writer.stop();
      await reader.stop();
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.floor(share * times.length)] ?? NaN;
    return { p50: at(0.5), p99: at(0.99) };
  }

  /** Removes the stream. */
  async close(): Promise<void> {
    await loadJetStream().deleteLog(this.connection);
  }

  private openReader(from: 'now' | { readonly frame: number }): Promise<JetStreamReader> {
    return loadJetStream().JetStreamReader.create({ ...this.connection, from });
  }

  private openWriter(more: { readonly batchMs?: number } = {}): Promise<JetStreamWriter> {
    return loadJetStream().JetStreamWriter.create({ ...this.connection, ...this.target.log.keep, ...more });
  }
}

function throughput(frames: number, size: number, ms: number): Throughput {
  const framesPerSecond = (frames / ms) * 1000;
  return { framesPerSecond, bytesPerSecond: framesPerSecond * size };
}
