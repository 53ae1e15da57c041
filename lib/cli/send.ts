// rogue-bridge send: frames from files, standard input, or what dump printed.

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { Frame, type FrameOptions } from '../index';
import {
  chain,
  checkInput,
  emptyInput,
  MAX_FRAME_BYTES,
  nameText,
  openInput,
  readHead,
  readWhole,
  type InputOptions,
} from './send/input';
import { bytes, given, integer, type AnyTarget } from './support/arguments';
import { UsageError } from './support/errors';
import { beginsLikeFrames, frameOf } from './support/frame-json';
import { logHelp, parseAnyTarget, TARGET_HELP } from './support/log-target';
import {
  addFormat,
  formatOf,
  FormerName,
  lingerOption,
  loopOption,
  rateOption,
  type FormatOptions,
} from './support/options';
import { addBridgeOptions } from './support/run';
import { checkReadable, sendFrames, Sent, type SendingOptions } from './support/sending';
import { THROWS_HELP } from './support/share';

const FORMATS = ['auto', 'raw', 'json'] as const;

interface SendOptions extends SendingOptions, FrameOptions, FormatOptions<InputOptions['format']> {
  readonly chunk?: number;
  readonly loop: number | true;
}

export function addSend(program: Command): void {
  addBridgeOptions(
    addFormat(
      program
        .command('send')
        .summary('send frames from files, standard input or JSON lines')
        .description(
          'Sends each file as a frame, or in pieces of --chunk bytes; standard input where no file is named. JSON lines, ' +
            `as dump --format json prints them, become the frames they were. ${THROWS_HELP}`,
        )
        .argument('<target>', TARGET_HELP, parseAnyTarget)
        .argument('[files...]', 'files, - for standard input'),
      'auto (default: JSON lines are told by their first line), raw or json',
      FORMATS,
    )
      .option('--channel <n>', 'channel of every frame, 0 to 255', integer(0, 255))
      .option('--flags <n>', 'flags of every frame, 0 to 65535 or 0xffff', integer(0, 0xffff))
      .option('--error <n>', 'error field of every frame, 0 to 255', integer(0, 255))
      .option('--chunk <size>', 'raw: bytes a frame', bytes)
      .addOption(loopOption())
      .addOption(new FormerName('--repeat <n>', loopOption()))
      .addOption(rateOption())
      .addOption(lingerOption()),
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge send daq-host:8000 image.bin --channel 1
  rogue-bridge send daq-host:8000 --chunk 1M < data.bin
  rogue-bridge dump a:8000 --format json | rogue-bridge send b:8000 --rate 100
  rogue-bridge send nats://daq-host/run42 image.bin
${logHelp('send')}`,
    )
    .action(send);
}

async function send(target: AnyTarget, files: string[], options: SendOptions): Promise<void> {
  const { chunk, loop } = options;
  const rounds = loop === true ? Infinity : loop;
  const input: InputOptions = { format: formatOf(options) ?? 'auto', ...given({ chunk }), rounds };
  if (chunk === 0) throw new UsageError('--chunk is 0, but must be at least 1 byte');
  if (chunk !== undefined && chunk > MAX_FRAME_BYTES) {
    throw new UsageError(`--chunk is ${chunk}, but a frame holds at most ${MAX_FRAME_BYTES} bytes`);
  }
  const names = files.length === 0 ? ['-'] : files;
  const named = names.filter((name) => name !== '-');
  checkReadable(named);
  for (const name of named) checkInput(name, input);
  if (rounds > 1 && names.includes('-')) {
    throw new UsageError('--loop needs files: standard input can be read once');
  }
  const endless = rounds === Infinity;
  await sendFrames(target, { ...options, endless }, new Sent(), async function* (signal) {
    for (let round = 0; round < rounds; round++) {
      for (const name of names) yield* framesOf(name, input, options, signal);
    }
  });
}

async function* framesOf(
  name: string,
  { format, chunk }: InputOptions,
  fields: FrameOptions,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  const input: AsyncIterable<Buffer> = openInput(name, signal);
  const rest = input[Symbol.asyncIterator]();
  const head = await readHead(rest);
  const pieces = chain(head, rest);
  const isJson = format === 'auto' ? beginsLikeFrames(head.toString()) : format === 'json';
  if (isJson) yield* jsonFrames(name, pieces, fields, signal);
  else if (head.length === 0) throw emptyInput(name);
  else yield* rawFrames(name, pieces, chunk, fields);
}

async function* jsonFrames(
  name: string,
  pieces: AsyncIterable<Buffer>,
  fields: FrameOptions,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  let number = 0;
  const input = Readable.from(pieces, { objectMode: false });
  const lines = createInterface({ input, crlfDelay: Infinity, signal });
  let failure: Error | undefined;
  // It would wait for the end of an input that has none.
  input.once('error', (err) => {
    failure = err;
    lines.close();
  });
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const frame = frameOf(line, `line ${number} of ${nameText(name)}`);
    yield new Frame(frame.payload, { ...pick(frame), ...pick(fields) });
  }
  throwIf(failure);
}

/** A call, because the compiler takes a variable for constant across an await. */
function throwIf(failure: Error | undefined): void {
  if (failure !== undefined) throw failure;
}

async function* rawFrames(
  name: string,
  pieces: AsyncGenerator<Buffer>,
  chunk: number | undefined,
  options: FrameOptions,
): AsyncGenerator<Frame> {
  const fields = pick(options);
  if (chunk === undefined) {
    yield new Frame(await readWhole(name, pieces), fields);
    return;
  }
  let kept: Buffer[] = [];
  let keptBytes = 0;
  for await (const piece of pieces) {
    kept.push(piece);
    keptBytes += piece.length;
    if (keptBytes < chunk) continue;
    const all = Buffer.concat(kept);
    let at = 0;
    for (; at + chunk <= all.length; at += chunk) yield new Frame(all.subarray(at, at + chunk), fields);
    kept = [all.subarray(at)];
    keptBytes = all.length - at;
  }
  if (keptBytes > 0) yield new Frame(Buffer.concat(kept), fields);
}

/** The fields of a frame, from options or from another frame. */
function pick({ channel, flags, error }: FrameOptions): FrameOptions {
  return given({ channel, flags, error });
}
