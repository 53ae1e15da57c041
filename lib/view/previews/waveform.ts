// A waveform: the samples themselves, or where there are many, the minimum and maximum of each column.

import { sampleCount } from '../interpretation';
import type { Watch } from '../protocol';
import { clampWindow, giveWay, SAMPLES_A_TURN, type Made } from './preview';
import { arrayOfPacking, PACKINGS, samplesOf, type Samples } from './samples';
import { Sums } from './statistics';

const DEFAULT_COLUMNS = 1000;
// Samples a column that are sent as they are.
const PLAIN_A_COLUMN = 2;

export function makeWaveform(payload: Uint8Array, watch: Watch): Made | Promise<Made> {
  const { columns = DEFAULT_COLUMNS, type } = watch;
  const samples = sampleCount(watch, payload.length);
  const [from, to] = clampWindow(watch.window, samples);
  const step = to - from <= PLAIN_A_COLUMN * columns ? 0 : Math.ceil((to - from) / columns);
  const sums = new Sums();
  const about = { packing: PACKINGS[type], samples, window: [from, to], step };
  const done = (numbers: Samples): Made => {
    const { result } = sums;
    return { numbers, about: { ...about, ...(result === undefined ? {} : { statistics: result }) } };
  };
  if (step === 0) {
    const numbers = samplesOf(payload, watch, from, to);
    sums.add(numbers);
    return done(numbers);
  }
  const pairs = arrayOfPacking(PACKINGS[type], 2 * Math.ceil((to - from) / step));
  const columnsATurn = Math.max(1, Math.floor(SAMPLES_A_TURN / step));
  /** The columns that begin in samples `start` to `start` plus a turn's share. @returns where the next ones begin. */
  const look = (start: number): number => {
    const end = Math.min(to, start + columnsATurn * step);
    lookAt(samplesOf(payload, watch, start, end), step, pairs, (2 * (start - from)) / step, sums);
    return end;
  };
  const first = look(from);
  if (first >= to) return done(pairs);
  return (async () => {
    for (let at = first; at < to; at = look(at)) await giveWay();
    return done(pairs);
  })();
}

/** A column without a finite value gets NaN, which only floats have. */
function lookAt(samples: Samples, step: number, pairs: Samples, at: number, sums: Sums): void {
  for (let from = 0, slot = at; from < samples.length; from += step, slot += 2) {
    const to = Math.min(from + step, samples.length);
    let min = Infinity;
    let max = -Infinity;
    for (let i = from; i < to; i++) {
      const value = samples[i]!;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    pairs[slot] = min === Infinity ? NaN : min;
    pairs[slot + 1] = max === -Infinity ? NaN : max;
  }
  sums.add(samples);
}
