// The configuration of a run at one moment. slaclab/rogue python/pyrogue/utilities/fileio/_FileReader.py, configValue.

import { GeneralError, show } from '../../errors';

/**
 * What a configuration has at a path: as PyYAML reads it, in JavaScript's types. Whole numbers beyond 2^53 are `bigint`,
 * dates are `Date` (in UTC where the text names no zone), `!!binary` is a `Uint8Array`, `!!set` a `Set`. What pyrogue writes
 * for a variable that holds a list or an array is text.
 */
export type ConfigValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | ReadonlySet<ConfigValue>
  | readonly ConfigValue[]
  | ConfigTree;

/** A mapping of a configuration. */
export interface ConfigTree {
  readonly [key: string]: ConfigValue;
}

// Keys that the error of a wrong path lists.
const MAX_KEYS_SHOWN = 20;

/**
 * The configuration of a run at one moment; it never changes. Two frames with no change of the configuration between
 * them have the same object.
 */
export class Config {
  /** @internal */
  constructor(
    /** All of it, usually with the one key of the root: `config.tree.Top`. Do not write to it: others share its parts. */
    readonly tree: ConfigTree,
  ) {}

  /**
   * The value at a path such as `Top.Det.Gain`, which may be a whole mapping. The path is split at every dot; lists have no
   * paths into them.
   *
   * @throws {GeneralError} `ERR_CONFIG_PATH` with the keys that there are, when there is nothing at the path.
   * @throws {TypeError} when the path is no text.
   */
  value(path: string): ConfigValue {
    const parts = partsOf(path);
    let at: ConfigValue = this.tree;
    for (const [index, part] of parts.entries()) {
      if (!isMapping(at) || !Object.hasOwn(at, part)) throw notFound(path, parts.slice(0, index), part, at);
      at = at[part]!;
    }
    return at;
  }

  /** Whether there is something at the path; `null` is something. @throws {TypeError} when the path is no text. */
  has(path: string): boolean {
    let at: ConfigValue = this.tree;
    for (const part of partsOf(path)) {
      if (!isMapping(at) || !Object.hasOwn(at, part)) return false;
      at = at[part]!;
    }
    return true;
  }
}

/** Whether this is a mapping, and not a list, a date, bytes or a set. */
export function isMapping(value: ConfigValue): value is ConfigTree {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** What a value is, in words. */
export function kindOf(value: ConfigValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Set) return 'a set';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? `the text ${show(value)}` : `the value ${show(value)}`;
}

function partsOf(path: string): string[] {
  if (typeof path === 'string') return path.split('.');
  throw new TypeError(`path is ${show(path)}, but must be a text such as 'Top.Det.Gain'`);
}

function notFound(path: string, before: readonly string[], part: string, at: ConfigValue): GeneralError {
  const place = before.length === 0 ? 'it' : show(before.join('.'));
  let why: string;
  if (!isMapping(at)) why = `${place} is ${kindOf(at)}, which has no keys`;
  else {
    const keys = Object.keys(at);
    const shown = keys.slice(0, MAX_KEYS_SHOWN).map(show).join(', ');
    const more = keys.length > MAX_KEYS_SHOWN ? ` and ${keys.length - MAX_KEYS_SHOWN} more` : '';
    why =
      keys.length > 0
        ? `${place} has no key ${show(part)}; its keys are ${shown}${more}`
        : `${place} has no keys${before.length === 0 ? ': no configuration record has been read so far' : ''}`;
  }
  return new GeneralError('ERR_CONFIG_PATH', `the configuration has nothing at ${show(path)}: ${why}`);
}
