// rogue-bridge extract: some of the frames of a data file in a smaller one.

import { InvalidArgumentError, Option, type Command } from 'commander';
import { StreamWriter, type Frame } from '../index';
import { visible } from '../quoted';
import { UsageError } from './support/errors';
import { fileShare, readFiles, sizeOf, splitOutput } from './support/frame-source';
import { checkMade, removeMade } from './support/made-file';
import { channelOption, dropErrorsOption, errorsOnlyOption, overwriteOption } from './support/options';
import { showProgress } from './support/progress';
import { Interruption, tell } from './support/run';
import { grouped, plural, sizeText } from './support/text';

/** Frames from `from` on, and before `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

interface ExtractOptions {
  readonly channel?: number[];
  readonly range?: Range;
  readonly errorsOnly?: boolean;
  readonly dropErrors?: boolean;
  readonly overwrite?: boolean;
}

export function addExtract(program: Command): void {
  program
    .command('extract')
    .summary('write some frames of a data file into a smaller one')
    .description(
      'Writes frames of data files, as they are, into another data file that Rogue, pyrogue and replay read.',
    )
    .argument('<file...>', 'data files, run.dat.1 for all parts of a recording; and last where to')
    .addOption(channelOption())
    .addOption(
      new Option(
        '--range <a:b>',
        'from frame a on and before frame b, from 0, of those of --channel',
      ).argParser(rangeOf),
    )
    .addOption(errorsOnlyOption())
    .addOption(dropErrorsOption())
    .addOption(overwriteOption())
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge extract run.dat first.dat --range 0:100
  rogue-bridge extract run.dat.1 camera.dat --channel 2
  rogue-bridge extract run.dat bad.dat --errors-only`,
    )
    .action(extract);
}

/** `100:200`, `100:`, `:200` */
function rangeOf(text: string): Range {
  const [, from = '', to = ''] = /^(\d*):(\d*)$/.exec(text) ?? [];
  const range = { from: Number(from), to: to === '' ? Infinity : Number(to) };
  if ((from === '' && to === '') || range.to <= range.from) {
    throw new InvalidArgumentError(
      'give a:b with a below b, for example 100:200; 100: for all from there on',
    );
  }
  return range;
}

async function extract(names: string[], options: ExtractOptions): Promise<void> {
  const { files, to } = await splitOutput(names, 'extract', 'part.dat');
  const { channel, range = { from: 0, to: Infinity }, errorsOnly = false, dropErrors = false } = options;
  if (errorsOnly && dropErrors)
    throw new UsageError('--errors-only and --drop-errors leave nothing: give one of them');
  const interruption = new Interruption();
  const totalBytes = await sizeOf(files);
  const writer = new StreamWriter();
  await writer.open(to, { overwrite: options.overwrite === true });
  const slave = writer.getChannel(0);
  let [seen, written, read, bytes] = [0, 0, 0, 0];
  const end = showProgress(() => ({
    share: fileShare(totalBytes, read, bytes),
    text: `${plural(written, 'frame')} of ${grouped(seen)}`,
  }));
  const isWanted = ({ error }: Frame): boolean => (error === 0 ? !errorsOnly : !dropErrors);
  const accept = async (frame: Frame): Promise<boolean> => {
    read += 1;
    bytes += frame.size;
    if (isWanted(frame)) {
      if (seen >= range.from) {
        await slave.acceptFrame(frame);
        written += 1;
      }
      seen += 1;
    }
    frame.release();
    return seen >= range.to;
  };
  let isEarly = false;
  try {
    isEarly = await readFiles(files, interruption, accept, { channel });
  } finally {
    end();
    await writer.close();
    if (written === 0) await removeMade(to);
    else tell(`${plural(written, 'frame')}, ${sizeText(writer.totalSize)} in ${visible(to)}`);
  }
  checkMade(files, written, isEarly && seen < range.to);
}
