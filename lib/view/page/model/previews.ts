// The last waveform previews: at most 64, all of the same window.

import type { Preview, Statistics } from '../../protocol';
import type { Numbers } from '../../numbers';

export const MAX_KEPT = 64;

export interface Picture {
  readonly about: Preview;
  readonly numbers: Numbers;
}

export interface Envelope {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export class PreviewRing {
  private readonly pictures: Picture[] = [];
  private key = '';

  get length(): number {
    return this.pictures.length;
  }

  clear(): void {
    this.pictures.length = 0;
    this.key = '';
  }

  push(picture: Picture): void {
    const { channel, window, step, samples, packing } = picture.about;
    const key = [channel, window, step, samples, packing, picture.numbers.length].join();
    if (key !== this.key) this.clear();
    this.key = key;
    this.pictures.push(picture);
    if (this.pictures.length > MAX_KEPT) this.pictures.shift();
  }

  /** The last `count`, oldest first. */
  last(count: number): readonly Picture[] {
    return this.pictures.slice(-count);
  }

  /** Minimum and maximum of each column over all previews. */
  envelope(): Envelope {
    const columns = columnsOf(this.pictures[0]);
    const low = new Float64Array(columns).fill(Infinity);
    const high = new Float64Array(columns).fill(-Infinity);
    for (const { numbers, about } of this.pictures) {
      const stride = about.step === 0 ? 1 : 2;
      for (let i = 0; i < columns; i++) {
        const bottom = numbers[i * stride] ?? NaN;
        const top = numbers[i * stride + stride - 1] ?? NaN;
        if (bottom < low[i]!) low[i] = bottom;
        if (top > high[i]!) high[i] = top;
      }
    }
    return { low, high };
  }

  /** Statistics of the previews together. */
  summary(): { min: number; max: number; samples: number; meanOfMaxima: number } | undefined {
    const all = this.pictures.flatMap(({ about }) => about.statistics ?? []);
    if (all.length === 0) return undefined;
    const sum = (of: (one: Statistics) => number): number => all.reduce((total, one) => total + of(one), 0);
    return {
      min: Math.min(...all.map(({ min }) => min)),
      max: Math.max(...all.map(({ max }) => max)),
      samples: sum(({ count }) => count),
      meanOfMaxima: sum(({ max }) => max) / all.length,
    };
  }
}

/** How many columns a waveform preview has: its samples, or its pairs. */
export function columnsOf(picture: Picture | undefined): number {
  if (picture === undefined) return 0;
  return picture.about.step === 0 ? picture.numbers.length : Math.floor(picture.numbers.length / 2);
}

/** The sample in whose place a column stands: for pairs, the middle of what they stand for. */
export function sampleOfColumn({ window, step }: Preview, column: number): number {
  const first = window[0] ?? 0;
  return step === 0 ? first + column : first + step * (column + 0.5);
}

/** The column that shows a sample. */
export function columnOfSample({ window, step }: Preview, sample: number): number {
  return Math.floor((sample - (window[0] ?? 0)) / Math.max(1, step));
}
