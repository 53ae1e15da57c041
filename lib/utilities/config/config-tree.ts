// Configuration records, merged as pyrogue merges them. Pure.
// slaclab/rogue python/pyrogue/_HelperFunctions.py (dictUpdate, keyValueUpdate), utilities/fileio/_FileReader.py.

import { describeError, show } from '../../errors';
import { Config, isMapping, kindOf, type ConfigTree, type ConfigValue } from './config';
import { checkSharedTree } from './shared-tree';
import { keyText, MAX_DEPTH, put, type ParsedConfig } from './yaml';

/** What became of a record. */
export interface MergeResult {
  /** Whether anything of it is in the configuration now. */
  readonly changed: boolean;
  /** What was left out, with the reason, a line for each key. */
  readonly faults: readonly string[];
}

/**
 * The configuration so far. A snapshot never changes: after one has been handed out, what is on the way to a changed value
 * is copied first, and only that. While aliases make one mapping appear in several places, everything is copied, so that a
 * change shows in all of them, as in Python.
 */
export class ConfigMerge {
  private tree: ConfigTree = {};
  /** Mappings of {@link tree} that no snapshot has. */
  private owned = new Set<ConfigTree>();
  private isShared = false;
  private snapshot: Config | undefined;

  /** The same object until something changes. */
  get config(): Config {
    if (this.snapshot === undefined) {
      this.snapshot = new Config(this.tree);
      this.owned = new Set();
    }
    return this.snapshot;
  }

  /** Merges key by key, in their order; a key that cannot be merged is left out. */
  merge({ entries, isShared }: ParsedConfig): MergeResult {
    const before = this.tree;
    const wasShared = this.isShared;
    this.isShared ||= isShared;
    if (this.isShared) this.tree = copyShared(before);
    const faults: string[] = [];
    let merged = 0;
    for (const [key, value] of entries) {
      try {
        if (typeof key !== 'string') throw new Error(`it is ${kindOf(key)}, but must be text`);
        if (key.includes('.')) this.setPath(key, value);
        else this.setKey(key, value);
        merged += 1;
      } catch (err) {
        const name = typeof key === 'string' ? `the key ${show(key)}` : 'a key';
        faults.push(`${name} of a configuration record is left out: ${describeError(err)}`);
      }
    }
    if (this.isShared) {
      try {
        this.isShared = checkSharedTree(this.tree);
      } catch (err) {
        this.tree = before;
        this.isShared = wasShared;
        return { changed: false, faults: [`a configuration record is left out: ${describeError(err)}`] };
      }
    }
    if (merged > 0) this.snapshot = undefined;
    return { changed: merged > 0, faults };
  }

  /** A dotted key: what is missing on the way is made, the last part is replaced. */
  private setPath(path: string, value: ConfigValue): void {
    const parts = path.split('.');
    if (parts.length > MAX_DEPTH) throw new Error(`it has more than ${MAX_DEPTH} parts`);
    const last = parts.pop()!;
    let node = this.root();
    for (const [index, part] of parts.entries()) {
      const next = Object.hasOwn(node, part) ? node[part]! : this.copy({});
      if (!isMapping(next)) {
        throw new Error(`${show(parts.slice(0, index + 1).join('.'))} is ${kindOf(next)}, which has no keys`);
      }
      node = this.within(node, part, next);
    }
    put(node, last, value);
  }

  /** A key of the first level: a mapping that is there already gets the keys of the new one, each replaced as a whole. */
  private setKey(key: string, value: ConfigValue): void {
    const root = this.root();
    if (!Object.hasOwn(root, key)) {
      put(root, key, value);
      return;
    }
    const old = root[key]!;
    if (!isMapping(old)) {
      // A text that is written again at the end of a file says nothing new.
      if (Object.is(old, value) && typeof value !== 'object') return;
      throw new Error(
        `it is there already as ${kindOf(old)}, and only mappings are merged: put it below a root key`,
      );
    }
    const updates = updatesOf(value);
    const node = this.within(root, key, old);
    for (const [name, each] of updates) put(node, name, each);
  }

  private root(): ConfigTree {
    if (!this.isShared && !this.owned.has(this.tree)) this.tree = this.copy(this.tree);
    return this.tree;
  }

  /** The mapping at `key` of `node`, as one that may be written to. */
  private within(node: ConfigTree, key: string, child: ConfigTree): ConfigTree {
    const isOurs = this.isShared || this.owned.has(child);
    const own = isOurs ? child : this.copy(child);
    put(node, key, own);
    return own;
  }

  private copy(node: ConfigTree): ConfigTree {
    const own = { ...node };
    this.owned.add(own);
    return own;
  }
}

/** What Python's `dict.update` takes: a mapping, or a list of pairs. */
function updatesOf(value: ConfigValue): readonly (readonly [string, ConfigValue])[] {
  if (isMapping(value)) return Object.entries(value);
  if (Array.isArray(value) && value.every(isPair)) return value.map(([key, each]) => [keyText(key), each]);
  throw new Error(`it is ${kindOf(value)}, and there is a mapping already, which takes a mapping only`);
}

function isPair(value: ConfigValue): value is [ConfigValue, ConfigValue] {
  return Array.isArray(value) && value.length === 2 && (value[0] === null || typeof value[0] !== 'object');
}

/** A copy of all mappings and lists, in which those are one that are one in `tree`. */
function copyShared(tree: ConfigTree): ConfigTree {
  const copies = new Map<ConfigValue, ConfigValue>();
  const copyOf = (value: ConfigValue): ConfigValue => {
    const isList = Array.isArray(value);
    if (!isList && !isMapping(value)) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    if (isList) {
      const list: ConfigValue[] = [];
      copies.set(value, list);
      for (const item of value as ConfigValue[]) list.push(copyOf(item));
      return list;
    }
    const mapping: ConfigTree = {};
    copies.set(value, mapping);
    for (const [key, each] of Object.entries(value)) put(mapping, key, copyOf(each));
    return mapping;
  };
  return copyOf(tree) as ConfigTree;
}
