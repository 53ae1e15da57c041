// Numbers, sizes, times and durations as the page writes them.

import type { SampleType } from '../../interpretation';

const NARROW_SPACE = '\u202f';
const MINUS = '\u2212';
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** Groups of three digits, a real minus: "−147 488". */
export function group(value: number, decimals = 0): string {
  if (!Number.isFinite(value)) return special(value);
  const text = Math.abs(value).toFixed(decimals);
  const [whole = '0', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
  const sign = value < 0 && Number(text) !== 0 ? MINUS : '';
  return sign + grouped + (fraction === undefined ? '' : `.${fraction}`);
}

function special(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'infinite' : `${MINUS}infinite`;
}

export function isFloat(type: SampleType): boolean {
  return type.startsWith('f');
}

/** A sample in full. */
export function sample(value: number, type: SampleType): string {
  if (!isFloat(type)) return group(value);
  return significant(value, type === 'f8' ? 15 : 7);
}

/** A mean or a deviation: one decimal for integer types, 5 significant digits for floats. */
export function average(value: number, type: SampleType): string {
  return isFloat(type) ? significant(value, 5) : group(value, 1);
}

/** At most the given number of significant digits, without trailing zeros. */
export function significant(value: number, digits: number): string {
  if (!Number.isFinite(value)) return special(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) {
    return Number(value.toPrecision(digits)).toExponential().replaceAll('-', MINUS).replace('e+', 'e');
  }
  const rounded = Number(value.toPrecision(digits));
  const decimals = String(Math.abs(rounded)).split('.')[1]?.length ?? 0;
  return group(rounded, Math.min(decimals, 20));
}

/** Frames a second: whole from 100, one decimal below. */
export function frameRate(value: number): string {
  return group(value, value === 0 || value >= 99.95 ? 0 : 1);
}

export interface Scaled {
  readonly number: string;
  readonly unit: string;
  /** To be passed the next time, so that the prefix does not flicker. */
  readonly prefix: number;
}

/** The SI prefix for a value: it changes at 1 000 going up and at 900 going down. */
export function prefixOf(value: number, before = 0): number {
  let prefix = Math.min(before, PREFIXES.length - 1);
  while (prefix < PREFIXES.length - 1 && value >= 1000 ** (prefix + 1)) prefix++;
  while (prefix > 0 && value < 0.9 * 1000 ** prefix) prefix--;
  return prefix;
}

/** Three significant digits with an SI prefix: 5.08 MB/s. */
export function scaled(value: number, unit: string, before = 0): Scaled {
  const prefix = prefixOf(value, before);
  const reduced = value / 1000 ** prefix;
  return { number: threeDigits(reduced, prefix === 0), unit: `${PREFIXES[prefix] ?? ''}${unit}`, prefix };
}

function threeDigits(value: number, isWhole: boolean): string {
  if (value === 0 || (isWhole && Number.isInteger(value)) || value >= 99.95) return group(value);
  return group(value, value >= 9.995 ? 1 : 2);
}

/** "147 kB". */
export function bytes(value: number): string {
  const { number, unit } = scaled(value, 'B');
  return `${number} ${unit}`;
}

/** For axes: 0, 500, 1 000, 10 k, 2 M. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return significant(value, 4);
  if (size >= 1e6) return short(value, 1e6, 'M');
  if (size >= 1e4 && value % 100 === 0 && size >= 1e5) return short(value, 1e3, 'k');
  return significant(value, 6);
}

/** For narrow axes: 500, 1 000, 10 k. */
export function shortTick(value: number): string {
  return Math.abs(value) >= 1e4 && Math.abs(value) < 1e6 ? short(value, 1e3, 'k') : tick(value);
}

function short(value: number, unit: number, letter: string): string {
  return `${significant(value / unit, 4)}${NARROW_SPACE}${letter}`;
}

/** 0:41, 2:14:07, 3 d 04:12. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Local time of day, with ms: 14:07:31.482. */
export function timeOfDay(time: number): string {
  return `${clock(time)}.${String(new Date(time).getMilliseconds()).padStart(3, '0')}`;
}

/** Local time of day: 14:07:31. */
export function clock(time: number): string {
  const date = new Date(time);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** For titles: 2026-11-27 14:07:31.482 UTC. */
export function utc(time: number): string {
  return `${new Date(time).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

/** 0x0201. */
export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** 1st, 2nd, 3rd, 4th, 11th, 22nd. */
export function ordinal(value: number): string {
  const tens = value % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}

/** Plural of a counted thing: "1 frame", "2 frames". */
export function counted(value: number, noun: string): string {
  return `${group(value)} ${noun}${value === 1 ? '' : 's'}`;
}
