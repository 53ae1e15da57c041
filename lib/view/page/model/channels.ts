// The channels: their figures, colors, which of them the strips draw, sorting and filtering.

import { signal, type Signal } from '@preact/signals-core';
import type { View } from '../../interpretation';
import type { ChannelStatus } from '../../protocol';

export const COLORS = 8;
export const MAX_LISTED = 1000;
export const SORT_KEYS = ['channel', 'view', 'frames', 'rate', 'size', 'errors'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sorting {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

export class Channels {
  /** The newest figures, by channel. */
  readonly all: Signal<ReadonlyMap<number, ChannelStatus>> = signal(new Map());
  readonly drawn: Signal<ReadonlySet<number>> = signal(new Set());
  /** As the gateway counts them; it may be more than are listed. */
  readonly count = signal(0);
  private readonly colors = new Map<number, number>();

  update(changed: readonly ChannelStatus[], count: number): void {
    this.count.value = count;
    if (changed.length === 0) return;
    const next = new Map(this.all.value);
    const drawn = new Set(this.drawn.value);
    for (const status of changed) {
      const isNew = !next.has(status.channel);
      if (isNew && next.size >= MAX_LISTED) continue;
      next.set(status.channel, status);
      if (isNew && drawn.size < COLORS && this.colors.size < COLORS) {
        this.colorOf(status.channel);
        drawn.add(status.channel);
      }
    }
    if (drawn.size !== this.drawn.value.size) this.drawn.value = drawn;
    this.all.value = next;
  }

  /** 0 to 7. The first channel seen has 0; a color stays with its channel. */
  colorOf(channel: number): number {
    const known = this.colors.get(channel);
    if (known !== undefined) return known;
    const uses = new Array<number>(COLORS).fill(0);
    for (const [other, color] of this.colors) {
      if (this.drawn.value.has(other)) uses[color] = (uses[color] ?? 0) + 1;
    }
    const color = this.colors.size < COLORS ? this.colors.size : uses.indexOf(Math.min(...uses));
    this.colors.set(channel, color);
    return color;
  }

  /** Draws a channel in the strips, or hides it. */
  toggle(channel: number): void {
    const drawn = new Set(this.drawn.value);
    if (!drawn.delete(channel)) {
      this.colorOf(channel);
      drawn.add(channel);
    }
    this.drawn.value = drawn;
  }
}

type ViewOf = (status: ChannelStatus) => View;

/** Sorted, of equals the lower channel first. */
export function sorted(
  list: readonly ChannelStatus[],
  { key, isDescending }: Sorting,
  viewOf: ViewOf,
): ChannelStatus[] {
  const valueOf = (status: ChannelStatus): number | string => {
    switch (key) {
      case 'channel':
        return status.channel;
      case 'view':
        return viewOf(status);
      case 'frames':
        return status.framesPerSecond;
      case 'rate':
        return status.bytesPerSecond;
      case 'size':
        return status.size;
      case 'errors':
        return status.errors;
    }
  };
  const sign = isDescending ? -1 : 1;
  return list
    .map((status) => ({ status, value: valueOf(status) }))
    .sort((a, b) => {
      if (a.value === b.value) return a.status.channel - b.status.channel;
      return a.value < b.value ? -sign : sign;
    })
    .map(({ status }) => status);
}

/** "8-15, wave": numbers, ranges and views; a channel passes that meets one of the numbers and one of the views. */
export function filtered(list: readonly ChannelStatus[], filter: string, viewOf: ViewOf): ChannelStatus[] {
  const words = filter
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((word) => word !== '');
  const ranges: (readonly [number, number])[] = [];
  const views: string[] = [];
  for (const word of words) {
    const match = /^(\d+)(?:-(\d+)?)?$/.exec(word);
    if (match === null) views.push(word);
    else {
      const first = Number(match[1]);
      ranges.push([first, match[2] === undefined ? first : Number(match[2])]);
    }
  }
  return list.filter((status) => {
    const isInRange =
      ranges.length === 0 || ranges.some(([from, to]) => status.channel >= from && status.channel <= to);
    return isInRange && (views.length === 0 || views.some((view) => viewOf(status).startsWith(view)));
  });
}
