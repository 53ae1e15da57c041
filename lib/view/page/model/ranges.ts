// The range of an axis or of the levels that follows the data: it grows at once and shrinks late, so that it is calm.

import type { SampleType } from '../../interpretation';

const SHRINKS_AFTER_MS = 5000;
/** It shrinks when the data take less than this share of it. */
const SMALL = 0.7;

export type Range = readonly [low: number, high: number];

export class AutoRange {
  private range: Range | undefined;
  private smallSince: number | undefined;
  private wanted: Range = [Infinity, -Infinity];

  /** @param padding share of the data's span that is added on both sides. */
  constructor(private readonly padding: number) {}

  reset(): void {
    this.range = undefined;
    this.smallSince = undefined;
  }

  next(low: number, high: number, now: number): Range {
    const data = this.padded(low, high);
    const before = this.range;
    if (before === undefined) return (this.range = data);
    if (data[0] < before[0] || data[1] > before[1]) {
      this.smallSince = undefined;
      return (this.range = [Math.min(before[0], data[0]), Math.max(before[1], data[1])]);
    }
    if (data[1] - data[0] >= SMALL * (before[1] - before[0])) {
      this.smallSince = undefined;
      return before;
    }
    if (this.smallSince === undefined) {
      this.smallSince = now;
      this.wanted = data;
    }
    this.wanted = [Math.min(this.wanted[0], data[0]), Math.max(this.wanted[1], data[1])];
    if (now - this.smallSince < SHRINKS_AFTER_MS) return before;
    this.smallSince = undefined;
    return (this.range = this.wanted);
  }

  private padded(low: number, high: number): Range {
    if (!(low <= high)) return [0, 1];
    if (this.padding === 0) return low === high ? [low, low + 1] : [low, high];
    const span = high - low || Math.max(Math.abs(high), 1);
    const bottom = low - this.padding * span;
    // An axis that nearly reaches 0 starts there.
    return [
      low >= 0 && low < 0.4 * high ? 0 : low >= 0 ? Math.max(0, bottom) : bottom,
      high + this.padding * span,
    ];
  }
}

/** All values of a type; undefined for floats and 64-bit integers, whose whole range shows nothing. */
export function typeRange(type: SampleType): Range | undefined {
  const bits = 8 * Number(type[1]);
  if (type.startsWith('f') || bits > 32) return undefined;
  return type.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}
