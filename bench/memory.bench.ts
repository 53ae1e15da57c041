// How much memory does a sender take that is ahead of a slow reader?

import { freemem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './benchmark';
import { C_PEER, findContenders, NATIVE, NATIVE_NEW, ZEROMQ, type Contender } from './contenders';
import { measureOneWay, startSide, withSides } from './harness';
import { freePorts } from './ports';
import { statusMegabytes } from './process-memory';
import { attempt, type Side } from './side';
import { isMeasured } from './sizes';
import { median, orderOf } from './statistics';
import { numberText, ratioText, sizeText } from './table';
import { FRAMES, workOf } from './throughput.bench';

const NAMES = [NATIVE, NATIVE_NEW, ZEROMQ, C_PEER];
export const DEFAULT_SECONDS = 3;
const QUICK_SECONDS = 0.5;
// Memory hardly differs from round to round.
const MOST_ROUNDS = 3;
// How fast the reader is, as a part of the sender's rate without it.
const READ_PART = 1 / 4;
// A timer of Node counts whole milliseconds, and is late by up to one.
const LEAST_PAUSE_MS = 4;
const QUARTERS = [1 / 4, 2 / 4, 3 / 4, 1];
const LOOK_MS = 50;
// Of the memory that is free at the start: libzmq queues up to 2000 frames, which are 20 GB of the largest.
const MOST_OF_FREE_MEMORY = 1 / 2;

interface Pause {
  readonly everyFrames: number;
  readonly ms: number;
}

/** One run. */
interface Flood {
  readonly sent: number;
  readonly framesPerSec: number;
  /** Resident memory of the sender at each quarter of the time. */
  readonly quartersMegabytes: readonly number[];
  readonly senderMegabytes: number;
  readonly receiverMegabytes: number;
}

/** What one contender did. */
interface Pair {
  readonly name: string;
  readonly contender: Contender;
  /** Without pauses of the reader. */
  readonly fullFramesPerSec: number;
  readonly floods: Flood[];
}

export const memory: Benchmark = async (options) => {
  const found = findContenders();
  const contenders = found.contenders.filter(({ name }) => NAMES.includes(name));
  const skipped = found.skipped.filter((text) => text.startsWith(C_PEER));
  const rows: string[][] = [];
  const cases: ({ name: string } & Record<string, unknown>)[] = [];
  const failures: string[] = [];
  const result = { notes: NOTES, skipped, cases, failures, shortfalls: [] };
  if (statusMegabytes('self', 'VmRSS') === undefined) {
    skipped.push('memory: needs /proc/PID/status, which Linux has');
    return { ...result, tables: [] };
  }
  const seconds = options.seconds ?? (options.quick ? QUICK_SECONDS : DEFAULT_SECONDS);
  const rounds = Math.min(options.rounds, MOST_ROUNDS);
  for (const [sizeBytes, frames] of FRAMES) {
    if (!isMeasured(sizeBytes, options)) continue;
    const size = sizeText(sizeBytes);
    const pairs: Pair[] = [];
    for (const contender of contenders) {
      const name = `memory/${size}/${contender.name}`;
      options.progress(`${name}, without a slow reader`);
      const calibrating = measureOneWay(contender, contender, workOf(contender, sizeBytes, frames, true));
      const oneWay = await attempt(calibrating, failures);
      if (oneWay !== undefined)
        pairs.push({ name, contender, fullFramesPerSec: oneWay.framesPerSec, floods: [] });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { name, contender, fullFramesPerSec, floods } of orderOf(pairs, round)) {
        options.progress(`${name}, round ${round + 1} of ${rounds}`);
        const flooding = measureFlood(contender, sizeBytes, seconds * 1000, pauseFor(fullFramesPerSec));
        const flood = await attempt(flooding, failures);
        if (typeof flood === 'string') skipped.push(`${name}: ${flood}`);
        else if (flood !== undefined) floods.push(flood);
      }
    }
    for (const { name, fullFramesPerSec, floods } of pairs) {
      if (floods.length === 0) continue;
      const medianOf = (pick: (flood: Flood) => number): number => median(floods.map(pick));
      const figures = {
        framesSent: medianOf(({ sent }) => sent),
        framesPerSec: medianOf(({ framesPerSec }) => framesPerSec),
        senderQuartersMegabytes: QUARTERS.map((_, index) =>
          medianOf(({ quartersMegabytes }) => quartersMegabytes[index]!),
        ),
        senderPeakMegabytes: medianOf(({ senderMegabytes }) => senderMegabytes),
        receiverPeakMegabytes: medianOf(({ receiverMegabytes }) => receiverMegabytes),
      };
      cases.push({ name, sizeBytes, seconds, fullFramesPerSec, ...figures });
      rows.push([
        name,
        numberText(figures.framesSent),
        numberText(figures.framesPerSec),
        ratioText(figures.framesPerSec / fullFramesPerSec),
        ...figures.senderQuartersMegabytes.map(numberText),
        numberText(figures.senderPeakMegabytes),
        numberText(figures.receiverPeakMegabytes),
      ]);
    }
  }
  const quarters = QUARTERS.map((_, index) => `MB at ${index + 1}/4`);
  const table = {
    title: `A sender ahead of a slow reader, ${seconds} s a case, ${rounds} round(s)`,
    columns: ['case', 'frames sent', 'frames/s', 'of full', ...quarters, 'MB, sender', 'MB, receiver'],
    rows,
  };
  return { ...result, tables: [table] };
};

