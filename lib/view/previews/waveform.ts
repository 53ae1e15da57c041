// A waveform: the samples themselves, or where there are many, the minimum and maximum of each column.

import { sampleCount } from '../interpretation';
import type { Packing } from '../numbers';
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
  const extremes = new Extremes(Math.ceil((to - from) / step), step);
  const look = (at: number): number => {
    const end = Math.min(to, at + SAMPLES_A_TURN);
    const part = samplesOf(payload, watch, at, end);
    extremes.add(part, at - from);
    sums.add(part);
    return end;
  };
  const first = look(from);
  if (first >= to) return done(extremes.pairs(PACKINGS[type]));
  return (async () => {
    for (let at = first; at < to; at = look(at)) await giveWay();
    return done(extremes.pairs(PACKINGS[type]));
  })();
}

/** The smallest and the largest value of each column; without a finite or infinite value, NaN, which only floats have. */
class Extremes {
  private readonly least: Float64Array;
  private readonly most: Float64Array;

  constructor(
    columns: number,
    private readonly step: number,
  ) {
    this.least = new Float64Array(columns).fill(Infinity);
    this.most = new Float64Array(columns).fill(-Infinity);
  }

  /** @param at of the first of these samples, counted from the first column's. */
  add(samples: Samples, at: number): void {
    const { step, least, most } = this;
    let column = Math.floor(at / step);
    for (let from = 0; from < samples.length; column += 1) {
      const to = Math.min(samples.length, (column + 1) * step - at);
      let min = least[column]!;
      let max = most[column]!;
      for (let i = from; i < to; i++) {
        const value = samples[i]!;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      least[column] = min;
      most[column] = max;
      from = to;
    }
  }

  pairs(packing: Packing): Samples {
    const { least, most } = this;
    const pairs = arrayOfPacking(packing, 2 * least.length);
    for (let i = 0; i < least.length; i++) {
      const isEmpty = least[i]! > most[i]!;
      pairs[2 * i] = isEmpty ? NaN : least[i]!;
      pairs[2 * i + 1] = isEmpty ? NaN : most[i]!;
    }
    return pairs;
  }
}
