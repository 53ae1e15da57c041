// YAML as PyYAML reads it. The expected values are PyYAML's, except where a line says DIFF.

import type { ConfigValue } from '../../../lib';
import { MAX_CONFIG_BYTES, parseConfig } from '../../../lib/utilities/config/yaml';

const read = (yaml: string): ConfigValue | undefined => parseConfig(`k: ${yaml}`).entries.get('k');

describe('without quotes and without a tag', () => {
  test.each<[string, ConfigValue]>([
    ['10', 10],
    ['+5', 5],
    ['-0', 0],
    ['1_000', 1000],
    ['0x1F', 31],
    ['-0x1f', -31],
    ['010', 8],
    ['08', '08'],
    ['0o17', '0o17'],
    ['0b101', 5],
    ['0b_', '0b_'],
    ['1:30', 90],
    ['190:20:30', 685230],
    ['0:30', '0:30'],
    ['1:60', '1:60'],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-123456789012345678901234567890', -123456789012345678901234567890n],
    ['1.5', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['-.5', '-.5'],
    ['1e3', '1e3'],
    ['1.e3', '1.e3'],
    ['1.0e+3', 1000],
    ['1:30.5', 90.5],
    ['.inf', Infinity],
    ['-.Inf', -Infinity],
    ['.NaN', NaN],
    ['nan', 'nan'],
    ['yes', true],
    ['Off', false],
    ['tRue', 'tRue'],
    ['y', 'y'],
    ['n', 'n'],
    ['~', null],
    ['', null],
    ['NULL', null],
    ['2026-11-25', new Date('2026-11-25T00:00:00Z')],
    ['2026-11-25 10:20:30', new Date('2026-11-25T10:20:30Z')],
    ['2026-11-25T10:20:30.123456+05:30', new Date('2026-11-25T04:50:30.123Z')],
    ['2026-1-2 3:04:05 -1', new Date('2026-01-02T04:04:05Z')],
    ['0050-01-02', new Date('0050-01-02T00:00:00Z')],
    ['hello world', 'hello world'],
    // DIFF: ValueError.
    ['2026-02-30', '2026-02-30'],
    ['2026-11-25 25:00:00', '2026-11-25 25:00:00'],
    ['='.repeat(1), '='],
  ])('%s', (yaml, expected) => {
    expect(read(yaml)).toEqual(expected);
  });
});

describe('with quotes or a tag', () => {
  test.each<[string, ConfigValue]>([
    ["'10'", '10'],
    ['"yes"', 'yes'],
    ['"\\xF6\\u03bc"', 'öμ'],
    ['!!str 12', '12'],
    ['! 12', 12],
    ["!!int '12'", 12],
    ["!!int '0o17'", 15],
    ["!!float '1e-12'", 1e-12],
    ["!!float 'nan'", NaN],
    ["!!float '-inf'", -Infinity],
    ['!!float 3', 3],
    ['!!bool "ON"', true],
    ['!!null anything', null],
    ['!!binary aGVs\n  bG8=', Uint8Array.from(Buffer.from('hello'))],
    ['!!set {a, 2}', new Set<ConfigValue>(['a', 2])],
    ['!!omap [{a: 1}, {b: 2}]', [['a', 1], ['b', 2]]], // prettier-ignore
    ['!!map {a: 1}', { a: 1 }],
    ['!!seq [1]', [1]],
    // DIFF: ValueError.
    ["!!int '1,234,567'", 1234567],
    ["!!float '-17,203.816'", -17203.816],
    ["!!int 'many, or few'", 'many, or few'],
    ["!!int '08'", '08'],
    ['!!bool maybe', 'maybe'],
    ['!!timestamp soon', 'soon'],
  ])('%s', (yaml, expected) => {
    expect(read(yaml)).toEqual(expected);
  });
});

test('a number of very many digits stays text: to read it takes long', () => {
  expect(read('9'.repeat(4300))).toBe(BigInt('9'.repeat(4300)));
  expect(read('9'.repeat(4301))).toBe('9'.repeat(4301));
});

test('keys: the last of equal ones, text for other scalars below the first level, __proto__ for what it is', () => {
  const { entries } = parseConfig('k: {a: 1, a: 2, yes: 3, 0x10: 4, ~: 5, 2026-11-25: 6}\n1: x\n');
  expect([...entries]).toEqual([
    ['k', { a: 2, true: 3, '16': 4, null: 5, '2026-11-25T00:00:00.000Z': 6 }],
    [1, 'x'],
  ]);
  const tree = read('{__proto__: {polluted: 1}}') as Record<string, unknown>;
  expect(Object.keys(tree)).toEqual(['__proto__']);
  expect([Object.getPrototypeOf(tree), tree.polluted]).toEqual([Object.prototype, undefined]);
});

test('merge keys: own keys first, then the first of a list', () => {
  const yaml =
    'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {z: 3, <<: [*a, *b]}\nd: {"<<": 1}\ne: {<<: *a, <<: *b}\n';
  const entries = Object.fromEntries(parseConfig(yaml).entries as Map<string, ConfigValue>);
  expect(entries.c).toEqual({ x: 1, y: 1, z: 3 });
  expect(entries.d).toEqual({ '<<': 1 });
  expect(entries.e).toEqual({ x: 1, y: 2, z: 2 });
});

test('aliases: one object, and told of', () => {
  const { entries, isShared } = parseConfig('a: &x {p: 1}\nb: *x\nc: &y 5\nd: *y\n');
  expect(entries.get('b')).toBe(entries.get('a'));
  expect([entries.get('d'), isShared]).toEqual([5, true]);
  expect(parseConfig('c: &y 5\nd: *y\n').isShared).toBe(false);
});

describe('refused', () => {
  const aliases = (count: number): string => `a: &a 1\nb: [${Array(count).fill('*a').join(', ')}]\n`;

  test.each([
    ['', 'it is empty'],
    ['# nothing', 'it is empty'],
    ['- 1', 'it is a list, but must be a mapping'],
    ['text', "it is the text 'text', but must be a mapping"],
    ['a: 1\n---\nb: 2', 'it has more than one YAML document'],
    ['a: [1, 2', 'it is no YAML'],
    ['a: *b', 'there is no anchor for the alias *b'],
    ['a: &a [*a]', 'the alias *a is within the value it stands for'],
    ['&a {a: *a}', 'the alias *a is within the value it stands for'],
    [aliases(101), 'it has more than 100 aliases'],
    ['a: {<<: 5}', 'the merge key << has the value 5, but must have a mapping'],
    ['[1]: 2', 'a key is a list, but must be a scalar'],
    ['a: {!!binary aGVsbG8=: 1}', 'a key is bytes, but must be text'],
    ['a: !!python/object/apply:os.system [ls]', "it has the tag '!!python/object/apply:os.system'"],
    ['a: !!python/name:os.system', "it has the tag '!!python/name:os.system'"],
    ['a: !include other.yml', "it has the tag '!include', which is not one of plain data"],
    ['a: !!int [1]', "it has the tag '!!int'"],
    ['a: !!map text', "it has the tag '!!map'"],
    ['a: !!binary abc', 'a !!binary value is no whole base64 text'],
    ['a: !!omap [1]', 'an item of tag:yaml.org,2002:omap is no mapping of one key'],
  ])('%j', (yaml, message) => {
    expect(() => parseConfig(yaml)).toThrow(message);
  });

  test('the limits are where they say', () => {
    expect(parseConfig(aliases(100)).entries.size).toBe(2);
    const nested = (depth: number): string => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parseConfig(nested(200)).entries.size).toBe(1);
    expect(() => parseConfig(nested(202))).toThrow('it is nested more than 200 levels deep');
    const blocks = Array.from({ length: 202 }, (_, i) => `${' '.repeat(i)}a:\n`).join('');
    expect(() => parseConfig(blocks)).toThrow('it is nested more than 200 levels deep');
    expect(() => parseConfig(`a: ${'- '.repeat(20_000)}`)).toThrow();
    expect(() => parseConfig(`#${' '.repeat(MAX_CONFIG_BYTES)}`)).toThrow(
      'its 16777217 characters are more than the 16777216 that are read',
    );
  });

  // The package alone takes minutes, more than a test has.
  test('brackets without an end are refused at once', () => {
    expect(() => parseConfig(`a: ${'[{x: '.repeat(2_000_000)}`)).toThrow(
      'it is nested more than 200 levels deep',
    );
  });

  test('brackets in texts are not levels', () => {
    const brackets = '['.repeat(1000);
    expect(read(`"${brackets}"`)).toBe(brackets);
    expect(read(`|\n  ${brackets}\n  [\n`)).toBe(`${brackets}\n[\n`);
  });
});
