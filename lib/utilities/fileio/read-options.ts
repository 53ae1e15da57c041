// What can be said about reading data files.

import type { Readable } from 'node:stream';
import { show } from '../../errors';
import { checkBoolean, checkInteger, checkOptionNames, checkSignal } from '../../validate';
import type { FilePlace } from './file-frame';
import { checkPath, type FilePath } from './paths';
import { checkStream, isStream } from './stream-input';

/**
 * Where records come from: a file, by its name or a `file:` URL, the first part (`.1`) of a recording, which stands for all
 * of them, a list of files, which are read as they are, or a Node stream of bytes, which is destroyed at the end.
 */
export type FileSource = FilePath | readonly FilePath[] | Readable;

/**
 * How batches lie in a file: `v1` and `v2` as a combiner sends them, `inverted` as Rogue's `InverterV1` passes on those of
 * width 2 to 5, which is what pyrogue's `FileReader(batched=True)` expects.
 */
export type BatchFormat = 'v1' | 'v2' | 'inverted';

/** Which records of a file become frames. */
export interface ReadFramesOptions {
  /** The channel, or channels, to read; default all. With `batched`, the channels of whole batches. */
  readonly channel?: number | readonly number[];
  /**
   * The channel of configuration text (YAML, as pyrogue writes it), which is no frame. It is merged as pyrogue's `FileReader`
   * does it, and every frame has the result in `frame.config`. Needs the optional package `yaml`.
   */
  readonly config?: number;
  /** The channel of configuration text, which is given to `onConfig` and is no frame; with `config`, that channel. */
  readonly configChan?: number;
  /**
   * Takes each configuration text (YAML, as pyrogue writes it), and where it is. A promise holds back what is behind;
   * what it throws ends the reading.
   */
  readonly onConfig?: (text: string, place: FilePlace) => unknown;
  /** Each record of the file is a batch, whose records become the frames. Default: no batches. */
  readonly batched?: BatchFormat;
  /**
   * True: the reading does not end with the last file. It waits for records that are still being written, and goes on with
   * the next part of a recording. It ends when `signal` is aborted, or the iteration is left. Default false.
   */
  readonly follow?: boolean;
  /** Ends the reading when it is aborted. */
  readonly signal?: AbortSignal;
}

/** Names of {@link ReadFramesOptions}. */
export const READ_OPTIONS = [
  'channel',
  'config',
  'configChan',
  'onConfig',
  'batched',
  'follow',
  'signal',
] as const;
const BATCH_FORMATS: readonly unknown[] = ['v1', 'v2', 'inverted'] satisfies BatchFormat[];

/** The arguments of a reading, after they have been checked. */
export interface CheckedSource {
  readonly paths: (string | Readable)[];
  /** What the parts of a recording have in common, when it was named by its first part. */
  readonly base: string | undefined;
  /** The channels to read; undefined for all. */
  readonly channels: ReadonlySet<number> | undefined;
}

/** @throws {TypeError} {RangeError} for arguments that are wrong. */
export function checkSource(
  paths: FileSource,
  options: ReadFramesOptions,
  what: string,
  names: readonly string[],
): CheckedSource {
  checkOptionNames(`the options of ${what}`, options, names);
  checkSignal(options.signal);
  const isList = Array.isArray(paths);
  let sources: (string | Readable)[];
  if (isStream(paths)) sources = [checkStream(paths)];
  else if (isList) sources = paths.map((path) => checkPath('a path', path));
  else sources = [checkPath('paths', paths, ', or a Node stream of bytes')];
  const [first] = sources;
  if (first === undefined) throw new TypeError(`${what} was given an empty list of files`);
  const isFirstPart = !isList && typeof first === 'string' && first.endsWith('.1');
  const { channel, batched, follow = false } = options;
  if (checkBoolean('follow', follow) && typeof first !== 'string') {
    throw new TypeError('follow is for files: a stream is read until it ends');
  }
  if (batched !== undefined && !BATCH_FORMATS.includes(batched)) {
    throw new TypeError(`batched is ${show(batched)}, but must be 'v1', 'v2' or 'inverted'`);
  }
  return {
    paths: sources,
    base: isFirstPart ? first.slice(0, -1) : undefined,
    channels: channel === undefined ? undefined : channelsOf(channel),
  };
}

function channelsOf(channel: number | readonly number[]): ReadonlySet<number> {
  const channels = typeof channel === 'number' ? [channel] : channel;
  return new Set(channels.map((one) => checkInteger('channel', one, 0, 0xff)));
}
