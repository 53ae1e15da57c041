// All subcommands, and how any of them ends.

import { Command, CommanderError } from 'commander';
import { addBench } from './bench';
import { addCompletion } from './completion';
import { addDemo } from './demo';
import { addDoctor } from './doctor';
import { addDump } from './dump';
import { addExport } from './export';
import { addExtract } from './extract';
import { addInfo } from './info';
import { addKeygen } from './keygen';
import { addPrbs } from './prbs';
import { addRecord } from './record';
import { addRelay } from './relay';
import { addReplay } from './replay';
import { addSend } from './send';
import { addView } from './view';
import { addWatch } from './watch';
import { visible } from '../quoted';
import { withoutPassword } from './support/arguments';
import { lineOf, statusOf, STATUS_FAILED, STATUS_USAGE } from './support/errors';
import { logAsRogue } from './support/run';
import { version } from '../version';

const NAME = 'rogue-bridge';

/** The command with all its subcommands. */
export function createProgram(): Command {
  const program = new Command(NAME)
    .description(
      "SLAC's Rogue stream bridge on the command line: is the port there, is data flowing, what is in it.",
    )
    .version(version())
    .helpCommand('help [command]', 'how the command, or a subcommand, is used')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        const [line = '', guess = ''] = text.replace(/^error: /, '').split('\n');
        const hint = guess === '' ? '(--help tells more)' : guess;
        // It repeats the argument that it does not take.
        write(`${NAME}: ${visible(withoutPassword(line))} ${visible(hint)}\n`);
      },
    });
  const adders = [
    addWatch,
    addView,
    addDump,
    addSend,
    addPrbs,
    addRecord,
    addReplay,
    addInfo,
    addExport,
    addExtract,
    addRelay,
    addBench,
    addDoctor,
    addKeygen,
    addDemo,
    addCompletion,
  ];
  for (const add of adders) add(program);
  return program;
}

/** Runs what the arguments say; resolves to the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  logAsRogue();
  // Whoever has read enough closes the pipe, and needs no word about it; a disk that is full is another matter.
  process.stdout.on('error', (err: NodeJS.ErrnoException) => {
    if (err.code === 'EPIPE' || process.exitCode === STATUS_FAILED) return;
    process.exitCode = STATUS_FAILED;
    process.stderr.write(`${NAME}: standard output: ${err.message}\n`);
  });
  process.stderr.on('error', () => undefined);
  const program = createProgram();
  try {
    if (args.length === 0) program.help();
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (err) {
    // Commander has said itself what it is about; help and the version are what was asked for.
    if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : STATUS_USAGE;
    process.stderr.write(`${NAME}: ${lineOf(err)}\n`);
    return statusOf(err);
  }
}
