// How often each value comes: the samples of the last frames that were looked at, in bins of equal width.

import { sampleCount, type SampleType } from '../interpretation';
import type { Watch } from '../protocol';
import type { Made } from './preview';
import { pickSamples, type Samples } from './samples';
import { Sums } from './statistics';

/** Frames whose counts are added up. */
export const SUMMED_FRAMES = 64;
const DEFAULT_BINS = 128;
// Samples of a frame that are looked at.
const MAX_SAMPLES = 256 * 1024;
const WHOLE_RANGES: Partial<Record<SampleType, readonly [number, number]>> = {
  u1: [0, 256],
  i1: [-128, 128],
};

/** The counts of the last frames. The range grows with the values, and then the counting begins again. */
export class Histogram {
  private low = 0;
  private high = 0;
  private readonly frames: Uint32Array[] = [];
  private sum = new Uint32Array(0);

  make(payload: Uint8Array, watch: Watch): Made {
    const { bins = DEFAULT_BINS, type } = watch;
    const samples = sampleCount(watch, payload.length);
    const step = Math.max(1, Math.ceil(samples / MAX_SAMPLES));
    const values = pickSamples(payload, watch, 0, Math.ceil(samples / step), step);
    const sums = new Sums();
    sums.add(values);
    const { result } = sums;
    if (result !== undefined) this.fit(type, result.min, result.max, bins);
    this.add(values, bins);
    return {
      numbers: this.sum,
      about: {
        packing: 'u4',
        samples,
        window: [0, samples],
        step,
        low: this.low,
        high: this.high,
        summed: this.frames.length,
        ...(result === undefined ? {} : { statistics: result }),
      },
    };
  }

  private fit(type: SampleType, min: number, max: number, bins: number): void {
    const isSame = this.sum.length === bins && min >= this.low && max < this.high;
    if (isSame) return;
    const isFirst = this.sum.length !== bins;
    [this.low, this.high] =
      WHOLE_RANGES[type] ??
      rangeOf(
        isFirst ? min : Math.min(min, this.low),
        isFirst ? max : Math.max(max, this.high),
        type.startsWith('f') ? 0 : bins,
      );
    this.frames.length = 0;
    this.sum = new Uint32Array(bins);
  }

  private add(values: Samples, bins: number): void {
    const counts = new Uint32Array(bins);
    if (this.sum.length !== bins) this.sum = new Uint32Array(bins);
    const { low, high, sum } = this;
    const perBin = bins / (high - low);
    const { length } = values;
    for (let i = 0; i < length; i++) {
      const bin = Math.floor((values[i]! - low) * perBin);
      if (bin >= 0 && bin < bins) counts[bin]! += 1;
    }
    this.frames.push(counts);
    const old = this.frames.length > SUMMED_FRAMES ? this.frames.shift() : undefined;
    // The sum that was handed out may still be on its way.
    const next = new Uint32Array(bins);
    for (let i = 0; i < bins; i++) next[i] = sum[i]! + counts[i]! - (old?.[i] ?? 0);
    this.sum = next;
  }
}

/** A range with some room, from `min` to above `max`; of integers, whole numbers with a whole number a bin. */
function rangeOf(min: number, max: number, wholeBins: number): [number, number] {
  const room = (max - min) / 16;
  if (wholeBins === 0) {
    const width = max > min ? max - min + 2 * room : Math.max(Math.abs(max), 1) / 16;
    return [min - (max > min ? room : width / 2), min - (max > min ? room : width / 2) + width];
  }
  const low = min >= 0 && min - room < 0 ? 0 : Math.floor(min - room);
  const perBin = Math.max(1, Math.ceil((max + 1 + room - low) / wholeBins));
  return [low, low + perBin * wholeBins];
}
