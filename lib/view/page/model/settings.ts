// How a channel is looked at. The gateway's guess comes first, then what the browser remembers, then the link.

import { SAMPLE_TYPES, VIEWS, type Guess, type Interpretation, type View } from '../../interpretation';
import type { FragmentView } from './fragment';

export const COLOR_MAPS = ['viridis', 'cividis', 'inferno', 'gray', 'inverted'] as const;
export type ColorMap = (typeof COLOR_MAPS)[number];
export type LevelMode = 'auto' | 'percent' | 'fixed';
export type RangeMode = 'auto' | 'type' | 'fixed';
export type Zoom = 'fit' | 1 | 2 | 4;
export type Four = readonly [number, number, number, number];

export interface ChannelView {
  readonly view: View;
  readonly reading: Interpretation;
  /** Set by hand, kept, or taken from a link: the page does not say that it is guessed. */
  readonly isKept: boolean;
  readonly map: ColorMap;
  readonly levels: LevelMode;
  readonly low: number;
  readonly high: number;
  readonly region: Four | undefined;
  readonly line: Four | undefined;
  readonly zoom: Zoom;
  readonly frames: 1 | 8 | 64;
  readonly envelope: boolean;
  readonly range: RangeMode;
  readonly rangeLow: number;
  readonly rangeHigh: number;
  readonly bins: number;
  /** Histogram counts on a logarithmic axis. */
  readonly logCounts: boolean;
}

/** Where settings are remembered; `localStorage` in a browser. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export function fromGuess(guess: Guess): ChannelView {
  const { view, type, order, skip } = guess;
  return {
    view,
    reading: { type, order, skip, shape: guess.shape },
    isKept: false,
    map: 'viridis',
    levels: 'auto',
    low: 0,
    high: 0,
    region: undefined,
    line: undefined,
    zoom: 'fit',
    frames: 8,
    envelope: true,
    range: 'auto',
    rangeLow: 0,
    rangeHigh: 0,
    bins: 128,
    logCounts: true,
  };
}

/** What a link says, over what is there. */
export function withLink(settings: ChannelView, link: FragmentView): ChannelView {
  const reading: Interpretation = {
    type: link.type ?? settings.reading.type,
    order: link.order ?? settings.reading.order,
    skip: link.skip ?? settings.reading.skip,
    shape: 'shape' in link ? link.shape : settings.reading.shape,
  };
  const hasLevels = link.low !== undefined && link.high !== undefined;
  return {
    ...settings,
    view: link.view ?? settings.view,
    reading,
    isKept:
      settings.isKept ||
      link.type !== undefined ||
      link.order !== undefined ||
      link.skip !== undefined ||
      'shape' in link,
    map: link.map ?? settings.map,
    levels: hasLevels ? 'fixed' : settings.levels,
    low: hasLevels ? (link.low ?? 0) : settings.low,
    high: hasLevels ? (link.high ?? 0) : settings.high,
    region: link.region ?? settings.region,
    line: link.line ?? settings.line,
  };
}

/** What a link has to say of a channel: what differs from the guess, and all of the reading when it is kept. */
export function toLink(channel: number, settings: ChannelView, guess: Guess): FragmentView {
  const { reading } = settings;
  const link: FragmentView = { channel };
  if (settings.view !== guess.view) link.view = settings.view;
  const differs = !sameReading(reading, guess);
  const isWritten = settings.isKept && !differs;
  if (isWritten || reading.type !== guess.type) link.type = reading.type;
  if (isWritten || reading.order !== guess.order) link.order = reading.order;
  if (isWritten || reading.skip !== guess.skip) link.skip = reading.skip;
  if (isWritten || !sameShape(reading.shape, guess.shape)) link.shape = reading.shape;
  if (settings.map !== 'viridis') link.map = settings.map;
  if (settings.levels === 'fixed') {
    link.low = settings.low;
    link.high = settings.high;
  }
  if (settings.region !== undefined) link.region = settings.region;
  if (settings.line !== undefined) link.line = settings.line;
  return link;
}

