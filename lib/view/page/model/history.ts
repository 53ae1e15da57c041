// The rates of the last minutes or hours, for the strips. Bounded.

import type { HistoryPoint } from '../../protocol';

/** An hour of seconds and the rest of a day in tens of seconds. */
const MAX_POINTS = 12_000;
/** Channel entries of all points together. */
const MAX_ENTRIES = 1_000_000;

export type Measure = 'frames' | 'bytes' | 'errors' | 'size';

const FIELDS = { frames: 1, bytes: 2, errors: 3, size: 4 } as const;

/** A time without a peer, in seconds since 1970. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

export class RateHistory {
  private readonly points: HistoryPoint[] = [];
  private entries = 0;

  get newest(): number | undefined {
    return this.points.at(-1)?.at;
  }

  get length(): number {
    return this.points.length;
  }

  /** What the gateway remembers, oldest first; it takes the place of what is here, except for newer points. */
  load(points: readonly HistoryPoint[]): void {
    const last = points.at(-1)?.at ?? 0;
    const newer = this.points.filter(({ at }) => at > last);
    this.points.length = 0;
    this.entries = 0;
    for (const point of [...points, ...newer]) this.push(point);
  }

  push(point: HistoryPoint): void {
    const newest = this.newest;
    if (newest !== undefined && point.at <= newest) return;
    this.points.push(point);
    this.entries += point.channels.length;
    while (this.points.length > MAX_POINTS || this.entries > MAX_ENTRIES) {
      this.entries -= this.points.shift()?.channels.length ?? 0;
    }
  }

  /** The points from a time on. */
  since(from: number): readonly HistoryPoint[] {
    let first = this.points.length;
    while (first > 0 && (this.points[first - 1]?.at ?? 0) >= from) first--;
    return this.points.slice(first);
  }

  /** The point that holds this time. */
  at(time: number): HistoryPoint | undefined {
    return this.points.find(({ at }) => at >= time);
  }
}

/** A value of a channel: 0 where it had no frame, null where there was no link (or no size, without a frame). */
export function valueOf(point: HistoryPoint, channel: number, measure: Measure): number | null {
  if (!point.link) return null;
  const entry = point.channels.find(([number]) => number === channel);
  if (entry !== undefined) return entry[FIELDS[measure]];
  return measure === 'size' ? null : 0;
}

/** Where no peer was there. */
export function outagesOf(points: readonly HistoryPoint[]): Outage[] {
  const outages: Outage[] = [];
  let from: number | undefined;
  let before = points[0]?.at ?? 0;
  for (const { at, link } of points) {
    if (!link) from ??= before;
    else if (from !== undefined) {
      outages.push({ from, to: before });
      from = undefined;
    }
    before = at;
  }
  if (from !== undefined) outages.push({ from, to: before });
  return outages;
}
