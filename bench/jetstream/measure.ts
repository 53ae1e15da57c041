// Writing into a log and reading from it: one process and one server.

import { requireAll, startSide, withSides, type Work } from '../harness';
import type { LogContender } from './contenders';
import type { NatsServer } from './server';

/** What writing or reading took. */
export interface Cost {
  readonly framesPerSec: number;
  /** Processor time of all threads of the writer or reader, in microseconds a frame. */
  readonly clientMicros: number;
  readonly serverMicros: number;
  /** Peak resident memory of that process. */
  readonly clientMegabytes: number;
  readonly serverMegabytes: number;
}

/** In place of a round that failed, and of what cannot be measured. */
export const FAILED_COST: Cost = {
  framesPerSec: NaN,
  clientMicros: NaN,
  serverMicros: NaN,
  clientMegabytes: NaN,
  serverMegabytes: NaN,
};

/** Frames into a new log, until the last one is acknowledged. */
export function measureWriting(server: NatsServer, contender: LogContender, work: Work): Promise<Cost> {
  const { frames, window } = contender;
  const writing = startSide(contender, 'write', { port: server.port, work, frames, more: [window] });
  return withSides([writing], async () => {
    writing.tell('warm');
    await writing.line('warm');
    const before = server.usage().cpuSeconds;
    writing.tell('go');
    const { elapsedMs, cpuMs, peakMegabytes } = await writing.line('written');
    const { cpuSeconds, peakResidentBytes } = server.usage();
    return {
      framesPerSec: (work.frames / Number(elapsedMs)) * 1000,
      clientMicros: (Number(cpuMs) * 1000) / work.frames,
      serverMicros: ((cpuSeconds - before) * 1e6) / work.frames,
      clientMegabytes: Number(peakMegabytes),
      serverMegabytes: peakResidentBytes / 1e6,
    };
  });
}

/** The same frames from the log, the first one first. Throws unless each is as it was written. */
export function measureReading(server: NatsServer, contender: LogContender, work: Work): Promise<Cost> {
  const { frames } = contender;
  const reading = startSide(contender, 'read', { port: server.port, work, frames });
  return withSides([reading], async () => {
    const before = server.usage().cpuSeconds;
    reading.tell('go');
    const received = await reading.line('received');
    requireAll(reading, work, received);
    const { cpuSeconds, peakResidentBytes } = server.usage();
    return {
      // The clock starts at the first frame, which is before the first interval.
      framesPerSec: ((work.frames - 1) / Number(received.elapsedMs)) * 1000,
      clientMicros: (Number(received.cpuMs) * 1000) / work.frames,
      serverMicros: ((cpuSeconds - before) * 1e6) / (work.frames + work.warmFrames),
      clientMegabytes: Number(received.peakMegabytes),
      serverMegabytes: peakResidentBytes / 1e6,
    };
  });
}
