// The address of a log, nats://host:4222/STREAM?query. lib/jetstream is loaded here, and only for such an address.

import type * as jetstream from '../../jetstream';
import { isLogText, parseTarget, type AnyTarget, type LogTarget } from './arguments';
import { misplaced, UsageError } from './errors';
import { bridgeOptions } from './options';
import type { Direction } from './peer';

/** Of an argument that is a bridge or a log. */
export const TARGET_HELP = 'HOST:PORT, the base port; or a log, nats://HOST/STREAM';

const ADDRESS_HELP = `
A log is a stream of NATS JetStream: nats://[user:pass@]host[:port]/STREAM?query
with commas between several hosts, or tls:// for TLS. In the query, joined by &:`;

const FILES_HELP = `
  creds=FILE ca=FILE cert=FILE key=FILE      for the connection
--timeout is then how long its servers may take to answer (default: 5 s).`;

const QUERY_HELP: Readonly<Record<Direction, string>> = {
  receive: `
  from=now|first|SEQUENCE since=10m last=N frame=N    where to begin (from=now)
  channel=3,4 group=NAME until=end                    what to read`,
  send: `
  max-bytes=10G max-age=7d max-messages=N    what a new log keeps
  replicas=3 storage=memory discard=new      and how`,
};

/** What `--help` says of logs that are read, written, or both; it goes behind the examples. */
export function logHelp(...directions: readonly Direction[]): string {
  return [ADDRESS_HELP, ...directions.map((direction) => QUERY_HELP[direction]), FILES_HELP].join('');
}

/** Words of the query that make sense in one direction. */
const WORDS: Readonly<Record<Direction, readonly string[]>> = {
  receive: ['from', 'since', 'last', 'frame', 'channel', 'group', 'until'],
  send: ['max-bytes', 'max-age', 'max-messages', 'replicas', 'storage', 'discard'],
};

/** The option that a log has as well: how long its servers may take to answer. */
const ALSO_OF_LOGS = ['timeout'];

export function loadJetStream(): typeof jetstream {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('../../jetstream') as typeof jetstream;
}

/** As `parseTarget`, and the address of a log. */
export function parseAnyTarget(text: string): AnyTarget {
  return isLogText(text) ? parseLog(text) : parseTarget(text);
}

/** @throws {UsageError} */
export function parseLog(text: string): LogTarget {
  try {
    const log = loadJetStream().parseLogAddress(text);
    const { servers, stream } = log.connection;
    const hosts = [servers].flat().map((server) => server.replace(/^\w+:\/\//, ''));
    const query = /\?(.*)$/s.exec(text)?.[1];
    return { log, name: `${stream} at ${hosts.join(', ')}`, words: [...new URLSearchParams(query).keys()] };
  } catch (err) {
    // Its message names the address and what is wrong with it.
    throw err instanceof TypeError ? new UsageError(err.message) : err;
  }
}

/** @throws {UsageError} for an address whose words are for the other direction. */
export function checkWords({ name, words }: LogTarget, direction: Direction): void {
  const other = direction === 'send' ? 'receive' : 'send';
  const wrong = words.filter((word) => WORDS[other].includes(word));
  if (wrong.length === 0) return;
  const [use, what] =
    direction === 'send' ? ['reading', `this writes to ${name}`] : ['writing', `this reads ${name}`];
  throw misplaced(wrong, use, what);
}

/**
 * @param options that were given.
 * @param all those that a log does not have.
 * @throws {UsageError} which names those that were given.
 */
export function checkLogOptions({ name }: LogTarget, options: object, all = bridgeOptions()): void {
  const given = new Map(Object.entries(options));
  const wrong = all
    .filter((option) => !ALSO_OF_LOGS.includes(option.attributeName()))
    .filter((option) => given.get(option.attributeName()) !== undefined)
    .map(({ long }) => long!);
  if (wrong.length > 0) throw misplaced(wrong, 'a bridge', `${name} is a log`);
}
