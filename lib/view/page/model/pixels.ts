// An image preview as a grid of 16-bit numbers, whose values are offset + scale * number.

import type { Picture } from './previews';
import type { PixelAt } from './statistics';

export interface Pixels {
  readonly numbers: Uint16Array;
  readonly rows: number;
  readonly columns: number;
  /** The window has one pixel of each `step` by `step`. */
  readonly step: number;
  /** Row and column of the first pixel. */
  readonly row: number;
  readonly column: number;
  readonly offset: number;
  readonly scale: number;
  /** The number that stands for no value. */
  readonly none: number | undefined;
}

const NONE = 0xffff;

export function pixelsOf({ about, numbers }: Picture): Pixels {
  const { window, step, rows = 1, columns = numbers.length, scale = 1, offset = 0, packing } = about;
  const [row = 0, column = 0] = window;
  const base = { rows, columns, step: Math.max(1, step), row, column };
  if (packing === 'u2') {
    const none = scale === 1 && offset === 0 ? undefined : NONE;
    return { ...base, numbers: numbers as Uint16Array, offset, scale, none };
  }
  const bias = packing === 'i1' ? 128 : packing === 'i2' ? 32_768 : 0;
  if (packing === 'u1' || bias > 0) {
    const moved = Uint16Array.from(numbers, (value) => value + bias);
    return { ...base, numbers: moved, offset: offset - bias * scale, scale, none: undefined };
  }
  return { ...base, ...squeezed(numbers) };
}

/** Numbers of more than 16 bits, spread over the range that they have. */
function squeezed(values: Picture['numbers']): Pick<Pixels, 'numbers' | 'offset' | 'scale' | 'none'> {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high && value < Infinity) high = value;
  }
  const scale = high > low ? (high - low) / (NONE - 1) : 1;
  const offset = Number.isFinite(low) ? low : 0;
  const numbers = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    numbers[i] = Number.isFinite(value) ? Math.round((value - offset) / scale) : NONE;
  }
  return { numbers, offset, scale, none: NONE };
}

/** The value of a pixel of the whole image; NaN where the preview has none. */
export function valueAt(pixels: Pixels): PixelAt {
  const { numbers, rows, columns, step, offset, scale, none } = pixels;
  return (row, column) => {
    const y = Math.floor((row - pixels.row) / step);
    const x = Math.floor((column - pixels.column) / step);
    if (y < 0 || x < 0 || y >= rows || x >= columns) return NaN;
    const number = numbers[y * columns + x];
    return number === undefined || number === none ? NaN : offset + scale * number;
  };
}

export interface ImageHistogram {
  readonly counts: Uint32Array;
  readonly low: number;
  readonly high: number;
}

/** How often each value comes, and the values that a share of the pixels lies below. */
export class Levels {
  private readonly counts = new Uint32Array(0x1_0000);
  private total = 0;
  private smallest = 0;
  private largest = 0;

  constructor(private readonly pixels: Pixels) {
    const { numbers, none } = pixels;
    let [small, large] = [0xffff, 0];
    for (const number of numbers) {
      if (number === none) continue;
      this.counts[number]! += 1;
      this.total += 1;
      if (number < small) small = number;
      if (number > large) large = number;
    }
    this.smallest = Math.min(small, large);
    this.largest = large;
  }

  get range(): readonly [number, number] {
    return [this.value(this.smallest), this.value(this.largest)];
  }

  /** The value that this share of the pixels, 0 to 1, does not exceed. */
  quantile(share: number): number {
    let left = share * this.total;
    for (let i = this.smallest; i <= this.largest; i++) {
      left -= this.counts[i] ?? 0;
      if (left <= 0) return this.value(i);
    }
    return this.value(this.largest);
  }

  histogram(bins: number, low: number, high: number): ImageHistogram {
    const counts = new Uint32Array(bins);
    const perBin = bins / (high - low || 1);
    for (let i = this.smallest; i <= this.largest; i++) {
      const count = this.counts[i] ?? 0;
      if (count === 0) continue;
      const bin = Math.floor((this.value(i) - low) * perBin);
      if (bin >= 0 && bin <= bins) counts[Math.min(bin, bins - 1)]! += count;
    }
    return { counts, low, high };
  }

  private value(number: number): number {
    return this.pixels.offset + this.pixels.scale * number;
  }
}
