// The address of a log as one text: nats://host:4222/STREAM?since=10m&channel=3. Pure.

import { show } from '../errors';
import type {
  JetStreamReaderOptions,
  KeepOptions,
  LogConnectionOptions,
  LogTlsOptions,
  ReadFrom,
} from './options';

const DEFAULT_PORT = 4222;
const MAX_CHARS = 4096;
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, min: 60e3, h: 3600e3, d: 86_400e3 };
const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

const ADDRESS = /^(nats|tls):\/\/(?:([^/?]*)@)?([^/?@\s]+)\/([^/?@\s]+)(?:\?(.*))?$/s;
const LOGIN = /^(\w+:\/\/)?.*@/s;
const SECRET = /([?&][^=&]*(?:pass|pw|token|secret)[^=&]*=)[^&]*/gi;
const EXAMPLE = 'nats://daq-host:4222/run42?since=10m&channel=3';

/** How a log is read, as an address says it. */
export type ReadPart = Pick<JetStreamReaderOptions, 'from' | 'channels' | 'group' | 'untilEnd'>;

/** What an address says. */
export interface LogAddress {
  readonly connection: LogConnectionOptions;
  /** For a writer. */
  readonly keep: KeepOptions;
  /** For a reader. */
  readonly read: ReadPart;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Parts {
  connection: Mutable<LogConnectionOptions>;
  keep: Mutable<KeepOptions>;
  read: Mutable<ReadPart>;
  tls: Mutable<LogTlsOptions>;
}

/** Words of the query: what each is, and where it goes. */
const WORDS: Readonly<Record<string, (parts: Parts, value: string) => void>> = {
  from: ({ read }, value) => setFrom(read, placeOf(value)),
  since: ({ read }, value) => setFrom(read, { time: timeOf(value) }),
  last: ({ read }, value) => setFrom(read, { last: whole(value, 1) }),
  frame: ({ read }, value) => setFrom(read, { frame: whole(value, 0) }),
  channel: ({ read }, value) => {
    read.channels = [...(read.channels ?? []), ...value.split(',').map((one) => whole(one, 0, 255))];
  },
  group: ({ read }, value) => (read.group = value),
  until: ({ read }, value) => {
    if (value !== 'end') throw wrong("give 'end'");
    read.untilEnd = true;
  },
  'max-bytes': ({ keep }, value) => (keep.maxBytes = bytes(value)),
  'max-age': ({ keep }, value) => (keep.maxAgeMs = duration(value)),
  'max-messages': ({ keep }, value) => (keep.maxMessages = whole(value, 1)),
  replicas: ({ keep }, value) => (keep.replicas = whole(value, 1, 5)),
  storage: ({ keep }, value) => (keep.storage = word(value, ['file', 'memory'])),
  discard: ({ keep }, value) => (keep.discard = word(value, ['old', 'new'])),
  creds: ({ connection }, value) => (connection.creds = value),
  ca: ({ tls }, value) => (tls.caFile = value),
  cert: ({ tls }, value) => (tls.certFile = value),
  key: ({ tls }, value) => (tls.keyFile = value),
};

/** Whether this looks like the address of a log: `nats://...` or `tls://...`. */
export function isLogAddress(text: string): boolean {
  return /^(nats|tls):\/\//.test(text);
}

/**
 * What `nats://[user:pass@]host[:4222][,host...]/STREAM[?query]` says; `tls://` is the same with TLS.
 *
 * For reading: `from=now|first|SEQUENCE`, `since=10m` or a time in ISO format, `last=N` and `frame=N` (frames of all
 * channels), `channel=3,4`, `group=NAME`, `until=end`. For writing: `max-bytes=10G`, `max-age=7d`, `max-messages=N`,
 * `replicas=3`, `storage=file|memory`, `discard=old|new`. For both: `creds`, `ca`, `cert` and `key` name files.
 *
 * @throws {TypeError} which names the part that is wrong, and what it must be.
 */
export function parseLogAddress(text: string): LogAddress {
  const match = text.length > MAX_CHARS ? null : ADDRESS.exec(text);
  const [, scheme, login, hosts = '', stream = '', query = ''] = match ?? [];
  if (scheme === undefined)
    throw new TypeError(`${hidden(text)} is no address of a log: give one such as ${EXAMPLE}`);
  const servers = hosts.split(',').map((host) => serverOf(scheme, host, text));
  const parts: Parts = { connection: { servers, stream, ...loginOf(login) }, keep: {}, read: {}, tls: {} };
  const seen = new Set<string>();
  // In a query a + is a space; here it belongs to a time or to the name of a file.
  for (const [name, value] of new URLSearchParams(query.replaceAll('+', '%2B'))) {
    const take = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
    if (take === undefined) {
      throw new TypeError(
        `${hidden(text)} has the unknown word ${show(name)}: allowed are ${Object.keys(WORDS).join(', ')}`,
      );
    }
    try {
      if (name !== 'channel' && seen.has(name)) throw wrong('give it once');
      take(parts, value);
    } catch (err) {
      throw new TypeError(`${hidden(text)}: ${name} is ${show(value)}: ${(err as Error).message}`);
    }
    seen.add(name);
  }
  const { connection, keep, read, tls } = parts;
  if (scheme === 'tls' || Object.keys(tls).length > 0) connection.tls = tls;
  return { connection, keep, read };
}

/**
 * The address without a password, for errors and logs. It hides the password also where the address is wrong: with a / or ? in
 * the password, without nats://, or with a password in the query.
 */
export function hidden(text: string): string {
  return show(text.replace(LOGIN, '$1...@').replace(SECRET, '$1...'));
}

function serverOf(scheme: string, host: string, text: string): string {
  const [, name, port = DEFAULT_PORT] = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (name === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new TypeError(`${hidden(text)} has the host ${show(host)}: give HOST or HOST:PORT`);
  return `${scheme}://${name}:${port}`;
}

function loginOf(login: string | undefined): Pick<LogConnectionOptions, 'user' | 'pass' | 'token'> {
  if (login === undefined) return {};
  const at = login.indexOf(':');
  if (at < 0) return { token: decoded(login) };
  return { user: decoded(login.slice(0, at)), pass: decoded(login.slice(at + 1)) };
}

/** `%40` is an @. What is no such code stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function setFrom(read: Mutable<ReadPart>, from: ReadFrom): void {
  if (read.from !== undefined) throw wrong('give one of from, since, last and frame');
  read.from = from;
}

function placeOf(text: string): ReadFrom {
  if (text === 'now' || text === 'first') return text;
  if (/^\d+$/.test(text)) return { sequence: whole(text, 1) };
  throw wrong(
    'give now, first or the sequence of a message; or, in place of from, last=N, frame=N or since=10m',
  );
}

function whole(text: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw wrong(
    max === Number.MAX_SAFE_INTEGER
      ? `give a whole number from ${min} on`
      : `give a whole number from ${min} to ${max}`,
  );
}

function word<T extends string>(text: string, words: readonly T[]): T {
  const found = words.find((one) => one === text);
  if (found === undefined) throw wrong(`give ${words.join(' or ')}`);
  return found;
}

/** @returns ms. */
function duration(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text) ?? [];
  const value = Math.round(Number(number) * (MS[unit] ?? NaN));
  if (!(value > 0)) throw wrong('give a number with ms, s, m, h or d: 10m');
  return value;
}

function bytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(|k|[MGT]|[KMGT]i)B?$/.exec(text) ?? [];
  const value = Math.round(Number(number || NaN) * (BYTES[unit] ?? NaN));
  if (!(value > 0)) throw wrong('give a number of bytes: 1000, 64k, 10M, 1G, 2T');
  return value;
}

/** `10m` ago, or a time in ISO format. */
function timeOf(text: string): Date {
  if (/^\d+(\.\d+)?[a-z]+$/.test(text)) return new Date(Date.now() - duration(text));
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(NaN);
  if (Number.isNaN(time.getTime()))
    throw wrong('give how long ago, as 10m, or a time, as 2026-11-01T12:00:00Z');
  return time;
}

function wrong(message: string): TypeError {
  return new TypeError(message);
}
