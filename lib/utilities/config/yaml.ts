// Configuration text to plain data, by the optional package `yaml`. PyYAML lib/yaml/composer.py, constructor.py.
//
// The package finds the structure; which type a scalar has is ours (see yaml-scalars.ts). Tags for anything else than plain
// data are refused: pyrogue's own loader runs code that such a tag in a data file names.

import type * as Yaml from 'yaml';
import { describeError, show } from '../../errors';
import { optional } from '../../optional';
import { isMapping, kindOf, type ConfigTree, type ConfigValue } from './config';
import { implicitTag, scalarOf } from './yaml-scalars';

/** Bytes of one text: what takes longer to read than anybody waits is no configuration. */
export const MAX_CONFIG_BYTES = 16 * 1024 * 1024;
/** Levels of one value, and of a dotted key: programs go through a tree by recursion. */
export const MAX_DEPTH = 200;
const MAX_ALIASES = 100;

const PREFIX = 'tag:yaml.org,2002:';

/** A text as data. */
export interface ParsedConfig {
  /** The outermost mapping, whose keys may be other scalars than text. */
  readonly entries: ReadonlyMap<ConfigValue, ConfigValue>;
  /** Whether aliases make one mapping or list appear in several places. */
  readonly isShared: boolean;
}

/** What an anchor stands for; of one whose value is still being read, undefined. */
interface Anchored {
  value?: ConfigValue;
}

/** @throws {GeneralError} `ERR_MISSING_PACKAGE` when it is not installed. */
export function loadYaml(): typeof Yaml {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return optional('yaml', 'configuration, which is YAML text,', () => require('yaml') as typeof Yaml);
}

