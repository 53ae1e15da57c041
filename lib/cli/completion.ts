// rogue-bridge completion: what a shell needs to complete subcommands and options.

import { Argument, type Command } from 'commander';

interface Word {
  readonly text: string;
  readonly about: string;
}

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .description('Prints the script by which bash, zsh or fish complete subcommands and options.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(rogue-bridge completion bash)           in ~/.bashrc
  source <(rogue-bridge completion zsh)            in ~/.zshrc, behind compinit
  rogue-bridge completion fish > ~/.config/fish/completions/rogue-bridge.fish`,
    )
    .action((shell: string) => {
      process.stdout.write(shell === 'fish' ? fish(program) : bash(program, shell));
    });
}

function subcommandsOf(command: Command): Word[] {
  return command.commands.map((sub) => ({ text: sub.name(), about: sub.summary() }));
}

function optionsOf(command: Command): Word[] {
  const own = command.options.flatMap(({ long, description, hidden }) =>
    long === undefined || hidden ? [] : [{ text: long, about: description }],
  );
  return [...own, { text: '--help', about: 'how it is used' }];
}

function bash(program: Command, shell: string): string {
  const name = program.name();
  const texts = (words: readonly Word[]): string => words.map(({ text }) => text).join(' ');
  const cases = program.commands.map((command) => {
    const inner = command.commands.flatMap((sub) => optionsOf(sub));
    const words = [
      ...new Set(texts([...subcommandsOf(command), ...optionsOf(command), ...inner]).split(' ')),
    ];
    return `    ${command.name()}) words="${words.join(' ')}" ;;`;
  });
  return `${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_rogue_bridge() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${texts([...subcommandsOf(program), ...optionsOf(program)])}" ;;
  esac
  [ "$COMP_CWORD" = 1 ] && words="${texts([...subcommandsOf(program), ...optionsOf(program)])}"
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _rogue_bridge ${name}
`;
}

function fish(program: Command): string {
  const name = program.name();
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const lines = program.commands.flatMap((command) => {
    const seen = `-n '__fish_seen_subcommand_from ${command.name()}'`;
    const options = [command, ...command.commands].flatMap((each) => optionsOf(each));
    const unique = options.filter(
      ({ text }, index) => options.findIndex((other) => other.text === text) === index,
    );
    return [
      `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.summary())}`,
      ...subcommandsOf(command).map(
        ({ text, about }) => `complete -c ${name} ${seen} -f -a ${text} -d ${quoted(about)}`,
      ),
      ...unique.map(
        ({ text, about }) => `complete -c ${name} ${seen} -l ${text.slice(2)} -d ${quoted(about)}`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}
