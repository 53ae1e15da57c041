// rogue-bridge replay: a Rogue data file into a stream.

import type { Command } from 'commander';
import type { Frame } from '../index';
import { HEADER_BYTES } from '../utilities/fileio/record';
import { isTarget, type AnyTarget } from './support/arguments';
import { Failure, UsageError } from './support/errors';
import {
  channelOption,
  countOption,
  durationOption,
  FormerName,
  lingerOption,
  loopOption,
  rateOption,
} from './support/options';
import { showProgress } from './support/progress';
import { addBridgeOptions } from './support/run';
import { checkFiles, filesText, framesOf, readsOnce, sizeOf, targetOf } from './support/frame-source';
import { logHelp, TARGET_HELP } from './support/log-target';
import { checkReadable, sendFrames, Sent, type SendingOptions } from './support/sending';
import { THROWS_HELP } from './support/share';
import { plural, sizeText } from './support/text';

interface ReplayOptions extends SendingOptions {
  readonly channel?: number[];
  readonly loop: number | true;
  readonly count?: number;
}

export function addReplay(program: Command): void {
  addBridgeOptions(
    program
      .command('replay')
      .summary('send the frames of Rogue data files')
      .description(
        'Sends what is in data files of Rogue, pyrogue or record, in order, as fast as the other side takes it. ' +
          `run.dat.1 stands for all parts of a recording. ${THROWS_HELP}`,
      )
      .usage('[options] <file...> <target>')
      .argument('<file...>', `data files, or - for standard input; and last ${TARGET_HELP}`)
      .addOption(channelOption())
      .addOption(loopOption())
      .addOption(new FormerName('--repeat <n>', loopOption()))
      .addOption(rateOption())
      .addOption(countOption())
      .addOption(durationOption())
      .addOption(lingerOption()),
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge replay run.dat daq-host:8000
  rogue-bridge replay run.dat.1 --listen '*:8000' --rate 100 --loop
  rogue-bridge replay run.dat nats://daq-host/run42
${logHelp('send')}`,
    )
    .action(replay);
}

async function replay(args: string[], options: ReplayOptions): Promise<void> {
  const { files, target } = splitTarget(args);
  if (files.includes('-')) checkFiles(files);
  else checkReadable(files);
  const { channel, count = Infinity, duration = Infinity, loop } = options;
  const rounds = loop === true ? Infinity : loop;
  if (rounds > 1 && readsOnce(files)) {
    throw new UsageError(`--loop needs files: ${filesText(files)} can be read once`);
  }
  const totalBytes = (await sizeOf(files)) * rounds;
  const sent = new Sent();
  let started = 0;
  const elapsed = (): number => (performance.now() - started) / 1000;
  const frames = async function* (signal: AbortSignal): AsyncGenerator<Frame> {
    for (let round = 0; round < rounds; round++) {
      const before = sent.frames;
      for await (const frame of framesOf(files, { channel, signal })) {
        yield frame;
        if (sent.frames >= count) return;
      }
      // Reading that was aborted brings nothing, round after round.
      if (signal.aborted) return;
      if (sent.frames === before) throw new Failure(`${filesText(files)}: no frame to send`);
    }
  };
  const endless = rounds === Infinity && count === Infinity && duration === Infinity;
  await sendFrames(target, { ...options, endless }, sent, frames, () => {
    started = performance.now();
    return showProgress(() => {
      const fileBytes = sent.bytes + sent.frames * HEADER_BYTES;
      const share = Math.max(fileBytes / totalBytes, sent.frames / count, elapsed() / duration);
      return {
        share: totalBytes === Infinity && share === 0 ? undefined : share,
        text: `${plural(sent.frames, 'frame')}, ${sizeText(sent.bytes / elapsed())}/s`,
      };
    });
  });
}

/** The address is the last of the arguments, or the first. */
function splitTarget(args: string[]): { files: string[]; target: AnyTarget } {
  const at = isTarget(args.at(-1)!) ? args.length - 1 : 0;
  const text = args[at]!;
  const files = args.filter((_, index) => index !== at);
  if (!isTarget(text))
    throw new UsageError(
      "behind the files give HOST:PORT, or nats://HOST/STREAM, for example 'replay run.dat daq-host:8000'",
    );
  if (files.length === 0)
    throw new UsageError("name a data file in front of the address: 'replay run.dat daq-host:8000'");
  return { files, target: targetOf(text) };
}
