// rogue-bridge completion: what a shell needs to complete subcommands, options and their values.

import { Argument, type Command } from 'commander';
import { bash } from './completion/bash';
import { fish } from './completion/fish';
import { modelOf, type CommandModel } from './completion/model';
import { zsh } from './completion/zsh';

const SCRIPTS: Readonly<Record<string, (model: CommandModel) => string>> = { bash, zsh, fish };

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .description(
      'Prints the script by which bash, zsh or fish complete subcommands, options, their values and files.',
    )
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
Examples:
  source <(rogue-bridge completion bash)           in ~/.bashrc
  source <(rogue-bridge completion zsh)            in ~/.zshrc, behind compinit
  rogue-bridge completion fish > ~/.config/fish/completions/rogue-bridge.fish`,
    )
    .action((shell: string) => void process.stdout.write(SCRIPTS[shell]!(modelOf(program))));
}
