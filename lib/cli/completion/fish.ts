// The completion script of fish. Pure.

import { levels, type CommandModel, type Value, type Word } from './model';

export function fish({ text: name, options, subcommands }: CommandModel): string {
  const line = (condition: string, ...words: string[]): string =>
    ['complete', '-c', name, '-n', quoted(condition), ...words].join(' ');
  const optionLines = (condition: string, all: CommandModel['options']): string[] =>
    all.map(({ text, about, value }) =>
      line(condition, '-l', text.slice(2), ...valueWords(value), '-d', quoted(about)),
    );
  const names = (condition: string, all: readonly Word[]): string[] =>
    all.map(({ text, about }) => line(condition, '-a', text, '-d', quoted(about)));
  const seen = (all: readonly Word[]): string =>
    `__fish_seen_subcommand_from ${all.map(({ text }) => text).join(' ')}`;
  const below = (command: CommandModel, condition: string): string[] => [
    ...optionLines(condition, command.options),
    ...(command.operand === undefined ? [] : [line(condition, ...operandWords(command.operand))]),
    ...names(`${condition}; and not ${seen(command.subcommands)}`, command.subcommands),
    ...command.subcommands.flatMap((sub) => below(sub, `${condition}; and ${seen([sub])}`)),
  ];
  const lines = [
    `complete -c ${name} -f`,
    ...names('__fish_use_subcommand', subcommands),
    ...optionLines('__fish_use_subcommand', options),
    ...subcommands.flatMap((command) => below(command, seen([command]))),
  ];
  return `${lines.join('\n')}\n`;
}

function valueWords(value: Value | undefined): string[] {
  if (value === undefined) return [];
  if (value === 'file') return ['-r', '-F'];
  if (value === 'other') return ['-x'];
  const words = value === 'log' ? levels.map((level) => `stream=${level}`) : value;
  return ['-x', '-a', quoted(words.join(' '))];
}

function operandWords(value: Value): string[] {
  if (value === 'file') return ['-F'];
  return typeof value === 'string' ? ['-f'] : ['-a', quoted(value.join(' '))];
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
