// The completion script of bash. Pure.

import { allCommands, levels, type CommandModel, type Value } from './model';

export function bash(model: CommandModel): string {
  const all = allCommands(model);
  const values = all.flatMap(({ path, options }) =>
    options.flatMap(({ text, value }) =>
      value === undefined ? [] : [`    '${path} ${text}') ${set(value)} ;;`],
    ),
  );
  const operands = all.flatMap(({ path, operand, subcommands }) => {
    const words = subcommands.map(({ text }) => text);
    if (words.length > 0) return [`    '${path}') ${set(words)} ;;`];
    return operand === undefined || operand === 'other' ? [] : [`    '${path}') ${set(operand)} ;;`];
  });
  const options = all.map(
    ({ path, options: own }) => `    '${path}') words='${own.map(({ text }) => text).join(' ')}' ;;`,
  );
  const nested = model.subcommands.filter(({ subcommands }) => subcommands.length > 0);
  return `_rogue_bridge() {
  local line=\${COMP_LINE:0:COMP_POINT} cur prev path= words= kind=words count filter
  local -a typed
  read -ra typed <<< "$line"
  [[ $line == *[[:space:]] ]] && typed+=('')
  count=\${#typed[@]}
  cur=\${typed[count-1]} prev=\${typed[count-2]}
  (( count > 2 )) && path=\${typed[1]}
  case $path in
    ${nested.map(({ text }) => text).join('|')}) (( count > 3 )) && path+=" \${typed[2]}" ;;
  esac
  # bash takes --name and its value for one word with an = in it, or for three.
  [[ $cur == --*=* ]] && prev=\${cur%%=*} cur=\${cur#*=}
  filter=stream
  [[ $cur == *=* ]] && filter=\${cur%%=*}
  case "$path $prev" in
${values.join('\n')}
    *) kind= ;;
  esac
  if [[ -z $kind && $cur != -* ]]; then
    kind=words
    case $path in
${operands.join('\n')}
    *) kind= ;;
    esac
  fi
  if [[ -z $kind ]]; then
    kind=words
    case $path in
${options.join('\n')}
    esac
  fi
  COMPREPLY=()
  # Files are what -o default completes.
  [[ $kind == file ]] && return
  compopt +o default 2> /dev/null
  [[ $kind == words ]] || return
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  # Of what has a = or : in it, bash has the beginning already.
  local rest=\${cur##*[=:]}
  COMPREPLY=("\${COMPREPLY[@]#"\${cur%"$rest"}"}")
}
complete -o default -F _rogue_bridge ${model.text}
`;
}

/** What is completed there, as an assignment. */
function set(value: Value): string {
  if (value === 'file' || value === 'other') return `kind=${value}`;
  return value === 'log'
    ? `words="${levels.map((level) => `$filter=${level}`).join(' ')}"`
    : `words='${value.join(' ')}'`;
}
