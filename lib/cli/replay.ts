// rogue-bridge replay: a Rogue data file into a stream.

import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { readFrames, type Frame } from '../index';
import { visible } from '../quoted';
import { given, isTarget, parseTarget } from './support/arguments';
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
import { checkReadable, sendFrames, Sent, type SendingOptions } from './support/sending';
import { plural, sizeText } from './support/text';

// What a record has on top of its payload.
const HEADER_BYTES = 8;

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
          'run.dat.1 stands for all parts of a recording.',
      )
      .usage('[options] <file...> <target>')
      .argument('<file...>', 'data files, and behind them HOST:PORT, the base port')
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
  rogue-bridge replay run.dat.1 --listen '*:8000' --rate 100 --loop`,
    )
    .action(replay);
}

async function replay(args: string[], options: ReplayOptions): Promise<void> {
  const { files, target } = splitTarget(args);
  checkReadable(files);
  const { channel, count = Infinity, duration = Infinity, loop } = options;
  const rounds = loop === true ? Infinity : loop;
  const totalBytes = files.reduce((sum, file) => sum + sizeOf(file), 0) * rounds;
  const sent = new Sent();
  let started = 0;
  const elapsed = (): number => (performance.now() - started) / 1000;
  const frames = async function* (signal: AbortSignal): AsyncGenerator<Frame> {
    for (let round = 0; round < rounds; round++) {
      const before = sent.frames;
      for await (const frame of readFrames(files.length === 1 ? files[0]! : files, {
        ...given({ channel }),
        signal,
      })) {
        yield frame;
        if (sent.frames >= count) return;
      }
      // Reading that was aborted brings nothing, round after round.
      if (signal.aborted) return;
      if (sent.frames === before) throw new Failure(`${visible(files.join(', '))}: no frame to send`);
    }
  };
  const endless = rounds === Infinity && count === Infinity && duration === Infinity;
  await sendFrames(target, { ...options, endless }, sent, frames, () => {
    started = performance.now();
    return showProgress(() => {
      const fileBytes = sent.bytes + sent.frames * HEADER_BYTES;
      const share = Math.max(fileBytes / totalBytes, sent.frames / count, elapsed() / duration);
      return {
        share: rounds === Infinity && share === 0 ? undefined : share,
        text: `${plural(sent.frames, 'frame')}, ${sizeText(sent.bytes / elapsed())}/s`,
      };
    });
  });
}

/** The address is the last of the arguments, or the first. */
function splitTarget(args: string[]): { files: string[]; target: ReturnType<typeof parseTarget> } {
  const at = isTarget(args.at(-1)!) ? args.length - 1 : 0;
  const text = args[at]!;
  const files = args.filter((_, index) => index !== at);
  if (!isTarget(text))
    throw new UsageError("behind the files give HOST:PORT, for example 'replay run.dat daq-host:8000'");
  if (files.length === 0)
    throw new UsageError("name a data file in front of HOST:PORT: 'replay run.dat daq-host:8000'");
  return { files, target: parseTarget(text) };
}

/** Of a file, or of all parts of a recording; what cannot be looked at is told when it is opened. */
function sizeOf(path: string): number {
  const base = /^(.*\.)1$/.exec(path)?.[1];
  let total = 0;
  for (let part = 1; ; part++) {
    const name = base === undefined ? path : `${base}${part}`;
    if (!existsSync(name)) return total;
    total += statSync(name).size;
    if (base === undefined) return total;
  }
}
