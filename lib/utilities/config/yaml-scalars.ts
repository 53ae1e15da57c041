// Scalars of YAML 1.1 exactly as PyYAML 6 resolves them, which is not quite YAML 1.1. Pure.
// PyYAML lib/yaml/resolver.py (which text is of which type), constructor.py (what the text then means).
//
// The `yaml` package has a schema of 1.1, too, but its `1e3`, `08`, `y` and `1.e3` are no text.

import type { ConfigValue } from './config';

const PREFIX = 'tag:yaml.org,2002:';

const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INT =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const TIMESTAMP =
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/;

const TIMESTAMP_PARTS =
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(?:Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$/;
const PLAIN_FLOAT = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/;
const TRUE = ['yes', 'true', 'on'];
const FALSE = ['no', 'false', 'off'];
// Of Python's int(): to read more takes long.
const MAX_DIGITS = 4300;

/** The type of a scalar that was written without quotes and without a tag. */
export function implicitTag(text: string): string {
  if (NULL.test(text)) return `${PREFIX}null`;
  if (BOOL.test(text)) return `${PREFIX}bool`;
  if (INT.test(text)) return `${PREFIX}int`;
  if (FLOAT.test(text)) return `${PREFIX}float`;
  if (TIMESTAMP.test(text)) return `${PREFIX}timestamp`;
  return `${PREFIX}str`;
}

/**
 * What a scalar of this type means. A text that its type has no meaning for is kept as text, where PyYAML raises
 * `ValueError` and the rest of the file is lost: `!!int '1,234,567'`, which Rogue's own writer writes, is read without its
 * commas, `!!int many` and the date 2026-02-31 stay text.
 *
 * @returns undefined for a type that is no plain data.
 * @throws {Error} for `!!binary` that is no base64.
 */
export function scalarOf(tag: string, text: string): ConfigValue | undefined {
  if (!tag.startsWith(PREFIX)) return undefined;
  switch (tag.slice(PREFIX.length)) {
    case 'str':
      return text;
    case 'null':
      return null;
    case 'bool':
      return boolOf(text.toLowerCase()) ?? text;
    case 'int':
      return intOf(text) ?? intOf(text.replaceAll(',', '')) ?? text;
    case 'float':
      return floatOf(text) ?? floatOf(text.replaceAll(',', '')) ?? text;
    case 'timestamp':
      return dateOf(text) ?? text;
    case 'binary':
      return bytesOf(text);
    default:
      return undefined;
  }
}

function boolOf(text: string): boolean | undefined {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}

function intOf(text: string): number | bigint | undefined {
  const { sign, digits } = signOf(text);
  if (digits.length > MAX_DIGITS) return undefined;
  let value: bigint;
  if (/^(?:0b[01]+|0x[0-9a-fA-F]+)$/.test(digits)) value = BigInt(digits);
  else if (/^0(?:[oO]?[0-7]+)?$/.test(digits)) value = BigInt(`0o${digits.replace(/^0[oO]?/, '') || '0'}`);
  else if (/^[1-9][0-9]*$/.test(digits)) value = BigInt(digits);
  else if (/^[1-9][0-9]*(?::[0-9]+)+$/.test(digits)) value = digits.split(':').reduce(base60, 0n);
  else return undefined;
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return value === 0n ? 0 : sign * Number(value);
  return sign < 0 ? -value : value;
}

function base60(sum: bigint, part: string): bigint {
  return sum * 60n + BigInt(part);
}

function floatOf(text: string): number | undefined {
  const { sign, digits } = signOf(text.toLowerCase());
  // The second of each pair is Python's, which pyrogue writes as !!float 'inf'.
  if (['.inf', 'inf', 'infinity'].includes(digits)) return sign * Infinity;
  if (['.nan', 'nan'].includes(digits)) return NaN;
  const parts = digits.split(':');
  if (!parts.every((part) => PLAIN_FLOAT.test(part))) return undefined;
  return sign * parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

function signOf(text: string): { sign: 1 | -1; digits: string } {
  const digits = text.replaceAll('_', '').trim();
  const isSigned = digits.startsWith('-') || digits.startsWith('+');
  return { sign: digits.startsWith('-') ? -1 : 1, digits: isSigned ? digits.slice(1) : digits };
}

/** Undefined for a day or a time that there is not. */
function dateOf(text: string): Date | undefined {
  const match = TIMESTAMP_PARTS.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = [...match].slice(1, 7).map((part) => Number(part || 0));
  const [, , , , , , , fraction = '', zoneSign = '+', zoneHour = 0, zoneMinute = 0] = match;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for those of the last century.
  date.setUTCFullYear(year!, month! - 1, day);
  if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day || year === 0) return undefined;
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * (zoneSign === '-' ? -1 : 1);
  date.setUTCHours(hour!, minute! - zone, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  return date;
}

function bytesOf(text: string): Uint8Array {
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, '');
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) {
    throw new Error('a !!binary value is no whole base64 text');
  }
  return Uint8Array.from(Buffer.from(digits, 'base64'));
}
