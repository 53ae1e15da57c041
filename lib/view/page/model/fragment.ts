// The view in the fragment of the address: reading and writing. Nothing secret and nothing that passes is kept in it.

import {
  SAMPLE_TYPES,
  VIEWS,
  type ByteOrder,
  type Interpretation,
  type SampleType,
  type View,
} from '../../interpretation';
import { COLOR_MAPS, type ColorMap } from './settings';

export interface FragmentView {
  channel?: number;
  view?: View;
  type?: SampleType;
  order?: ByteOrder;
  skip?: number;
  shape?: Interpretation['shape'];
  map?: ColorMap;
  low?: number;
  high?: number;
  /** Row, column, rows, columns. */
  region?: readonly [number, number, number, number];
  /** Row and column of A, row and column of B. */
  line?: readonly [number, number, number, number];
  theme?: 'dark' | 'light';
}

export interface Parsed {
  readonly view: FragmentView;
  /** "The link has `shape=19x`: not a shape. The guess is used." */
  readonly problem: string | undefined;
}

type Reader = (text: string, into: FragmentView) => boolean;

const MAX_SIDE = 1_000_000;

const READERS: Readonly<Record<string, readonly [noun: string, read: Reader]>> = {
  ch: ['a channel', (text, into) => assign(whole(text, 255), (value) => (into.channel = value))],
  view: ['a view', (text, into) => assign(oneOf(text, VIEWS), (value) => (into.view = value))],
  type: ['a type', (text, into) => assign(oneOf(text, SAMPLE_TYPES), (value) => (into.type = value))],
  end: [
    'a byte order',
    (text, into) => assign(oneOf(text, ['le', 'be'] as const), (value) => (into.order = value)),
  ],
  skip: ['a number of bytes', (text, into) => assign(whole(text, 2 ** 32), (value) => (into.skip = value))],
  shape: ['a shape', readShape],
  map: ['a color map', (text, into) => assign(oneOf(text, COLOR_MAPS), (value) => (into.map = value))],
  lo: ['a number', (text, into) => assign(finite(text), (value) => (into.low = value))],
  hi: ['a number', (text, into) => assign(finite(text), (value) => (into.high = value))],
  roi: ['a region', (text, into) => assign(four(text, 1), (value) => (into.region = value))],
  line: ['a line', (text, into) => assign(four(text, 0), (value) => (into.line = value))],
  theme: [
    'a theme',
    (text, into) => assign(oneOf(text, ['dark', 'light'] as const), (value) => (into.theme = value)),
  ],
};

/** Reads a fragment, with or without `#`. Unknown keys are ignored; the first wrong value is reported. */
export function parseFragment(fragment: string): Parsed {
  const view: FragmentView = {};
  let problem: string | undefined;
  for (const part of fragment.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (reader === undefined) continue;
    const text = decode(at < 0 ? '' : part.slice(at + 1));
    if (!reader[1](text, view)) {
      problem ??= `The link has \`${key}=${text.slice(0, 40)}\`: not ${reader[0]}. The guess is used.`;
    }
  }
  return { view, problem };
}

/** The fragment, with its `#`; empty when there is nothing to say. */
export function formatFragment(view: FragmentView): string {
  const parts: string[] = [];
  const add = (key: string, value: string | number | undefined): void => {
    if (value !== undefined) parts.push(`${key}=${value}`);
  };
  add('ch', view.channel);
  add('view', view.view);
  add('type', view.type);
  add('end', view.order);
  add('skip', view.skip);
  if ('shape' in view) add('shape', shapeText(view.shape, 'x'));
  add('map', view.map);
  add('lo', view.low);
  add('hi', view.high);
  add('roi', view.region?.join(','));
  add('line', view.line?.join(','));
  add('theme', view.theme);
  return parts.length === 0 ? '' : `#${parts.join('&')}`;
}

/** "192 × 384" for reading, "192x384" for a link, "all" without a shape. */
export function shapeText(shape: Interpretation['shape'], times = ' × '): string {
  return shape === undefined ? 'all' : `${shape[0]}${times}${shape[1]}`;
}

/** Reads "192x384", "192 × 384", "192*384" or "all"; null where it is none of them. */
export function parseShape(text: string): Interpretation['shape'] | null {
  if (/^\s*(all)?\s*$/i.test(text)) return undefined;
  const match = /^\s*(\d{1,7})\s*[x×*,]\s*(\d{1,7})\s*$/i.exec(text);
  if (match === null) return null;
  const rows = Number(match[1]);
  const columns = Number(match[2]);
  return rows > 0 && columns > 0 && rows <= MAX_SIDE && columns <= MAX_SIDE ? [rows, columns] : null;
}

function readShape(text: string, into: FragmentView): boolean {
  const shape = text === '' ? null : parseShape(text);
  if (shape === null) return false;
  into.shape = shape;
  return true;
}

function assign<T>(value: T | undefined, to: (value: T) => void): boolean {
  if (value === undefined) return false;
  to(value);
  return true;
}

function oneOf<T extends string>(text: string, values: readonly T[]): T | undefined {
  return values.find((value) => value === text);
}

function whole(text: string, max: number): number | undefined {
  const value = Number(text);
  return /^\d{1,10}$/.test(text) && value <= max ? value : undefined;
}

function finite(text: string): number | undefined {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
}

function four(text: string, smallestSide: number): readonly [number, number, number, number] | undefined {
  const [a, b, c, d, ...more] = text.split(',').map((part) => whole(part, MAX_SIDE));
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  return more.length > 0 || c < smallestSide || d < smallestSide ? undefined : [a, b, c, d];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
