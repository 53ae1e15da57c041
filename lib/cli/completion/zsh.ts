// The completion script of zsh. Pure.

import { levels, type CommandModel, type OptionModel, type Value, type Word } from './model';

export function zsh(model: CommandModel): string {
  return `_rogue_bridge_log() {
  if compset -P '*='; then compadd ${levels.join(' ')}; else compadd -S '' stream=; fi
}
_rogue_bridge() {
  local state
  local -a commands
${completing(model, '  ')}
}
compdef _rogue_bridge ${model.text}
`;
}

/** Completes what follows a command, which is the first of `words` there. */
function completing({ options, operand, subcommands }: CommandModel, indent: string): string {
  const specs = options.map(optionSpec);
  if (subcommands.length === 0) {
    const rest =
      operand === undefined ? [] : [quoted(`*:${operand === 'file' ? 'file' : ' '}:${action(operand)}`)];
    return `${indent}_arguments -S ${[...specs, ...rest].join(' ')}`;
  }
  const branches = subcommands.flatMap((sub) => [
    `${indent}  ${sub.text})`,
    completing(sub, `${indent}    `),
    `${indent}    ;;`,
  ]);
  return [
    `${indent}commands=(${subcommands.map(described).join(' ')})`,
    `${indent}_arguments -C ${specs.join(' ')} '1: :->command' '*:: :->rest'`,
    `${indent}[[ $state == command ]] && _describe subcommand commands`,
    `${indent}[[ $state == rest ]] && case $words[1] in`,
    ...branches,
    `${indent}esac`,
  ].join('\n');
}

function optionSpec({ text, about, value }: OptionModel): string {
  const words = about.replace(/[\\[\]:]/g, '\\$&');
  // Options may come several times.
  if (value === undefined) return quoted(`*${text}[${words}]`);
  return quoted(`*${text}=[${words}]:value:${action(value)}`);
}

function action(value: Value): string {
  if (value === 'file') return '_files';
  if (value === 'log') return '_rogue_bridge_log';
  return value === 'other' ? ' ' : `(${value.join(' ')})`;
}

function described({ text, about }: Word): string {
  return quoted(`${text}:${about.replace(/:/g, '\\:')}`);
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}
