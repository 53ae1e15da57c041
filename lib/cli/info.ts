// rogue-bridge info: what is in data files, or in a log.

import type { Command } from 'commander';
import { visible } from '../quoted';
import type { FilePlace } from '../index';
import { Contents, type ChannelContents } from './info/contents';
import { logText } from './info/log';
import { isLogText, withoutPassword, type LogTarget } from './support/arguments';
import { lineOf, misplaced, STATUS_FAILED, UsageError } from './support/errors';
import { loadJetStream, parseLog } from './support/log-target';
import { checkFiles, filesText, framesOf, sizeOf } from './support/frame-source';
import { addFormat, finite, followOption, formatOf, type FormatOptions } from './support/options';
import { showProgress } from './support/progress';
import { Interruption, print } from './support/run';
import { tableText } from './support/table';
import { grouped, hex, plural, sizeText } from './support/text';

const FORMATS = ['text', 'json'] as const;
const MAX_FLAGS_SHOWN = 4;

interface InfoOptions extends FormatOptions<(typeof FORMATS)[number]> {
  readonly follow?: boolean;
}

/** What is known of a file, as `--json` prints it. */
interface FileInfo {
  readonly file: string;
  readonly frames: number;
  readonly bytes: number;
  readonly channels: readonly ChannelContents[];
  /** Why it was not read to its end. */
  readonly fault: string | undefined;
}

export function addInfo(program: Command): void {
  addFormat(
    program
      .command('info')
      .summary('list what is in data files, or in a log')
      .description(
        'Lists frames, sizes, channels, errors and flags of data files, which channels look like batches or like ' +
          'configuration, and whether a file is torn; of a log, its limits, channels, readers and copies.',
      )
      .argument(
        '<file...>',
        'data files, run.dat.1 for all parts of a recording; - for standard input; or a log, nats://HOST/STREAM',
      ),
    'text (default), or json: one object with a list of files',
    FORMATS,
  )
    .addOption(followOption())
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge info run.dat
  rogue-bridge info run.dat.1 --json | jq '.files[0].channels[].frames'
  rogue-bridge info nats://daq-host/run42
  rogue-bridge info nats://daq-host/run42 --json | jq '.log.consumers[].pending'`,
    )
    .action(info);
}

async function info(names: string[], options: InfoOptions): Promise<void> {
  const format = formatOf(options) ?? 'text';
  const log = names.find(isLogText);
  if (log !== undefined) {
    if (names.length > 1)
      throw new UsageError(`${visible(withoutPassword(log))} is a log: give it alone, or data files alone`);
    if (options.follow !== undefined) throw misplaced(['--follow'], 'data files', 'this is a log');
    await infoOfLog(parseLog(log), format);
    return;
  }
  checkFiles(names);
  const interruption = new Interruption();
  const files: FileInfo[] = [];
  for (const name of names) {
    if (interruption.signal.aborted) break;
    const file = await infoOf(name, options.follow, interruption);
    files.push(file);
    if (format === 'text') print(`${files.length > 1 ? '\n' : ''}${textOf(file)}`);
  }
  if (format === 'json') print(JSON.stringify({ files }));
  if (files.some(({ fault }) => fault !== undefined)) process.exitCode = STATUS_FAILED;
}

async function infoOfLog({ log: { connection } }: LogTarget, format: 'text' | 'json'): Promise<void> {
  const found = await loadJetStream().inspectLog(connection);
  print(format === 'json' ? JSON.stringify(found, finite) : logText(found));
  if (found.log === undefined) process.exitCode = STATUS_FAILED;
}

async function infoOf(
  name: string,
  follow: boolean | undefined,
  { signal }: Interruption,
): Promise<FileInfo> {
  const frames = framesOf([name], { follow, signal });
  const contents = new Contents();
  const totalBytes = await sizeOf([name]);
  const end = showProgress(() => ({
    share: follow === true || totalBytes === Infinity ? undefined : contents.bytes / totalBytes,
    text: `${plural(contents.frames, 'frame')}, ${sizeText(contents.bytes)}`,
  }));
  let fault: string | undefined;
  try {
    for await (const frame of frames) contents.add(frame);
    if (signal.aborted && follow !== true) fault = 'interrupted before its end';
  } catch (err) {
    fault = lineOf(err);
  } finally {
    end();
  }
  return { file: name, frames: contents.frames, bytes: contents.bytes, channels: contents.byChannel, fault };
}

function textOf({ file, frames, bytes, channels, fault }: FileInfo): string {
  const lines = [`${filesText([file])}: ${plural(frames, 'frame')}, ${sizeText(bytes)}`];
  if (channels.length > 0) {
    lines.push(
      tableText(
        [
          'channel',
          'looks like',
          'frames',
          'payload',
          'min',
          'mean',
          'max',
          'errors',
          'flags',
          'first at',
          'last at',
        ],
        channels.map((one) => [
          String(one.channel),
          LOOKS[one.looksLike],
          grouped(one.frames),
          sizeText(one.bytes),
          sizeText(one.minBytes),
          sizeText(one.meanBytes),
          sizeText(one.maxBytes),
          grouped(one.errors),
          flagsText(one),
          placeText(one.first, file),
          placeText(one.last, file),
        ]),
        2,
      ),
    );
  }
  for (const { channel, keys } of channels) {
    if (keys.length > 0) lines.push(`channel ${channel} has the keys ${visible(keys.join(', '))}`);
  }
  for (const { channel, looksLike } of channels) {
    if (looksLike === 'bzip2') lines.push(`channel ${channel}: compressed, as StreamZip does it`);
    const batched = looksLike === 'v1' || looksLike === 'v2' || looksLike === 'inverted';
    if (batched)
      lines.push(`channel ${channel}: read its records by readFrames(file, { batched: '${looksLike}' })`);
  }
  if (fault !== undefined) lines.push(`not read to its end: ${fault}`);
  return lines.join('\n');
}

const LOOKS: Readonly<Record<ChannelContents['looksLike'], string>> = {
  v1: 'V1 batches',
  v2: 'V2 batches',
  inverted: 'inverted batches',
  bzip2: 'bzip2',
  text: 'configuration',
  data: 'data',
};

/** Bytes from the beginning of the file, of a later part with its number. */
function placeText({ path, position }: FilePlace, file: string): string {
  return path === file || file === '-'
    ? grouped(position)
    : `${/\.\d+$/.exec(path)?.[0] ?? ''} ${grouped(position)}`;
}

function flagsText({ flags, moreFlags }: ChannelContents): string {
  const shown = flags.slice(0, MAX_FLAGS_SHOWN).map((one) => hex(one, 4));
  const more = moreFlags || flags.length > shown.length ? ' ...' : '';
  return `${shown.join(' ')}${more}`;
}
