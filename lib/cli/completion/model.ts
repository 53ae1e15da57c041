// What a shell can complete: subcommands, options, and their values. Pure.

import type { Command, Option } from 'commander';
import { LOG_LEVELS } from '../support/arguments';
import { ChoiceOption } from '../support/options';

/** What can be typed in a place: one of a few words, the name of a file, a filter of the log, or what nobody can guess. */
export type Value = readonly string[] | 'file' | 'log' | 'other';

/** A word, and what it is. */
export interface Word {
  readonly text: string;
  readonly about: string;
}

export interface OptionModel extends Word {
  /** Undefined for one that takes none. */
  readonly value: Value | undefined;
}

export interface CommandModel extends Word {
  /** As it is typed: `prbs rx`. */
  readonly path: string;
  readonly options: readonly OptionModel[];
  /** What follows that is no option; undefined where nothing does. */
  readonly operand: Value | undefined;
  readonly subcommands: readonly CommandModel[];
}

// What the names in the help stand for.
const FILES = ['file', 'files', 'source', 'name'];

/** All of the command; `path` is empty there. */
export function modelOf(program: Command): CommandModel {
  const all = modelAt(program, '');
  const names = all.subcommands.map(({ text }) => text);
  const help = {
    text: 'help',
    about: 'how the command, or a subcommand, is used',
    path: 'help',
    options: [],
    operand: names,
    subcommands: [],
  };
  return { ...all, subcommands: [...all.subcommands, help] };
}

function modelAt(command: Command, path: string): CommandModel {
  const options = command.options
    .filter(({ hidden, long }) => !hidden && long !== undefined)
    .map((option) => ({ text: option.long!, about: option.description, value: valueOf(option) }));
  return {
    text: command.name(),
    about: command.summary(),
    path,
    options: [...options, { text: '--help', about: 'how it is used', value: undefined }],
    operand: operandOf(command),
    subcommands: command.commands.map((sub) => modelAt(sub, `${path} ${sub.name()}`.trim())),
  };
}

function valueOf(option: Option): Value | undefined {
  if (option instanceof ChoiceOption) return option.words as readonly string[];
  // A value in brackets may be left out, so that something else may follow.
  const name = /<(.+)>$/.exec(option.flags)?.[1];
  if (name === undefined) return undefined;
  if (name === 'filter=level') return 'log';
  return FILES.includes(name) ? 'file' : 'other';
}

function operandOf({ registeredArguments: all }: Command): Value | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  if (first.argChoices !== undefined) return first.argChoices;
  return all.some((argument) => FILES.includes(argument.name())) ? 'file' : 'other';
}

/** `model` and everything below it. */
export function allCommands(model: CommandModel): CommandModel[] {
  return [model, ...model.subcommands.flatMap(allCommands)];
}

export const levels = Object.keys(LOG_LEVELS);