/** The mapping that a text is. @throws {Error} saying what is wrong with the text. */
export function parseConfig(text: string): ParsedConfig {
  // Characters are never more than bytes.
  if (text.length > MAX_CONFIG_BYTES) {
    throw new Error(`its ${text.length} characters are more than the ${MAX_CONFIG_BYTES} that are read`);
  }
  const yaml = loadYaml();
  if (isDeep(text) && isDeeper(yaml, text)) throw tooDeep();
  const document = yaml.parseDocument(text, {
    version: '1.1',
    schema: 'failsafe',
    resolveKnownTags: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const [error] = document.errors;
  if (error !== undefined) throw faultOf(error);
  const reading = new Reading(yaml);
  const top = document.contents;
  if (yaml.isMap(top)) {
    const entries = reading.top(top);
    return { entries, isShared: reading.isShared };
  }
  const isEmpty = top === null || (yaml.isScalar(top) && top.source === '' && top.tag === undefined);
  throw new Error(isEmpty ? 'it is empty' : `it is ${kindOf(reading.value(top, 0))}, but must be a mapping`);
}

// Some forty thousand brackets take the package a second, and it goes on after its stack is full.
/** Whether brackets may be open on too many levels; those in quotes are counted, too. */
function isDeep(text: string): boolean {
  let open = 0;
  for (let i = 0; i < text.length && open <= MAX_DEPTH; i++) {
    const char = text[i];
    if (char === '[' || char === '{') open += 1;
    else if ((char === ']' || char === '}') && open > 0) open -= 1;
  }
  return open > MAX_DEPTH;
}

/** Whether they are. */
function isDeeper(yaml: typeof Yaml, text: string): boolean {
  let open = 0;
  let before = '';
  for (const lexeme of new yaml.Lexer().lex(text)) {
    // Behind this one there is the text of a scalar.
    const isText = before === yaml.CST.SCALAR;
    if (!isText && (lexeme === '[' || lexeme === '{')) open += 1;
    else if (!isText && (lexeme === ']' || lexeme === '}')) open -= 1;
    if (open > MAX_DEPTH) return true;
    before = lexeme;
  }
  return false;
}

function tooDeep(): Error {
  return new Error(`it is nested more than ${MAX_DEPTH} levels deep`);
}

/** The reason and the place, without the lines of text that the package shows below it. */
function faultOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  if (code === 'RESOURCE_EXHAUSTION') return tooDeep();
  if (code === 'MULTIPLE_DOCS') return new Error('it has more than one YAML document');
  return new Error(`it is no YAML: ${describeError(message.split('\n', 1)[0]!.replace(/:$/, ''))}`);
}

/** The nodes of one text, in their order, as data. */
class Reading {
  isShared = false;
  private readonly anchors = new Map<string, Anchored>();
  private aliases = 0;

  constructor(private readonly yaml: typeof Yaml) {}

  top(node: Yaml.YAMLMap): ReadonlyMap<ConfigValue, ConfigValue> {
    this.checkTag(node, 'map');
    // An alias of it would be within it.
    if (node.anchor !== undefined) this.anchors.set(node.anchor, {});
    return this.entries(node, 0);
  }

  value(node: unknown, depth: number): ConfigValue {
    const { yaml } = this;
    if (depth > MAX_DEPTH) throw tooDeep();
    if (node === null || node === undefined) return null;
    if (yaml.isAlias(node)) return this.aliased(node);
    const anchored: Anchored = {};
    const { anchor } = node as Yaml.Scalar | Yaml.YAMLMap | Yaml.YAMLSeq;
    if (anchor !== undefined) this.anchors.set(anchor, anchored);
    let value: ConfigValue;
    if (yaml.isScalar(node)) value = scalar(node);
    else if (yaml.isMap(node)) value = this.mapping(node, depth);
    else if (yaml.isSeq(node)) value = this.sequence(node, depth);
    else throw new Error('it has something that is no scalar, no mapping and no list');
    anchored.value = value;
    return value;
  }

  private aliased(node: Yaml.Alias): ConfigValue {
    this.aliases += 1;
    if (this.aliases > MAX_ALIASES) throw new Error(`it has more than ${MAX_ALIASES} aliases`);
    const anchored = this.anchors.get(node.source);
    if (anchored === undefined) throw new Error(`there is no anchor for the alias *${node.source}`);
    const { value } = anchored;
    if (value === undefined) throw new Error(`the alias *${node.source} is within the value it stands for`);
    if (isMapping(value) || Array.isArray(value)) this.isShared = true;
    return value;
  }

  private mapping(node: Yaml.YAMLMap, depth: number): ConfigValue {
    if (node.tag === `${PREFIX}set`) return new Set(this.entries(node, depth).keys());
    this.checkTag(node, 'map');
    const tree: Record<string, ConfigValue> = {};
    for (const [key, value] of this.entries(node, depth)) put(tree, keyText(key), value);
    return tree;
  }

  private sequence(node: Yaml.YAMLSeq, depth: number): ConfigValue {
    if (node.tag === `${PREFIX}omap` || node.tag === `${PREFIX}pairs`) {
      return node.items.map((item) => {
        const pair = this.yaml.isMap(item) ? [...this.entries(item, depth + 1)] : [];
        if (pair.length !== 1) throw new Error(`an item of ${node.tag} is no mapping of one key`);
        return pair[0]!;
      });
    }
    this.checkTag(node, 'seq');
    return node.items.map((item) => this.value(item, depth + 1));
  }

  /** By key; the last of equal keys has its value there, and the keys of the mapping go before merged ones. */
  private entries(node: Yaml.YAMLMap, depth: number): ReadonlyMap<ConfigValue, ConfigValue> {
    const merged = new Map<ConfigValue, ConfigValue>();
    const own = new Map<ConfigValue, ConfigValue>();
    for (const pair of node.items) {
      if (this.isMergeKey(pair.key)) this.merge(this.value(pair.value, depth + 1), merged);
      else {
        const key = this.value(pair.key, depth + 1);
        // Python has no hash of these.
        if (isMapping(key) || Array.isArray(key) || key instanceof Set) {
          throw new Error(`a key is ${kindOf(key)}, but must be a scalar`);
        }
        own.set(key, this.value(pair.value, depth + 1));
      }
    }
    return merged.size === 0 ? own : new Map([...merged, ...own]);
  }

  private isMergeKey(node: unknown): boolean {
    if (!this.yaml.isScalar(node)) return false;
    return node.tag === `${PREFIX}merge` || (isUntyped(node) && node.source === '<<');
  }

  private merge(value: ConfigValue, into: Map<ConfigValue, ConfigValue>): void {
    // The first of a list goes before the others.
    const values = Array.isArray(value) ? (value as ConfigValue[]).toReversed() : [value];
    for (const one of values) {
      if (!isMapping(one)) throw new Error(`the merge key << has ${kindOf(one)}, but must have a mapping`);
      for (const [key, each] of Object.entries(one)) into.set(key, each);
    }
  }

  private checkTag({ tag }: Yaml.YAMLMap | Yaml.YAMLSeq, name: string): void {
    if (tag !== undefined && tag !== `${PREFIX}${name}`) throw unknownTag(tag);
  }
}

/** Sets a key of a mapping, `__proto__` too, which would be another's with `=`. */
export function put(tree: ConfigTree, key: string, value: ConfigValue): void {
  if (key !== '__proto__') (tree as Record<string, ConfigValue>)[key] = value;
  else Object.defineProperty(tree, key, { value, enumerable: true, configurable: true, writable: true });
}

function scalar(node: Yaml.Scalar): ConfigValue {
  const text = node.source ?? '';
  const tag = isUntyped(node) ? implicitTag(text) : (node.tag ?? `${PREFIX}str`);
  const value = scalarOf(tag, text);
  if (value === undefined) throw unknownTag(tag);
  return value;
}

/** Whether the type follows from the text: without a tag and without quotes, or with the tag `!`. */
function isUntyped({ tag, type }: Yaml.Scalar): boolean {
  return tag === undefined ? type === 'PLAIN' : tag === '!';
}

/** Keys below the first level are text: those that YAML reads as something else are what they are read as, in JSON's words. */
export function keyText(key: ConfigValue): string {
  if (key === null || typeof key !== 'object') return String(key);
  if (key instanceof Date) return key.toISOString();
  throw new Error(`a key is ${kindOf(key)}, but must be text`);
}

function unknownTag(tag: string): Error {
  const shown = tag.startsWith(PREFIX) ? `!!${tag.slice(PREFIX.length)}` : tag;
  return new Error(`it has the tag ${show(shown)}, which is not one of plain data`);
}
