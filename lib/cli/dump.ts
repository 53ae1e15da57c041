// rogue-bridge dump: every frame, for people or for programs.

import { once } from 'node:events';
import type { Command } from 'commander';
import type { Frame } from '../index';
import { bytes, isLog, type AnyTarget } from './support/arguments';
import { frameLine } from './support/frame-json';
import {
  addFormat,
  channelOption,
  countOption,
  durationOption,
  errorsOnlyOption,
  followOption,
  formatOf,
  type FormatOptions,
} from './support/options';
import { UsageError } from './support/errors';
import { filesText, readFiles, SOURCE_HELP, sourceOf } from './support/frame-source';
import { addBridgeOptions, Interruption, NEVER, tell, tellAll, type CommonOptions } from './support/run';
import { logHelp } from './support/log-target';
import { withPeer } from './support/open';
import { leaveSoon, receiveSparingly } from './support/receiving';
import { TAKES_HELP, takenText } from './support/share';
import { Source } from './support/source';
import { grouped, hex, hexLines, plural } from './support/text';
import { waitForPeer } from './support/wait-for-peer';

const DEFAULT_HEX_BYTES = 256;

const FORMATS = ['hex', 'json', 'raw'] as const;
type Format = (typeof FORMATS)[number];

interface DumpOptions extends CommonOptions, FormatOptions<Format> {
  readonly count?: number;
  readonly channel?: number[];
  readonly duration?: number;
  readonly errorsOnly?: boolean;
  readonly maxBytes?: number;
  readonly follow?: boolean;
}

export function addDump(program: Command): void {
  addBridgeOptions(
    addFormat(
      program
        .command('dump')
        .summary('print each frame as hex or JSON lines, or its bytes')
        .description(
          'Prints each frame that arrives, or that is in data files: a header line and hex, a line of JSON with the ' +
            `payload as base64, or the bytes of the payload alone. With HOST:PORT: ${TAKES_HELP} Frames behind the last of ` +
            '--count may have come already, and go nowhere.',
        )
        .argument('<source...>', SOURCE_HELP),
      'hex (default), json or raw',
      FORMATS,
    )
      .addOption(countOption())
      .addOption(durationOption())
      .addOption(channelOption())
      .addOption(errorsOnlyOption())
      .option(
        '--max-bytes <size>',
        `so much of each payload (default: ${DEFAULT_HEX_BYTES} as hex, else all)`,
        bytes,
      )
      .addOption(followOption()),
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge dump daq-host:8000 --count 5
  rogue-bridge dump run.dat.1 --channel 1          all parts of a recording
  rogue-bridge dump run.dat --follow               as it is written
  rogue-bridge dump 'nats://daq-host/run42?last=5&until=end'
  rogue-bridge dump daq-host:8000 --format json --channel 1 | jq .size
  rogue-bridge dump daq-host:8000 --format json > frames.jsonl
  rogue-bridge dump daq-host:8000 --format raw --count 100 > frames.bin
    then, in Python: numpy.fromfile('frames.bin', dtype='<f4')
${logHelp('receive')}`,
    )
    .action(dump);
}

async function dump(names: string[], options: DumpOptions, command: Command): Promise<void> {
  const source = sourceOf(names, command);
  const printer = new Printer(formatOf(options) ?? 'hex', options);
  if (source.files === undefined && options.follow === true) {
    throw new UsageError('--follow is for data files: a peer is followed in any case');
  }
  if (source.files === undefined) await dumpPeer(source.target, options, printer);
  else await dumpFiles(source.files, options, printer);
}

/** Prints frames to standard output, those that were asked for. */
class Printer {
  printed = 0;

  constructor(
    private readonly format: Format,
    private readonly options: DumpOptions,
  ) {}

  isDone(): boolean {
    return this.printed >= (this.options.count ?? Infinity);
  }

  /** A promise where standard output has to be waited for. */
  print(frame: Frame, signal: AbortSignal): Promise<void> | undefined {
    const { channel, errorsOnly = false, maxBytes } = this.options;
    if (channel?.includes(frame.channel) === false || (errorsOnly && frame.error === 0)) return undefined;
    this.printed += 1;
    const isFull = !process.stdout.write(textOf(frame, this.printed, this.format, maxBytes));
    // Whoever reads our output sets the pace.
    return isFull ? drained(signal) : undefined;
  }
}

async function dumpFiles(files: readonly string[], options: DumpOptions, printer: Printer): Promise<void> {
  const interruption = new Interruption();
  let read = 0;
  const summarize = (): void => {
    const others = read > printer.printed ? ` of ${grouped(read)} read` : '';
    tell(`${plural(printer.printed, 'frame')} printed${others} from ${filesText(files)}`);
  };
  try {
    const isEarly = await readFiles(
      files,
      interruption,
      (frame) => {
        read += 1;
        const drained = printer.print(frame, interruption.signal);
        return drained === undefined ? printer.isDone() : drained.then(() => printer.isDone());
      },
      { duration: options.duration, follow: options.follow },
    );
    if (isEarly) leaveSoon();
  } catch (err) {
    // What was read before is right all the same.
    if (read > 0) summarize();
    throw err;
  }
  summarize();
}

async function dumpPeer(target: AnyTarget, options: DumpOptions, printer: Printer): Promise<void> {
  let behind = 0;
  const more = options.count === undefined ? {} : receiveSparingly(options.count);
  const isEarly = await withPeer(
    target,
    'receive',
    options,
    async (peer, interruption) => {
      const { signal } = interruption;
      const source = new Source(peer, tell);
      peer.addSlave((frame) => {
        // What comes behind the last one is not ours to take.
        if (printer.isDone() || signal.aborted) {
          behind += 1;
          return NEVER;
        }
        const drained = printer.print(frame, signal);
        if (printer.isDone()) interruption.stop();
        return drained;
      });
      try {
        if (await waitForPeer(peer, target, options, interruption)) await interruption.wait(options.duration);
      } finally {
        source.end();
      }
      const { framesReceived } = peer.stats;
      const { printed } = printer;
      const others = framesReceived > printed ? ` of ${grouped(framesReceived)} that came` : '';
      // More of them may be in the memory of the connection, where nobody counts them. Those of a log stay there.
      const lost =
        behind > 0 && !isLog(target) ? `; ${grouped(behind)} or more behind the last went nowhere` : '';
      tell(`${plural(printed, 'frame')} printed${others}${lost}`);
      tellAll(source.summary, takenText(source.frames, target, options));
      return !printer.isDone() && !interruption.isAtEnd;
    },
    more,
  );
  if (isEarly) leaveSoon();
}

function textOf(frame: Frame, number: number, format: Format, maxBytes?: number): string | Buffer {
  // A copy, because standard output may write it after the frame's memory has been used again.
  if (format === 'raw') return Buffer.from(frame.payload.subarray(0, maxBytes));
  if (format === 'json') return `${JSON.stringify(frameLine(frame, maxBytes))}\n`;
  const { channel, flags, error, size, payload } = frame;
  const shown = payload.subarray(0, maxBytes ?? DEFAULT_HEX_BYTES);
  const rest = size - shown.length;
  return [
    `#${number}  channel ${channel}  flags ${hex(flags, 4)}  error ${error}  ${plural(size, 'byte')}`,
    ...hexLines(shown),
    ...(rest > 0 ? [`          ... ${plural(rest, 'more byte')}`] : []),
    '',
    '',
  ].join('\n');
}

async function drained(signal: AbortSignal): Promise<void> {
  await once(process.stdout, 'drain', { signal }).catch(() => undefined);
}
