// The options of all subcommands, held against each other: a name means the same wherever it is.

import type { Command, Option } from 'commander';
import { createProgram } from '../../lib/cli/program';
import { ChoiceOption, FormerName, formatOf } from '../../lib/cli/support/options';

interface Found {
  readonly command: string;
  readonly option: Option;
}

function optionsOf(command: Command, path = ''): Found[] {
  const own = command.options.map((option) => ({ command: path, option }));
  return [...own, ...command.commands.flatMap((sub) => optionsOf(sub, `${path} ${sub.name()}`.trim()))];
}

const ALL = optionsOf(createProgram());
const SHOWN = ALL.filter(({ option }) => !option.hidden);
const NAMES = [...new Set(SHOWN.map(({ option }) => option.long!))];

function named(name: string): Found[] {
  return SHOWN.filter(({ option }) => option.long === name);
}

function parse(option: Option, text: string): unknown {
  return option.parseArg!<unknown>(text, undefined);
}

/** What the option makes of this text; undefined where it refuses it. */
function taken({ option }: Found, text: string): unknown {
  try {
    return parse(option, text);
  } catch {
    return undefined;
  }
}

// Where the same name has words of its own, and why.
const OWN_WORDS: Readonly<Record<string, readonly string[]>> = {
  // It sets the channel; the others choose by it.
  '--channel': ['send'],
  // Each has other formats.
  '--format': ['watch', 'dump', 'send', 'bench', 'doctor', 'info', 'export'],
  // Its server is half of a measurement, or only one of several.
  '--listen': ['bench', 'relay'],
  // More than one.
  '--size': ['bench'],
  // It is the end of the recording as well, and needs no --metrics.
  '--stall': ['record'],
  // It is no peer.
  '--timeout': ['doctor'],
};

test.each(NAMES)('%s is written in one way, and described in the same words everywhere', (name) => {
  const all = named(name);
  expect([...new Set(all.map(({ option }) => option.flags))]).toHaveLength(1);
  const alike = all.filter(({ command }) => OWN_WORDS[name]?.includes(command) !== true);
  const words = alike.map(({ option }) => option.description.replace(/ \(default: .*\)$/, ''));
  expect([...new Set(words)].length).toBeLessThanOrEqual(1);
});

test.each([
  ['<time>', ['500ms', '2', '1.5s', '1m', '1h'], ['5 parsecs', '0', '-1']],
  ['<size>', ['1000', '64k', '1M'], ['many', '1.5', '-1']],
  ['<n>', ['1', '7'], ['one', '-1', '']],
])('every %s takes the same units', (value, good, bad) => {
  const all = ALL.filter(({ option }) => option.flags.endsWith(value));
  expect(all.length).toBeGreaterThan(1);
  for (const found of all) {
    const results = [good, bad].map((texts) => texts.map((text) => taken(found, text) !== undefined));
    expect({ ...found, results }).toEqual({
      ...found,
      results: [good.map(() => true), bad.map(() => false)],
    });
  }
});

test.each(['--timeout', '--linger'])('%s is refused everywhere where no timer counts as far', (name) => {
  for (const found of named(name)) expect(taken(found, '30d')).toBeUndefined();
});

test('a former name of an option sets what its present name does, and is not in the help', () => {
  const former = ALL.flatMap((found) => (found.option instanceof FormerName ? [found] : []));
  expect(former.map(({ option }) => option.long)).toEqual(
    expect.arrayContaining(['--repeat', '--sizes', '--seconds-per-size', '--seconds']),
  );
  for (const { command, option } of former) {
    const present = SHOWN.find(
      (other) => other.command === command && other.option.attributeName() === option.attributeName(),
    )!;
    expect(option.hidden).toBe(true);
    expect(option.parseArg).toBe(present.option.parseArg);
  }
});

test('a default is told in one form, and with its unit', () => {
  for (const { option } of SHOWN) {
    expect(option.description).not.toMatch(/\(default \d/);
    if (/<(time|size)>/.test(option.flags) && option.defaultValue !== undefined) {
      expect(option.defaultValueDescription).toMatch(/^\d+ s$|^\d+k$/);
    }
  }
});

test('--json and --format json are the same, and where one is there is the other', () => {
  const withJson = named('--json').map(({ command }) => command);
  const withFormat = named('--format').filter(
    ({ option }) => option instanceof ChoiceOption && option.words.includes('json'),
  );
  expect(withFormat.map(({ command }) => command)).toEqual(withJson);
  expect(formatOf({ json: true })).toBe('json');
  expect(formatOf({ json: true, format: 'json' })).toBe('json');
  expect(formatOf({ format: 'raw' })).toBe('raw');
  expect(formatOf({})).toBeUndefined();
});

test('a value of a few words is one of these, and the help names them all', () => {
  const choices = SHOWN.flatMap(({ option }) => (option instanceof ChoiceOption ? [option] : []));
  expect(new Set(choices.map(({ long }) => long))).toEqual(new Set(['--engine', '--format', '--dtype']));
  for (const choice of choices) {
    for (const word of choice.words as readonly string[]) {
      expect(choice.description).toContain(word);
      expect(parse(choice, word)).toBe(word);
    }
    expect(() => parse(choice, 'steam')).toThrow(/^give \w+(, \w+)* or \w+$/);
  }
});
