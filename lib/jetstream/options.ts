// The options of writers and readers of a log: names, defaults, checks.

import { MAX_TIMER_MS } from '../async/clock';
import { show } from '../errors';
import { checkBoolean, checkInteger, checkOptionNames } from '../validate';
import { hidden, parseLogAddress } from './address';

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_BATCH_BYTES = 256 * 1024;
const DEFAULT_BATCH_MS = 5;
const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;
const DEFAULT_READ_AHEAD_BYTES = 16 * 1024 * 1024;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
const MAX_REPLICAS = 5;
const MAX_NAME_CHARS = 200;
const NAME = /^[\w-]+$/;

/** Files for TLS, in PEM. */
export interface LogTlsOptions {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Where a log is, and who we are. */
export interface LogConnectionOptions {
  /** `nats://host:4222`, or several of one cluster; port 4222 unless given. */
  readonly servers: string | readonly string[];
  /** Name of the stream: letters, digits, `_` and `-`. */
  readonly stream: string;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** A credentials file of NATS. */
  readonly creds?: string;
  /** With TLS; `{}` where the system's own certificates do. */
  readonly tls?: LogTlsOptions;
  /** How long the first connection may take, in ms; default 5000. */
  readonly timeoutMs?: number;
}

/** What the log keeps. Checked against a stream that is there; of what is left out, such a stream may have anything. */
export interface KeepOptions {
  /** Bytes in all; default without limit. */
  readonly maxBytes?: number;
  /** Age in ms; default without limit. */
  readonly maxAgeMs?: number;
  /** Messages, not frames: one message may have thousands of small frames. Default without limit. */
  readonly maxMessages?: number;
  /** Servers that have a copy each; default 1. */
  readonly replicas?: number;
  readonly storage?: 'file' | 'memory';
  /** At a limit: `'old'` (default) removes the oldest messages, `'new'` refuses new ones, which holds the source back. */
  readonly discard?: 'old' | 'new';
}

/** Options of a `JetStreamWriter`. */
export interface JetStreamWriterOptions extends LogConnectionOptions, KeepOptions {
  /** Name of this writer, a part of its message ids: letters, digits, `_` and `-`. Default `rogue-bridge`. */
  readonly source?: string;
  /** Records gathered in a message, in bytes; default 262144. A server may allow less. */
  readonly batchBytes?: number;
  /** How long a small frame may wait for others, in ms; default 5, with `settle: 'stored'` 0. 0 sends it in the next turn of the event loop. */
  readonly batchMs?: number;
  /** Bytes that may wait for their acknowledgement before the source is held back; default 16 MiB. */
  readonly windowBytes?: number;
  /**
   * When `acceptFrame` settles: `'window'` (default) as soon as there is room for more, `'stored'` when the log has
   * acknowledged the frame.
   */
  readonly settle?: 'window' | 'stored';
  /** Drops and counts frames instead of holding the source back. Default false. */
  readonly drop?: boolean;
  /** How long the log may acknowledge nothing before what is on its way is sent again, in ms; default 5000. */
  readonly ackTimeoutMs?: number;
}

/** Where a reader begins. */
export type ReadFrom =
  | 'now'
  | 'first'
  | { readonly sequence: number }
  | { readonly time: Date }
  | { readonly last: number }
  | { readonly frame: number };

/** Options of a `JetStreamReader`. */
export interface JetStreamReaderOptions extends LogConnectionOptions {
  /**
   * `'now'` (default): frames that come from now on; `'first'`: all that are there; `{ sequence }`: from that message of the
   * stream; `{ time }`: stored then or later; `{ last }`: the last n frames; `{ frame }`: from that frame number. The last two
   * count frames of all channels.
   */
  readonly from?: ReadFrom;
  /** Frames of these channels alone. The server picks out those of a single channel; of several the reader does. */
  readonly channels?: readonly number[];
  /**
   * Shares the frames with all readers of this group, wherever they run; each is given to one of them, again when it dies:
   * at least once, and not in order. The group remembers its place. Without a group a reader gets a copy of every frame, in
   * order. `from` and `channels` hold for a group when it is made.
   */
  readonly group?: string;
  /** Ends at what was the end of the log when the reading began; default false: waits for more. Not for a group. */
  readonly untilEnd?: boolean;
  /** Bytes that are asked for ahead of the slaves; default 16 MiB. */
  readonly readAheadBytes?: number;
}

/** {@link LogConnectionOptions}, checked. */
export interface ConnectionOptions extends Omit<LogConnectionOptions, 'servers'> {
  readonly servers: readonly string[];
  readonly timeoutMs: number;
}

export interface WriterOptions extends ConnectionOptions, KeepOptions {
  readonly source: string;
  readonly batchBytes: number;
  readonly batchMs: number;
  readonly windowBytes: number;
  readonly settle: 'window' | 'stored';
  readonly drop: boolean;
  readonly ackTimeoutMs: number;
}

export interface ReaderOptions extends ConnectionOptions {
  readonly from: ReadFrom;
  readonly channels: readonly number[] | undefined;
  readonly group: string | undefined;
  readonly untilEnd: boolean;
  readonly readAheadBytes: number;
}

const CONNECTION_NAMES = ['servers', 'stream', 'user', 'pass', 'token', 'creds', 'tls', 'timeoutMs'];
const KEEP_NAMES = ['maxBytes', 'maxAgeMs', 'maxMessages', 'replicas', 'storage', 'discard'];
const WRITER_NAMES = [
  ...CONNECTION_NAMES,
  ...KEEP_NAMES,
  'source',
  'batchBytes',
  'batchMs',
  'windowBytes',
  'settle',
  'drop',
  'ackTimeoutMs',
];
const READER_NAMES = [...CONNECTION_NAMES, 'from', 'channels', 'group', 'untilEnd', 'readAheadBytes'];
const TLS_NAMES = ['caFile', 'certFile', 'keyFile'];

/** @throws {TypeError} {RangeError} naming the option and the value. */
export function resolveWriterOptions(target: string | JetStreamWriterOptions): WriterOptions {
  const options = typeof target === 'string' ? writerPart(target) : target;
  checkOptionNames('the options of JetStreamWriter', options, WRITER_NAMES);
  const { maxBytes, maxAgeMs, maxMessages, replicas, storage, discard } = options;
  for (const [name, value] of Object.entries({ maxBytes, maxAgeMs, maxMessages })) {
    if (value !== undefined) checkInteger(name, value, 1, Number.MAX_SAFE_INTEGER);
  }
  if (replicas !== undefined) checkInteger('replicas', replicas, 1, MAX_REPLICAS);
  if (storage !== undefined) checkWord('storage', storage, ['file', 'memory']);
  if (discard !== undefined) checkWord('discard', discard, ['old', 'new']);
  const settle = checkWord('settle', options.settle ?? 'window', ['window', 'stored']);
  // A source that waits for every frame has no others that this one could wait for.
  const defaultBatchMs = settle === 'stored' ? 0 : DEFAULT_BATCH_MS;
  return {
    ...options,
    ...connectionOptions(options),
    source: checkName('source', options.source ?? 'rogue-bridge'),
    batchBytes: checkInteger('batchBytes', options.batchBytes ?? DEFAULT_BATCH_BYTES, 1024, MAX_BATCH_BYTES),
    batchMs: checkInteger('batchMs', options.batchMs ?? defaultBatchMs, 0, 60_000),
    windowBytes: checkInteger(
      'windowBytes',
      options.windowBytes ?? DEFAULT_WINDOW_BYTES,
      1024,
      Number.MAX_SAFE_INTEGER,
    ),
    settle,
    drop: checkBoolean('drop', options.drop ?? false),
    ackTimeoutMs: checkInteger('ackTimeoutMs', options.ackTimeoutMs ?? DEFAULT_TIMEOUT_MS, 100, MAX_TIMER_MS),
  };
}

/** @throws {TypeError} {RangeError} naming the option and the value. */
export function resolveReaderOptions(target: string | JetStreamReaderOptions): ReaderOptions {
  const options = typeof target === 'string' ? readerPart(target) : target;
  checkOptionNames('the options of JetStreamReader', options, READER_NAMES);
  const { channels, group, untilEnd = false } = options;
  if (channels !== undefined) {
    if (!Array.isArray(channels) || channels.length === 0)
      throw new TypeError(`channels is ${show(channels)}, but must be an array with at least one channel`);
    for (const one of channels) checkInteger('a channel', one, 0, 255);
  }
  if (group !== undefined) checkName('group', group);
  checkBoolean('untilEnd', untilEnd);
  if (untilEnd && group !== undefined)
    throw new TypeError(
      'untilEnd is true and group is given: a group has no end, because others read as well',
    );
  return {
    ...connectionOptions(options),
    from: checkFrom(options.from ?? 'now'),
    channels,
    group,
    untilEnd,
    readAheadBytes: checkInteger(
      'readAheadBytes',
      options.readAheadBytes ?? DEFAULT_READ_AHEAD_BYTES,
      1024,
      Number.MAX_SAFE_INTEGER,
    ),
  };
}

/** Of an address or options of either kind, where the log is. @throws {TypeError} {RangeError} */
export function connectionOptionsOf(
  target: string | JetStreamReaderOptions | JetStreamWriterOptions,
): ConnectionOptions {
  if (typeof target === 'string') return connectionOptions(parseLogAddress(target).connection);
  checkOptionNames('the options of a log', target, [...new Set([...WRITER_NAMES, ...READER_NAMES])]);
  return connectionOptions(target);
}

function writerPart(text: string): JetStreamWriterOptions {
  const { connection, keep, read } = parseLogAddress(text);
  const [wrong] = Object.keys(read);
  if (wrong !== undefined) throw wrongUse(text, wrong, 'reading');
  return { ...connection, ...keep };
}

function readerPart(text: string): JetStreamReaderOptions {
  const { connection, keep, read } = parseLogAddress(text);
  const [wrong] = Object.keys(keep);
  if (wrong !== undefined) throw wrongUse(text, wrong, 'writing');
  return { ...connection, ...read };
}

function wrongUse(text: string, name: string, use: string): TypeError {
  return new TypeError(`${hidden(text)} has '${name}', which is for ${use} alone: leave it out`);
}

function connectionOptions(options: LogConnectionOptions): ConnectionOptions {
  const { servers, stream, user, pass, token, creds, tls, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const all: unknown = typeof servers === 'string' ? [servers] : servers;
  if (!Array.isArray(all) || all.length === 0 || all.some((one) => typeof one !== 'string' || one === ''))
    throw new TypeError(
      `servers is ${show(servers)}, but must be 'nats://host:4222' or an array of such addresses`,
    );
  // The client of NATS ignores a login that is there, and the servers then refuse it.
  const withLogin = (all as string[]).find((one) => one.includes('@'));
  if (withLogin !== undefined) {
    throw new TypeError(
      `servers has ${hidden(withLogin)}: give the login as the options user and pass, or token, and no '@' here`,
    );
  }
  for (const [name, value] of Object.entries({ user, creds })) {
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`${name} is ${show(value)}, but must be a string`);
  }
  for (const [name, value] of Object.entries<unknown>({ pass, token })) {
    if (value === undefined || typeof value === 'string') continue;
    // A number may be the password.
    const kind = typeof value === 'object' ? show(value) : `a ${typeof value}`;
    throw new TypeError(`${name} is ${kind}, but must be a string`);
  }
  if (tls !== undefined) checkOptionNames('the options of tls', tls, TLS_NAMES);
  return {
    servers: all as string[],
    stream: checkName('stream', stream),
    timeoutMs: checkInteger('timeoutMs', timeoutMs, 1, MAX_TIMER_MS),
    ...(user !== undefined && { user }),
    ...(pass !== undefined && { pass }),
    ...(token !== undefined && { token }),
    ...(creds !== undefined && { creds }),
    ...(tls !== undefined && { tls }),
  };
}

function checkFrom(from: ReadFrom): ReadFrom {
  if (from === 'now' || from === 'first') return from;
  const wrong = `from is ${show(from)}, but must be 'now', 'first', { sequence }, { time }, { last } or { frame }`;
  if (typeof from !== 'object' || (from as unknown) === null || Object.keys(from).length !== 1)
    throw new TypeError(wrong);
  if ('sequence' in from) checkInteger('from.sequence', from.sequence, 1, Number.MAX_SAFE_INTEGER);
  else if ('last' in from) checkInteger('from.last', from.last, 1, Number.MAX_SAFE_INTEGER);
  else if ('frame' in from) checkInteger('from.frame', from.frame, 0, Number.MAX_SAFE_INTEGER);
  else if (!(from.time instanceof Date) || Number.isNaN(from.time.getTime()))
    throw new TypeError(`from.time is ${show(from.time)}, but must be a Date`);
  return from;
}

/** A name that may be a part of a subject and of a file name. */
export function checkName(what: string, name: unknown): string {
  if (typeof name === 'string' && NAME.test(name) && name.length <= MAX_NAME_CHARS) return name;
  throw new TypeError(
    `${what} is ${show(name)}, but must be 1 to ${MAX_NAME_CHARS} letters, digits, '_' and '-'`,
  );
}

function checkWord<T extends string>(name: string, value: T, words: readonly T[]): T {
  if (words.includes(value)) return value;
  throw new TypeError(
    `${name} is ${show(value)}, but must be ${words.map((one) => `'${one}'`).join(' or ')}`,
  );
}