export function sameShape(a: Interpretation['shape'], b: Interpretation['shape']): boolean {
  return a === undefined || b === undefined ? a === b : a[0] === b[0] && a[1] === b[1];
}

export function sameReading(a: Interpretation, b: Interpretation): boolean {
  return a.type === b.type && a.order === b.order && a.skip === b.skip && sameShape(a.shape, b.shape);
}

function keyOf(address: string, channel: number): string {
  return `rogue-bridge.view:${address}:${channel}`;
}

export function remember(
  memory: Memory | undefined,
  address: string,
  channel: number,
  settings: ChannelView,
): void {
  // A guess is not remembered: the gateway may guess better next time.
  const kept = settings.isKept ? settings : { ...settings, reading: undefined };
  try {
    memory?.setItem(keyOf(address, channel), JSON.stringify(kept));
  } catch {
    // Full or forbidden: the settings last as long as the page.
  }
}

/** What was remembered, over the guess. Anything that is not as it was written is left out. */
export function recall(
  memory: Memory | undefined,
  address: string,
  channel: number,
  guess: Guess,
): ChannelView {
  const base = fromGuess(guess);
  const kept = read(memory, keyOf(address, channel));
  if (kept === undefined) return base;
  const reading = readingOf(kept.reading);
  return {
    ...base,
    view: pick(kept.view, VIEWS, base.view),
    reading: reading ?? base.reading,
    isKept: reading !== undefined,
    map: pick(kept.map, COLOR_MAPS, base.map),
    levels: pick(kept.levels, ['auto', 'percent', 'fixed'] as const, base.levels),
    low: numberOf(kept.low, base.low),
    high: numberOf(kept.high, base.high),
    region: fourOf(kept.region),
    line: fourOf(kept.line),
    zoom: pick(kept.zoom, ['fit', 1, 2, 4] as const, base.zoom),
    frames: pick(kept.frames, [1, 8, 64] as const, base.frames),
    envelope: typeof kept.envelope === 'boolean' ? kept.envelope : base.envelope,
    range: pick(kept.range, ['auto', 'type', 'fixed'] as const, base.range),
    rangeLow: numberOf(kept.rangeLow, base.rangeLow),
    rangeHigh: numberOf(kept.rangeHigh, base.rangeHigh),
    bins: pick(kept.bins, [32, 64, 128, 256, 512, 1024] as const, base.bins),
    logCounts: typeof kept.logCounts === 'boolean' ? kept.logCounts : base.logCounts,
  };
}

type Loose = Readonly<Partial<Record<keyof ChannelView | keyof Interpretation, unknown>>>;

function read(memory: Memory | undefined, key: string): Loose | undefined {
  try {
    const value: unknown = JSON.parse(memory?.getItem(key) ?? 'null');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readingOf(value: unknown): Interpretation | undefined {
  if (!isObject(value)) return undefined;
  const type = SAMPLE_TYPES.find((name) => name === value.type);
  const order = value.order === 'le' || value.order === 'be' ? value.order : undefined;
  const { skip, shape } = value;
  if (type === undefined || order === undefined || typeof skip !== 'number' || !(skip >= 0)) return undefined;
  if (!Array.isArray(shape)) return { type, order, skip, shape: undefined };
  const [rows, columns] = shape as unknown[];
  if (typeof rows !== 'number' || typeof columns !== 'number') return undefined;
  return { type, order, skip, shape: [rows, columns] };
}

function pick<T>(value: unknown, values: readonly T[], otherwise: T): T {
  return values.find((one) => one === value) ?? otherwise;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function fourOf(value: unknown): Four | undefined {
  if (!Array.isArray(value)) return undefined;
  const [a, b, c, d] = value as unknown[];
  if (typeof a !== 'number' || typeof b !== 'number') return undefined;
  return typeof c === 'number' && typeof d === 'number' ? [a, b, c, d] : undefined;
}