const NOTES = [
  'frames sent, frames/s: what the sender got accepted, each send awaited. of full: frames/s, of the rate of the same pair',
  `without pauses, measured before; the reader pauses so that it takes ${READ_PART} of that. What the queues take comes on top.`,
  'MB at 1/4 to 4/4: resident memory of the sender at each quarter of the time (10^6 bytes, VmRSS).',
  'MB, sender and MB, receiver: peak resident memory of that process (VmHWM). Every figure is the median over the rounds.',
];

/** The pauses of a reader that takes READ_PART of the given rate. */
function pauseFor(framesPerSec: number): Pause {
  const msAFrame = ((1 / READ_PART - 1) * 1000) / framesPerSec;
  const everyFrames = Math.max(Math.ceil(LEAST_PAUSE_MS / msAFrame), 1);
  return { everyFrames, ms: Math.max(Math.round(everyFrames * msAFrame), 1) };
}

/** One run, or why it was stopped. Throws when a frame was wrong. */
async function measureFlood(
  contender: Contender,
  sizeBytes: number,
  durationMs: number,
  pause: Pause,
): Promise<Flood | string> {
  const [port] = await freePorts(2);
  const start = { port: port!, work: { sizeBytes, warmFrames: 0, frames: 0 }, frames: contender.frames };
  const receiving = startSide(contender, 'drain', { ...start, more: [pause.everyFrames, pause.ms] });
  const sending = startSide(contender, 'flood', { ...start, more: [durationMs] });
  return withSides([receiving, sending], async () => {
    sending.tell('go');
    await sending.line('started');
    const samples = await sample(sending, receiving, durationMs);
    if (typeof samples === 'string') return samples;
    const { sent, elapsedMs, peakMegabytes } = await sending.line('sent');
    receiving.tell('report');
    const { received, wrong, peakMegabytes: receiverPeak } = await receiving.line('received');
    if (wrong !== 0 || !(Number(received) > 0)) {
      throw new Error(
        `${receiving.name}: ${String(wrong)} of ${String(received)} frames had another size or content than was sent`,
      );
    }
    return {
      sent: Number(sent),
      framesPerSec: (Number(sent) / Number(elapsedMs)) * 1000,
      quartersMegabytes: samples,
      senderMegabytes: Number(peakMegabytes),
      receiverMegabytes: Number(receiverPeak),
    };
  });
}

/** The sender's memory at each quarter of the time. Kills both when together they take too much, and says so. */
async function sample(sending: Side, receiving: Side, durationMs: number): Promise<number[] | string> {
  const mostMegabytes = (freemem() / 1e6) * MOST_OF_FREE_MEMORY;
  const startMs = performance.now();
  const samples: number[] = [];
  for (const quarter of QUARTERS) {
    for (let leftMs = Infinity; leftMs > 0;) {
      leftMs = startMs + quarter * durationMs - performance.now();
      if (leftMs > 0) await sleep(Math.min(leftMs, LOOK_MS));
      const both = residentOf(sending) + residentOf(receiving);
      // Not a number when one of them has ended, which is told on its own.
      if (!(both > mostMegabytes)) continue;
      for (const side of [sending, receiving]) side.kill();
      const afterSeconds = numberText((performance.now() - startMs) / 1000);
      return `stopped after ${afterSeconds} s, when both processes together took ${numberText(both)} MB`;
    }
    samples.push(residentOf(sending));
  }
  return samples;
}

function residentOf({ pid }: Side): number {
  return statusMegabytes(pid, 'VmRSS') ?? NaN;
}
