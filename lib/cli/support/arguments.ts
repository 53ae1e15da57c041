// Words of the command line as values; what makes no sense is refused in one line. Pure.

import { InvalidArgumentError } from 'commander';
import { MAX_TIMER_MS } from '../../async/clock';
import { Logging } from '../../index';
import type { LogAddress } from '../../jetstream';

// More than any host name and port.
const MAX_TARGET_CHARS = 300;
const MAX_SECONDS = 1e9;
const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  '': 1,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
};
const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** Every address of this machine, as a server may bind it and no client can connect to it; the addresses last. */
export const WILDCARDS: readonly string[] = ['*', '0.0.0.0', '::'];

/** What `--log` calls the levels. */
export const LOG_LEVELS: Readonly<Record<string, number>> = {
  critical: Logging.Critical,
  error: Logging.Error,
  warning: Logging.Warning,
  info: Logging.Info,
  debug: Logging.Debug,
};

/** Where a bridge is: its address, and its base port. */
export interface Target {
  readonly addr: string;
  readonly port: number;
}

/** `HOST:PORT`, `[::1]:8000`, `*:8000`. */
export function parseTarget(text: string): Target {
  const match = /^(\[[^\]\p{C}]+\]|[^:\p{C}]+):(\d+)$/u.exec(text);
  const port = Number(match?.[2]);
  if (match === null || text.length > MAX_TARGET_CHARS || port < 1 || port > 65_534) {
    throw new InvalidArgumentError(
      `give HOST:PORT with the base port, 1 to 65534, for example daq-host:8000`,
    );
  }
  return { addr: match[1]!, port };
}

/** A log on JetStream; log-target.ts parses it. */
export interface LogTarget {
  readonly log: LogAddress;
  /** `run42 at host:4222` */
  readonly name: string;
  /** Words of the address's query: `since`, `channel`. */
  readonly words: readonly string[];
}

/** Where frames come from or go to: a bridge, or a log. */
export type AnyTarget = Target | LogTarget;

export function isLog(target: AnyTarget): target is LogTarget {
  return 'log' in target;
}

/** Whether this is written as the address of a log. */
export function isLogText(text: string): boolean {
  return /^(nats|tls):\/\//i.test(text);
}

/** A message without the user, password or token of the address of a log that it may repeat. */
export function withoutPassword(message: string): string {
  return message.replace(/\b((?:nats|tls):\/\/)[^\s/?']*@/gi, '$1...@');
}

/** Whether this is written as an address, and not as the name of a file. */
export function isTarget(text: string): boolean {
  return isLogText(text) || /^(\[[^\]]+\]|[^:/]+):\d+$/.test(text);
}

/** The host without the brackets of an IPv6 address, and `localhost` without its dot: no hosts file has that one. */
export function hostOf({ addr }: Target): string {
  return addr.replace(/^\[(.*)\]$/, '$1').replace(/^(localhost)\.$/i, '$1');
}

export function targetText(target: AnyTarget): string {
  return isLog(target) ? target.name : `${target.addr}:${target.port}`;
}

/** Where a server of ours listens. */
export interface ListenAddress {
  /** As Node's `listen` takes it. */
  readonly host: string;
  /** 0 for one that the kernel chooses. */
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';

/** `ADDR:PORT`, `[::1]:PORT`, `*:PORT`; `:PORT` and `PORT` are of this machine alone. */
export function parseListen(text: string): ListenAddress {
  const [, address = '', digits = ''] = /^(?:(\[[^\]\p{C}]+\]|[^:[\]\s\p{C}]*):)?(\d+)$/u.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || text.length > MAX_TARGET_CHARS || port > 65_535) {
    throw new InvalidArgumentError('give ADDR:PORT with a port from 0 to 65535, for example 127.0.0.1:9100');
  }
  const host = address.replace(/^\[(.*)\]$/, '$1') || LOOPBACK;
  return { host: host === '*' ? '0.0.0.0' : host, port };
}

/** A whole number from `least` to `most`; hexadecimal with 0x. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`give a whole number ${range}`);
    }
    return value;
  };
}

/** As {@link integer}, for an option that may come several times. */
export function integers(least: number, most: number): (text: string, before?: number[]) => number[] {
  const parse = integer(least, most);
  return (text, before = []) => [...before, ...text.split(',').map(parse)];
}

/** A number above 0. */
export function positive(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('give a number above 0');
  return value;
}

/** Seconds: `10`, `1.5`, `500ms`, `5m`, `2h`. */
export function seconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(text);
  const value = match === null ? NaN : Number(match[1]) * (SECONDS[match[2]!] ?? NaN);
  if (!(value > 0 && value <= MAX_SECONDS)) {
    throw new InvalidArgumentError('give a time above 0: seconds, or a number with ms, s, m, h or d');
  }
  return value;
}

/** {@link seconds} that the library is to wait: it counts up to 24.8 days. */
export function wait(text: string): number {
  const value = seconds(text);
  if (value * 1000 > MAX_TIMER_MS) throw new InvalidArgumentError('give a time of at most 24d');
  return value;
}

/** Bytes: `1000`, `64k`, `10M`, `1Gi`. */
export function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(k|M|G|Ki|Mi|Gi|)B?$/.exec(text);
  const value = match === null ? NaN : Number(match[1]) * BYTES[match[2]!]!;
  // 1.005 * 1000 is 1004.9999999999999.
  const whole = Math.round(value);
  if (!Number.isSafeInteger(whole) || Math.abs(value - whole) > 2 * Number.EPSILON * value) {
    throw new InvalidArgumentError('give a number of bytes: 1000, 64k, 10M, 1Gi');
  }
  return whole;
}

/** `FILTER=LEVEL`, as Rogue's `Logging.setFilter`; sets it at once. */
export function logFilter(text: string, before: string[] = []): string[] {
  const [, filter = '', name = ''] = /^([^=]+)=(\w+)$/.exec(text) ?? [];
  const level = LOG_LEVELS[name.toLowerCase()];
  if (level === undefined) {
    const names = Object.keys(LOG_LEVELS).join(', ');
    throw new InvalidArgumentError(`give FILTER=LEVEL with ${names}: stream=debug`);
  }
  Logging.setFilter(filter, level);
  return [...before, text];
}

/** Addresses and blocks, separated by commas. */
export function list(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')];
}

/** Those of the fields that were given, as options of the library are to be: absent, not undefined. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
