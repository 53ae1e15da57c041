// Rogue's logging, names, levels and filters, on pino. slaclab/rogue src/rogue/Logging.cpp.

import type { DestinationStream, Logger } from 'pino';
import type * as Pino from 'pino';
import { isatty } from 'node:tty';
import { show } from './errors';
import { checkInteger } from './validate';

const PREFIX = 'pyrogue';
const STDERR_FD = 2;
const MAX_LEVEL = 100;

// Rogue's names and numbers.
const LEVELS = { critical: 50, error: 40, thread: 35, warning: 30, info: 20, debug: 10 } as const;

type LevelName = keyof typeof LEVELS;

// The method of a pino logger that is nearest in meaning to each of Rogue's levels. Its numbers are in JSON lines, so that
// pino's own tools, and whatever else reads such lines, take an Error for an error.
const PINO_METHOD: Record<LevelName, 'fatal' | 'error' | 'warn' | 'info' | 'debug'> = {
  critical: 'fatal',
  error: 'error',
  thread: 'warn',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
};

/**
 * `rogue` is `<seconds>.<microseconds>:<logger name>: <message>`, `json` is pino's own line, and `auto` is the one for people
 * where standard error is a terminal, the other where it is not.
 */
export type LogFormat = 'auto' | 'json' | 'rogue';

const FORMATS: readonly unknown[] = ['auto', 'json', 'rogue'] satisfies LogFormat[];

/** An application's pino logger, as {@link Logging.setSink} takes it. */
export type LogSink = Pick<Logger, 'child' | 'fatal' | 'error' | 'warn' | 'info' | 'debug'>;

type LineWriter = (level: LevelName, message: string) => void;

// Everything that a logger's level or writer derives from. A change makes a new epoch, and each logger
// brings itself up to date at its next line: no list of loggers to keep, none that outlives its owner.
const shared = {
  epoch: 0,
  // Rogue's is Error. Losses that raise no error are logged at Warning, a few times at most: frames without a slave, sends
  // that are not awaited, a server that does not answer. A new user must see them without asking.
  level: LEVELS.warning as number,
  filters: new Map<string, number>(),
  format: 'auto' as LogFormat,
  sink: undefined as LogSink | undefined,
};

let stderrStream: DestinationStream | undefined;
let stderrLogger: Logger | undefined;

/**
 * One named logger; `Logging.create('stream.Mine')` makes one, the statics rule all of them.
 *
 * A line is written when its level is at least the lowest of the global level (Warning to begin with) and of
 * every filter whose name the logger's full name starts with.
 */
export class Logging {
  static readonly Critical = LEVELS.critical;
  static readonly Error = LEVELS.error;
  static readonly Thread = LEVELS.thread;
  static readonly Warning = LEVELS.warning;
  static readonly Info = LEVELS.info;
  static readonly Debug = LEVELS.debug;

  /** Full name: `pyrogue.`, then the name given. */
  readonly name: string;
  private epoch = -1;
  private lowest = 0;
  private write: LineWriter = () => undefined;

  private constructor(name: string) {
    this.name = normalizeName(name);
  }

  /** A logger of this name, given the prefix `pyrogue.` unless it has it. */
  static create(name: string): Logging {
    return new Logging(name);
  }

  /** Sets the global level, 0..100: lines below it are not written unless a filter lets them through. */
  static setLevel(level: number): void {
    shared.level = checkInteger('level', level, 0, MAX_LEVEL);
    shared.epoch += 1;
  }

  /**
   * Lets lines from `level` on through for every logger, existing or later, whose full name starts with
   * `name`; `'stream.TcpCore'` and `'pyrogue.stream.TcpCore'` mean the same. As in Rogue the lowest level wins,
   * so a second filter of a higher level takes nothing back.
   */
  static setFilter(name: string, level: number): void {
    checkInteger('level', level, 0, MAX_LEVEL);
    const fullName = normalizeName(name);
    shared.filters.set(fullName, Math.min(level, shared.filters.get(fullName) ?? level));
    shared.epoch += 1;
  }

  /**
   * Hands all lines to the application's own pino logger, each with the logger's name as `name`, or as `logger` where the
   * application's has a `name` of its own; undefined goes back to standard error. Critical becomes `fatal`, Thread and
   * Warning `warn`.
   * The application's level applies on top of ours.
   *
   * @throws {TypeError} for what has no `child` method.
   */
  static setSink(sink: LogSink | undefined): void {
    if (sink !== undefined && typeof (sink as Partial<LogSink> | null)?.child !== 'function') {
      throw new TypeError(
        `sink is ${show(sink)}, but must be a pino logger, or undefined for standard error`,
      );
    }
    shared.sink = sink;
    shared.epoch += 1;
  }

  /** Sets how lines on standard error look, `auto` to begin with; a sink has a format of its own. */
  static setFormat(format: LogFormat): void {
    if (!FORMATS.includes(format)) {
      throw new TypeError(`format is ${show(format)}, but must be 'auto', 'json' or 'rogue'`);
    }
    shared.format = format;
    shared.epoch += 1;
  }

  /** The lowest level this logger writes: compare with it before building a costly line. */
  get level(): number {
    if (this.epoch !== shared.epoch) this.update();
    return this.lowest;
  }

  critical(message: string): void {
    this.log('critical', message);
  }
  error(message: string): void {
    this.log('error', message);
  }
  thread(message: string): void {
    this.log('thread', message);
  }
  warning(message: string): void {
    this.log('warning', message);
  }
  info(message: string): void {
    this.log('info', message);
  }
  debug(message: string): void {
    this.log('debug', message);
  }

  private log(level: LevelName, message: string): void {
    if (LEVELS[level] >= this.level) this.write(level, message);
  }

  private update(): void {
    this.epoch = shared.epoch;
    this.lowest = shared.level;
    for (const [name, level] of shared.filters) {
      if (this.name.startsWith(name)) this.lowest = Math.min(this.lowest, level);
    }
    this.write = writerFor(this.name);
  }
}

function normalizeName(name: string): string {
  if (typeof name !== 'string') throw new TypeError(`name is ${show(name)}, but must be a string`);
  return name === PREFIX || name.startsWith(`${PREFIX}.`) ? name : `${PREFIX}.${name}`;
}

function writerFor(name: string): LineWriter {
  if (shared.sink !== undefined) {
    const child = shared.sink.child(hasName(shared.sink) ? { logger: name } : { name });
    return (level, message) => child[PINO_METHOD[level]](message);
  }
  const { pino } = loadPino();
  // Synchronous, as Rogue's own printing is: the last line before a crash is the one that matters.
  const stream = (stderrStream ??= pino.destination({ dest: STDERR_FD, sync: true }));
  if (shared.format === 'rogue' || (shared.format === 'auto' && isatty(STDERR_FD))) {
    return (_level, message) => stream.write(`${rogueTime()}:${name}: ${message}\n`);
  }
  stderrLogger ??= pino({ level: 'debug' }, stream);
  const child = stderrLogger.child({ name });
  return (level, message) => child[PINO_METHOD[level]](message);
}

/** Whether lines of this logger have a `name` already. */
function hasName(sink: LogSink & { bindings?: () => Record<string, unknown> }): boolean {
  return sink.bindings?.().name !== undefined;
}

/** pino, loaded for the first line that is written: most processes log nothing, and start faster without it. */
function loadPino(): typeof Pino {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('pino') as typeof Pino;
}

/** Now, as seconds since 1970 with six decimals. */
function rogueTime(): string {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
}
