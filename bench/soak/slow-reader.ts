// Part `slow-reader`: a sender that never stops, and a slave that takes its time. Neither may grow.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../lib/index';
import { freePorts } from '../ports';
import { numberText, sizeText, type Table } from '../table';
import type { PartResult, Settings } from './part';
import { SoakSide } from './side';
import type { Work } from './work';

interface Case {
  readonly sizeBytes: number;
  /** Messages, on the engine of this name. */
  readonly highWaterMarks: Readonly<Record<Engine, number>>;
  readonly slave: NonNullable<Work['slave']>;
}

// On libzmq a frame of 1 MB waits in up to two high-water marks: 1000 of them would be 2 GB. The native engine has marks in
// bytes as well.
const CASES: readonly Case[] = [
  {
    sizeBytes: 64,
    highWaterMarks: { native: 1000, libzmq: 1000 },
    slave: { takesMs: 50, everyFrames: 1000 },
  },
  {
    sizeBytes: 1_000_000,
    highWaterMarks: { native: 1000, libzmq: 20 },
    slave: { takesMs: 50, everyFrames: 1 },
  },
];
const SAMPLE_MS = 500;
// What comes before this share of the time fills the high-water marks and V8's young generation.
const WARM_SHARE = 0.25;
// V8 gives memory back when it likes, so flat is: no more at the end than in the quarter behind the warming up.
const GROWTH_ALLOWED_MEGABYTES = 30;

/** Each size for half of the time. */
export async function runSlowReader(settings: Settings): Promise<PartResult> {
  const { engine } = settings;
  const rows: string[][] = [];
  const failures: string[] = [];
  const figures: object[] = [];
  for (const { sizeBytes, highWaterMarks, slave } of CASES) {
    const highWaterMark = highWaterMarks[engine];
    settings.progress(`${engine}: a slow reader of ${sizeText(sizeBytes)} frames`);
    const [port] = await freePorts(2);
    const options = { sendHighWaterMark: highWaterMark, receiveHighWaterMark: highWaterMark, lingerMs: 0 };
    const reader = new SoakSide({
      role: 'server',
      port: port!,
      engine,
      work: { options, sends: 'nothing', slave },
    });
    const sender = new SoakSide({
      role: 'client',
      port: port!,
      engine,
      work: { options, sends: { sizeBytes } },
    });
    const sides = [sender, reader];
    await Promise.all(sides.map((side) => side.start()));
    const samples = await sample(sides, settings.durationMs / CASES.length);
    const { frames, corrupted, duplicated, reordered, missing } = reader.totals;
    for (const side of sides) failures.push(...side.crashes, ...(await side.end()));
    if (corrupted + duplicated + reordered + missing > 0)
      failures.push(`${sizeText(sizeBytes)}: a frame came wrong, twice, out of order or not at all`);
    if (frames === 0) failures.push(`${sizeText(sizeBytes)}: nothing came`);
    const memory = samples.map((megabytes) => summary(megabytes));
    for (const [index, { begin, end }] of memory.entries()) {
      if (end > begin + GROWTH_ALLOWED_MEGABYTES)
        failures.push(
          `${sizeText(sizeBytes)}: the ${index === 0 ? 'sender' : 'reader'} grew from ${begin} to ${end} MB`,
        );
    }
    const texts = memory.map(({ begin, middle, end }) => `${begin} / ${middle} / ${end}`);
    rows.push([sizeText(sizeBytes), String(highWaterMark), numberText(frames), ...texts]);
    figures.push({ sizeBytes, highWaterMark, frames, sender: memory[0], reader: memory[1] });
  }
  const table: Table = {
    title: `${engine} engine, slow reader: largest RSS in MB after warming up, of each third`,
    columns: ['payload', 'high-water mark', 'frames read', 'sender', 'reader'],
    rows,
  };
  return { tables: [table], failures, figures: { slowReader: figures } };
}

/** RSS in MB of each side, behind the warming up. */
async function sample(sides: readonly SoakSide[], durationMs: number): Promise<number[][]> {
  const samples: number[][] = sides.map(() => []);
  await sleep(durationMs * WARM_SHARE);
  const endsAt = performance.now() + durationMs * (1 - WARM_SHARE);
  while (performance.now() < endsAt) {
    for (const [index, side] of sides.entries()) samples[index]!.push(side.rssMegabytes);
    await sleep(SAMPLE_MS);
  }
  return samples;
}

function summary(samples: readonly number[]): { begin: number; middle: number; end: number } {
  const third = Math.ceil(samples.length / 3);
  const largest = (from: number): number => Math.round(Math.max(...samples.slice(from, from + third)));
  return { begin: largest(0), middle: largest(third), end: largest(samples.length - third) };
}
