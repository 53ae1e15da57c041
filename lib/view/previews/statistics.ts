// Minimum, maximum, mean and deviation of samples, in one pass; in pieces where there are many.

import type { Statistics } from '../protocol';
import type { Samples } from './samples';

/** Adds up samples. Sums are of differences from the first sample, so that a large offset costs no digits. */
export class Sums {
  min = Infinity;
  max = -Infinity;
  private count = 0;
  private nan = 0;
  private origin: number | undefined;
  private sum = 0;
  private squares = 0;

  add(samples: Samples): void {
    let { min, max, count, nan, sum, squares } = this;
    const origin = this.origin ?? finite(samples[0] ?? 0);
    this.origin = origin;
    const { length } = samples;
    for (let i = 0; i < length; i++) {
      const value = samples[i]!;
      const difference = value - origin;
      // False for NaN and for infinite values.
      if (difference - difference !== 0) {
        nan += 1;
        continue;
      }
      if (value < min) min = value;
      if (value > max) max = value;
      count += 1;
      sum += difference;
      squares += difference * difference;
    }
    Object.assign(this, { min, max, count, nan, sum, squares });
  }

  /** Undefined where there was no finite value. */
  get result(): Statistics | undefined {
    const { min, max, count, nan, sum, squares } = this;
    if (count === 0) return undefined;
    const mean = sum / count;
    const variance = Math.max(0, squares / count - mean * mean);
    return { min, max, mean: (this.origin ?? 0) + mean, deviation: Math.sqrt(variance), count, nan };
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
