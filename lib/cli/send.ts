// rogue-bridge send: frames from files, standard input, or what dump printed.

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { addAbortSignal, Readable } from 'node:stream';
import { InvalidArgumentError, type Command } from 'commander';
import { Frame, type FrameOptions } from '../index';
import { bytes, given, integer, parseTarget, positive, seconds, type Target } from './support/arguments';
import { UsageError } from './support/errors';
import { frameOf, isFrameLine } from './support/frame-json';
import { addBridgeOptions } from './support/run';
import { checkReadable, DEFAULT_LINGER_S, sendFrames, Sent, type SendingOptions } from './support/sending';

// How much of an input tells what it is: a line of JSON has its channel in front of its payload.
const HEAD_BYTES = 4096;
const LIKE_A_FRAME = /^\s*\{\s*"(channel|flags|error|size|payload)"\s*:/;

interface SendOptions extends SendingOptions {
  readonly format: 'auto' | 'raw' | 'json';
  readonly channel?: number;
  readonly flags?: number;
  readonly error?: number;
  readonly chunk?: number;
  readonly repeat: number;
}

export function addSend(program: Command): void {
  addBridgeOptions(
    program
      .command('send')
      .summary('send frames from files, standard input or JSON lines')
      .description(
        'Sends each file as a frame, or in pieces of --chunk bytes; standard input where no file is named. JSON lines, ' +
          'as dump --format json prints them, become the frames they were.',
      )
      .argument('<target>', 'HOST:PORT, the base port', parseTarget)
      .argument('[files...]', 'files, - for standard input')
      .option(
        '--format <name>',
        'raw, json, or auto: JSON lines are told by their first line',
        format,
        'auto',
      )
      .option('--channel <n>', 'channel of every frame, 0 to 255', integer(0, 255))
      .option('--flags <n>', 'flags of every frame, 0 to 65535 or 0xffff', integer(0, 0xffff))
      .option('--error <n>', 'error field of every frame, 0 to 255', integer(0, 255))
      .option('--chunk <size>', 'raw: bytes a frame', bytes)
      .option('--repeat <n>', 'how often to send it all', integer(1), 1)
      .option('--rate <n>', 'frames a second at most', positive)
      .option('--linger <time>', 'how long the last frames may take', seconds, DEFAULT_LINGER_S),
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge send daq-host:8000 image.bin --channel 1
  rogue-bridge send daq-host:8000 --chunk 1M < data.bin
  rogue-bridge dump a:8000 --format json | rogue-bridge send b:8000 --rate 100`,
    )
    .action(send);
}

async function send(target: Target, files: string[], options: SendOptions): Promise<void> {
  if (options.chunk === 0) throw new UsageError('--chunk is 0, but must be at least 1 byte');
  const names = files.length === 0 ? ['-'] : files;
  checkReadable(names.filter((name) => name !== '-'));
  if (options.repeat > 1 && names.includes('-')) {
    throw new UsageError('--repeat needs files: standard input can be read once');
  }
  await sendFrames(target, options, new Sent(), async function* (signal) {
    for (let round = 0; round < options.repeat; round++) {
      for (const name of names) yield* framesOf(name, options, signal);
    }
  });
}

async function* framesOf(name: string, options: SendOptions, signal: AbortSignal): AsyncGenerator<Frame> {
  // What nobody writes to would keep us for ever.
  const input = addAbortSignal(signal, name === '-' ? process.stdin : createReadStream(name));
  const rest = (input as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const head = await readHead(rest);
  const pieces = chain(head, rest);
  const [firstLine = '', ...more] = head.toString('utf8').split('\n');
  // A long payload goes on behind the head; what begins like this is meant to be a frame.
  const isJson = isFrameLine(firstLine) || (more.length === 0 && LIKE_A_FRAME.test(firstLine));
  if (options.format === 'json' || (options.format === 'auto' && isJson)) {
    yield* jsonFrames(name, pieces, options, signal);
  } else yield* rawFrames(name, pieces, options);
}

async function* jsonFrames(
  name: string,
  pieces: AsyncIterable<Buffer>,
  options: SendOptions,
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
    yield new Frame(frame.payload, { ...pick(frame), ...pick(options) });
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
  options: SendOptions,
): AsyncGenerator<Frame> {
  const fields = pick(options);
  const { chunk = Infinity } = options;
  // A file that is one frame is read at once.
  if (chunk === Infinity && name !== '-') {
    await pieces.return(undefined);
    yield new Frame(await readFile(name), fields);
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

/** The first line, or so much of it as tells what it is, and what came with it. */
async function readHead(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (!head.includes('\n') && head.length < HEAD_BYTES) {
    const next = await pieces.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* chain(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** The fields of a frame, from options or from another frame. */
function pick({ channel, flags, error }: FrameOptions): FrameOptions {
  return given({ channel, flags, error });
}

function nameText(name: string): string {
  return name === '-' ? 'standard input' : name;
}

function format(text: string): string {
  if (!['auto', 'raw', 'json'].includes(text)) throw new InvalidArgumentError('give auto, raw or json');
  return text;
}
