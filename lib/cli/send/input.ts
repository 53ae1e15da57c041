// What send reads: files, pipes, devices and standard input, each opened once and read in one pass.

import { closeSync, constants, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { visible } from '../../quoted';
import { Failure, UsageError } from '../support/errors';
import { beginsLikeFrames } from '../support/frame-json';
import { sizeText } from '../support/text';

/** What the sizes on the wire, of 32 bits, leave room for. */
export const MAX_FRAME_BYTES = 2 ** 32 - 1;

// How much of an input tells what it is: a line of JSON has its channel in front of its payload.
const HEAD_BYTES = 4096;
const PIECE_BYTES = 2 ** 20;

/** What is made of the inputs. */
export interface InputOptions {
  readonly format: 'auto' | 'raw' | 'json';
  readonly chunk?: number;
  /** How often all of it is sent. */
  readonly rounds: number;
}

/** Tells of a file that cannot be sent, as far as its name and size show it. @throws {Failure} {UsageError} */
export function checkInput(name: string, { format, chunk, rounds }: InputOptions): void {
  const stats = statSync(name);
  if (stats.isDirectory()) throw new Failure(`${visible(name)} is a directory: name the files in it`);
  if (stats.isFIFO() && rounds > 1) {
    throw new UsageError(`--loop needs files: ${visible(name)} is a pipe, which can be read once`);
  }
  if (!stats.isFile() || format === 'json') return;
  // Files of /proc have a size of 0 and something in them.
  if (stats.size === 0 && peek(name).length === 0) throw emptyInput(name);
  if (stats.size <= MAX_FRAME_BYTES || chunk !== undefined) return;
  if (format === 'raw' || !beginsLikeFrames(peek(name).toString())) throw largeInput(name);
}

function peek(name: string): Buffer {
  const fd = openSync(name, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

/** An input from its beginning; the signal ends it wherever it is. */
export function openInput(name: string, signal: AbortSignal): Readable {
  return addAbortSignal(signal, name === '-' ? process.stdin : openFile(name));
}

/** A file or a named pipe. */
export function openFile(name: string): Readable {
  if (!statSync(name).isFIFO()) return createReadStream(name, { highWaterMark: PIECE_BYTES });
  // A thread that waits in open() for somebody who writes cannot be ended: not even exit() gets past it.
  const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/** So much of an input as tells what it is: its first line that is not blank, or less where that is no object. */
export async function readHead(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < HEAD_BYTES && isUndecided(head.toString().trimStart())) {
    const next = await pieces.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

/** What comes from somebody who writes slowly is not to wait for a line that it does not need. */
function isUndecided(text: string): boolean {
  return text === '' || (text.startsWith('{') && !text.includes('\n'));
}

/** All of an input, its head first. */
export async function* chain(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** All of it, in one buffer. @throws {Failure} for more than a frame holds. */
export async function readWhole(name: string, pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  // Right from the start where the size is known: a large file is not in memory twice.
  let whole = reserve(name, sizeOf(name));
  let size = 0;
  for await (const piece of pieces) {
    const needed = size + piece.length;
    if (needed > MAX_FRAME_BYTES) throw largeInput(name);
    if (needed > whole.length) {
      const larger = reserve(name, Math.min(2 * needed, MAX_FRAME_BYTES));
      whole.copy(larger, 0, 0, size);
      whole = larger;
    }
    piece.copy(whole, size);
    size = needed;
  }
  return whole.subarray(0, size);
}

function sizeOf(name: string): number {
  if (name === '-') return 0;
  const stats = statSync(name);
  return stats.isFile() ? Math.min(stats.size, MAX_FRAME_BYTES) : 0;
}

function reserve(name: string, bytes: number): Buffer {
  try {
    return Buffer.allocUnsafe(bytes);
  } catch {
    throw new Failure(
      `there is no memory for ${nameText(name)} as one frame, ${sizeText(bytes)}: send it in pieces with --chunk`,
    );
  }
}

/** For an input in which there is nothing. */
export function emptyInput(name: string): Failure {
  return new Failure(`${nameText(name)} is empty, but a frame holds at least one byte`);
}

function largeInput(name: string): Failure {
  return new Failure(
    `${nameText(name)} is larger than a frame can be, ${MAX_FRAME_BYTES} bytes: send it in pieces with --chunk`,
  );
}

/** A file as a message names it. */
export function nameText(name: string): string {
  return name === '-' ? 'standard input' : visible(name);
}
