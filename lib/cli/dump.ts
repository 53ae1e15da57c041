// rogue-bridge dump: every frame, for people or for programs.

import { once } from 'node:events';
import type { Command } from 'commander';
import type { Frame } from '../index';
import { bytes, parseTarget, type Target } from './support/arguments';
import { frameLine } from './support/frame-json';
import {
  addFormat,
  channelOption,
  countOption,
  durationOption,
  formatOf,
  type FormatOptions,
} from './support/options';
import { addBridgeOptions, NEVER, tell, waitForPeer, withBridge, type CommonOptions } from './support/run';
import { leaveSoon, receiveSparingly } from './support/receiving';
import { grouped, hex, hexLines, plural } from './support/text';

const DEFAULT_HEX_BYTES = 256;

const FORMATS = ['hex', 'json', 'raw'] as const;
type Format = (typeof FORMATS)[number];

interface DumpOptions extends CommonOptions, FormatOptions<Format> {
  readonly count?: number;
  readonly channel?: number[];
  readonly duration?: number;
  readonly errorsOnly?: boolean;
  readonly maxBytes?: number;
}

export function addDump(program: Command): void {
  addBridgeOptions(
    addFormat(
      program
        .command('dump')
        .summary('print each frame as hex or JSON lines, or its bytes')
        .description(
          'Prints each frame that arrives: a header line and hex, a line of JSON with the payload as base64, or the bytes ' +
            'of the payload alone. ' +
            'It is a peer: what it prints or leaves out, no other peer of the same server gets. Frames behind the last ' +
            'of --count may have come already, and go nowhere.',
        )
        .argument('<target>', 'HOST:PORT, the base port', parseTarget),
      'hex (default), json or raw',
      FORMATS,
    )
      .addOption(countOption())
      .addOption(durationOption())
      .addOption(channelOption())
      .option('--errors-only', 'frames whose error field is not 0 alone')
      .option(
        '--max-bytes <size>',
        `so much of each payload (default: ${DEFAULT_HEX_BYTES} as hex, else all)`,
        bytes,
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge dump daq-host:8000 --count 5
  rogue-bridge dump daq-host:8000 --format json --channel 1 | jq .size
  rogue-bridge dump daq-host:8000 --format json > frames.jsonl
  rogue-bridge dump daq-host:8000 --format raw --count 100 > frames.bin
    then, in Python: numpy.fromfile('frames.bin', dtype='<f4')`,
    )
    .action(dump);
}

async function dump(target: Target, options: DumpOptions): Promise<void> {
  const format = formatOf(options) ?? 'hex';
  const { count = Infinity, channel, errorsOnly = false } = options;
  let printed = 0;
  let behind = 0;
  const more = options.count === undefined ? {} : receiveSparingly(options.count);
  await withBridge(
    target,
    options,
    async (bridge, interruption) => {
      const { stdout } = process;
      bridge.addSlave((frame) => {
        // What comes behind the last one is not ours to take.
        if (printed >= count || interruption.signal.aborted) {
          behind += 1;
          return NEVER;
        }
        if (channel?.includes(frame.channel) === false || (errorsOnly && frame.error === 0)) return undefined;
        printed += 1;
        const isFull = !stdout.write(textOf(frame, printed, format, options.maxBytes));
        if (printed === count) interruption.stop();
        // Whoever reads our output sets the pace.
        return isFull ? drained(interruption.signal) : undefined;
      });
      if (await waitForPeer(bridge, target, options, interruption)) await interruption.wait(options.duration);
      const { framesReceived } = bridge.stats;
      const others = framesReceived > printed ? ` of ${grouped(framesReceived)} that came` : '';
      // More of them may be in the memory of the connection, where nobody counts them.
      const lost = behind > 0 ? `; ${grouped(behind)} or more behind the last went nowhere` : '';
      tell(`${plural(printed, 'frame')} printed${others}${lost}`);
    },
    more,
  );
  if (printed < count) leaveSoon();
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
