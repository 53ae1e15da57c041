// The rates of the last 24 hours: a point a second, after an hour one for ten seconds. Pure.

import type { HistoryPoint } from './protocol';

const FINE_SECONDS = 3_600;
const COARSE_SECONDS = 10;
/** How far it goes back. */
export const HISTORY_SECONDS = 24 * 3_600;
const COARSE_POINTS = (HISTORY_SECONDS - FINE_SECONDS) / COARSE_SECONDS;
/** Of an answer; of many channels less, because that is rows of all of them. */
export const MAX_POINTS = 2_000;
const MAX_ROWS = 100_000;
// A channel's row: its number, frames a second, bytes a second, errors, mean size.
const FIELDS = 5;
const CHANNELS = 256;

type Row = HistoryPoint['channels'][number];

/** Packed, because a day of many channels would take gigabytes as arrays of numbers. */
interface Point {
  readonly at: number;
  readonly seconds: number;
  readonly link: boolean;
  readonly rows: Float32Array;
}

export class History {
  private readonly fine: Point[] = [];
  private readonly coarse: Point[] = [];
  /** Changes with each new point. */
  version = 0;

  push({ at, link, channels }: HistoryPoint): void {
    this.version += 1;
    this.fine.push({ at, seconds: 1, link, rows: pack(channels) });
    // All that is too old at once, because taking one from the front of a long array moves all others.
    if (this.fine.length < FINE_SECONDS + COARSE_SECONDS) return;
    this.coarse.push(merge(this.fine.splice(0, COARSE_SECONDS)));
    if (this.coarse.length > COARSE_POINTS) this.coarse.shift();
  }

  /** The points of the last `seconds`, oldest first; neighbors are merged so that there are no more than `most`. */
  last(seconds: number, most = MAX_POINTS): HistoryPoint[] {
    const newest = this.fine.at(-1)?.at ?? 0;
    const points = [...this.coarse, ...this.fine].filter(({ at }) => at > newest - seconds);
    const rows = points.reduce((sum, point) => Math.max(sum, point.rows.length / FIELDS), 1);
    const step = Math.max(1, Math.ceil(points.length / Math.min(most, MAX_ROWS / rows)));
    const merged: HistoryPoint[] = [];
    for (let i = 0; i < points.length; i += step) {
      const { at, link, rows } = step === 1 ? points[i]! : merge(points.slice(i, i + step));
      merged.push({ at, link, channels: unpack(rows) });
    }
    return merged;
  }
}

function pack(channels: readonly Row[]): Float32Array {
  return Float32Array.from(channels.flat());
}

function unpack(rows: Float32Array): Row[] {
  const channels: Row[] = [];
  for (let i = 0; i < rows.length; i += FIELDS) {
    const [channel, frames, bytes, errors, size] = rows.subarray(i, i + FIELDS);
    channels.push([channel!, rounded(frames!), Math.round(bytes!), errors!, Math.round(size!)]);
  }
  return channels;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function merge(points: readonly Point[]): Point {
  const seconds = points.reduce((sum, point) => sum + point.seconds, 0);
  // Frames, bytes and errors of each channel, without an object a row: there may be a million of them.
  const sums = new Float64Array(CHANNELS * 3);
  for (const { rows, seconds: share } of points) {
    for (let i = 0; i < rows.length; i += FIELDS) {
      const at = 3 * rows[i]!;
      sums[at]! += rows[i + 1]! * share;
      sums[at + 1]! += rows[i + 2]! * share;
      sums[at + 2]! += rows[i + 3]!;
    }
  }
  const rows: Row[] = [];
  for (let channel = 0; channel < CHANNELS; channel++) {
    const [frames, bytes, errors] = sums.subarray(3 * channel, 3 * channel + 3);
    if (frames! > 0) rows.push([channel, frames! / seconds, bytes! / seconds, errors!, bytes! / frames!]);
  }
  return { at: points.at(-1)!.at, seconds, link: points.every(({ link }) => link), rows: pack(rows) };
}
