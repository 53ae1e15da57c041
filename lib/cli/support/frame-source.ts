// Where frames come from: a peer, a log, or data files in its place.

import { existsSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { readFrames, type FileFrame, type FileSource, type Frame } from '../../index';
import { visible } from '../../quoted';
import { partsOf } from '../../utilities/fileio/file-names';
import { HEADER_BYTES } from '../../utilities/fileio/record';
import { openFile } from '../send/input';
import { given, isLogText, isTarget, type AnyTarget } from './arguments';
import { misplaced, UsageError } from './errors';
import { parseAnyTarget, TARGET_HELP } from './log-target';
import { bridgeOptions, metricsOptions } from './options';
import { tokenOption, viewOption } from './page';
import type { Interruption } from './run';

// How long a signal may take that was sent before.
const SIGNAL_MS = 50;

/** Of an argument that is a peer, a log or a data file. */
export const SOURCE_HELP = `${TARGET_HELP}; or data files, - for standard input`;

/** A peer or a log, or data files: their names, or `-` alone. */
export type FrameSource =
  | { readonly target: AnyTarget; readonly files?: undefined }
  | { readonly target?: undefined; readonly files: readonly string[] };

/**
 * What these arguments name: HOST:PORT is a peer, nats://HOST/STREAM a log, anything else a data file.
 * @param command whose options were given; those for a peer or a log alone make no sense with files.
 * @param alsoOfFiles options of a bridge, as commander names them, that make sense with files as well.
 * @throws {UsageError}
 */
export function sourceOf(
  names: readonly string[],
  command: Command,
  alsoOfFiles: readonly string[] = [],
): FrameSource {
  const [first = ''] = names;
  if (names.length === 1 && isTarget(first)) return { target: targetOf(first) };
  const target = names.find(isTarget);
  if (target !== undefined) {
    const what = isLogText(target) ? 'log' : 'peer';
    throw new UsageError(`${visible(target)} is a ${what}: give it alone, or data files alone`);
  }
  checkFiles(names);
  const wrong = [...bridgeOptions(), ...metricsOptions(), viewOption(), tokenOption()]
    .filter((option) => !alsoOfFiles.includes(option.attributeName()))
    .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
    .map(({ long }) => long!);
  if (wrong.length > 0) throw misplaced(wrong, 'a peer', `${nameOf(first)} is a data file`);
  return { files: names };
}

/** The peer or the log that an argument names. @throws {UsageError} */
export function targetOf(text: string): AnyTarget {
  try {
    return parseAnyTarget(text);
  } catch (err) {
    if (isLogText(text)) throw err;
    throw new UsageError(`'${visible(text)}' is no address of a peer: ${(err as Error).message}`);
  }
}

/** @throws {UsageError} for files that cannot be read as they are named. */
export function checkFiles(names: readonly string[]): void {
  if (names.includes('-')) {
    if (names.length > 1) throw new UsageError('- is standard input: give it alone, or files alone');
    if (process.stdin.isTTY) {
      throw new UsageError('standard input is a terminal: pipe a data file into it, or name one');
    }
  }
  // The first part of a recording is a hint that the library gives.
  const missing = names.find((name) => name !== '-' && !existsSync(name) && !existsSync(`${name}.1`));
  if (missing === undefined) return;
  throw new UsageError(
    `${visible(missing)}: there is no such file, and for a peer give HOST:PORT, for example daq-host:8000`,
  );
}

/** The frames of data files, in order; of several as they are named, of `run.dat.1` alone those of all its parts. */
export function framesOf(
  files: readonly string[],
  options: {
    readonly channel?: number[] | undefined;
    readonly follow?: boolean | undefined;
    readonly signal: AbortSignal;
  },
): AsyncIterableIterator<FileFrame, undefined> {
  if (options.follow === true && readsOnce(files)) {
    throw new UsageError(`--follow is for files: ${filesText(files)} is read until it ends`);
  }
  return readFrames(openable(files), given(options));
}

function openable(files: readonly string[]): FileSource {
  const [first = ''] = files;
  if (first === '-') return process.stdin;
  if (readsOnce(files)) return openFile(first);
  return files.length === 1 ? first : files;
}

/** Whether this is standard input, or a pipe, which a shell makes of <(zcat run.dat.gz). */
export function readsOnce(files: readonly string[]): boolean {
  const [first = ''] = files;
  if (files.length > 1) return false;
  return first === '-' || statSync(first, { throwIfNoEntry: false })?.isFIFO() === true;
}

/** How {@link readFiles} reads. */
export interface ReadFilesOptions {
  /** Only frames of these channels; default all. */
  readonly channel?: number[] | undefined;
  /** Seconds; default no limit. */
  readonly duration?: number | undefined;
  /** Goes on at the end of the last file, as it is written. */
  readonly follow?: boolean | undefined;
}

/**
 * Gives the frames of data files to `accept` until it returns true, there are no more, it is interrupted, or the time is
 * over.
 * @returns whether it was interrupted, or the time was over.
 */
export async function readFiles(
  files: readonly string[],
  interruption: Interruption,
  accept: (frame: FileFrame) => boolean | Promise<boolean>,
  { channel, duration, follow }: ReadFilesOptions = {},
): Promise<boolean> {
  const { signal } = interruption;
  if (duration !== undefined) void interruption.wait(duration).then(() => interruption.stop());
  let isEarly = false;
  try {
    for await (const frame of framesOf(files, { channel, follow, signal })) {
      const isEnough = accept(frame);
      if (isEnough === true || (isEnough !== false && (await isEnough))) break;
    }
  } catch (err) {
    // Ctrl-C ends the writer of a pipe as well, and the end of the pipe may be seen before the signal.
    await pause(SIGNAL_MS);
    if (!signal.aborted) throw err;
  } finally {
    isEarly = signal.aborted;
    // It would wait for the rest of the time.
    if (duration !== undefined) interruption.stop();
  }
  return isEarly;
}

/**
 * The data files of these arguments, and the file to write, which is the last of them.
 * @param example the rest of a command line that is right, behind the first file.
 * @throws {UsageError}
 */
export async function splitOutput(
  names: readonly string[],
  command: string,
  example: string,
): Promise<{ files: string[]; to: string }> {
  const files = names.slice(0, -1);
  const to = names.at(-1)!;
  if (files.length === 0) {
    throw new UsageError(
      `behind the data file name the file to write: '${command} ${visible(to)} ${example}'`,
    );
  }
  checkFiles(files);
  // It would be emptied before it is read.
  if ((await filesRead(files)).some((file) => isSameFile(file, to))) {
    throw new UsageError(`${visible(to)} is read, so it cannot be written as well: choose another name`);
  }
  return { files, to };
}

/** The files, or all parts of a recording that is named by its first. */
export async function filesRead(files: readonly string[]): Promise<readonly string[]> {
  const base = files.length === 1 ? /^(.*\.)1$/.exec(files[0]!)?.[1] : undefined;
  if (base === undefined) return files;
  return (await partsOf(base)).filter(({ index }) => index > 0).map(({ path }) => path);
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { throwIfNoEntry: false }));
  return a?.isFile() === true && a.ino === b?.ino && a.dev === b.dev;
}

/** Bytes that a frame takes in a data file. */
export function recordBytes({ size }: Frame): number {
  return HEADER_BYTES + size;
}

/** How far so many frames with so many payload bytes are in files of `totalBytes`, as {@link sizeOf} tells them. */
export function fileShare(totalBytes: number, frames: number, payloadBytes: number): number | undefined {
  return totalBytes === Infinity ? undefined : (payloadBytes + frames * HEADER_BYTES) / totalBytes;
}

/** Bytes of a file, of all parts of a recording, or Infinity where nobody knows. */
export async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = (await filesRead(files)).map((path) => (path === '-' ? Infinity : fileSize(path)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What cannot be looked at is told when it is opened. */
function fileSize(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.size : Infinity;
}

/** Files as people read them. */
export function filesText(files: readonly string[]): string {
  return files.map(nameOf).join(', ');
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : visible(file);
}
