// Options that several subcommands have: one name, one unit and one wording each.

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Engine } from '../../index';
import { integer, integers, list, logFilter, parseListen, positive, seconds, wait } from './arguments';
import { UsageError } from './errors';

export const DEFAULT_LINGER_S = 10;
const ENGINES: readonly Engine[] = ['native', 'libzmq'];

/** An option that takes one of a few words, which the shell completes. */
export class ChoiceOption<T extends string = string> extends Option {
  constructor(
    flags: string,
    about: string,
    readonly words: readonly T[],
  ) {
    super(flags, about);
    this.argParser((text) => {
      const word = words.find((one) => one === text);
      if (word === undefined) throw new InvalidArgumentError(`give ${orList(words)}`);
      return word;
    });
  }
}

/** Another name of an option, which older scripts use; not in the help. */
export class FormerName extends Option {
  constructor(
    flags: string,
    private readonly option: Option,
  ) {
    super(flags);
    if (option.parseArg !== undefined) this.parseArg = option.parseArg;
    this.hideHelp();
  }

  override attributeName(): string {
    return this.option.attributeName();
  }
}

export const countOption = (): Option =>
  new Option('--count <n>', 'end after so many frames').argParser(integer(1));

export const durationOption = (): Option =>
  new Option('--duration <time>', 'end after so long').argParser(seconds);

export const rateOption = (): Option =>
  new Option('--rate <n>', 'frames a second at most').argParser(positive);

/** Which frames to take, by their channel. */
export const channelOption = (): Option =>
  new Option('--channel <n>', 'these channels alone; again, or with commas, for more').argParser(
    integers(0, 255),
  );

export const followOption = (): Option =>
  new Option('--follow', 'of a data file: go on as it is written, until Ctrl-C');

export const overwriteOption = (): Option =>
  new Option('--overwrite', 'replace a file that is there, and its parts');

export const dropErrorsOption = (): Option =>
  new Option('--drop-errors', 'leave out frames whose error field is not 0');

export const errorsOnlyOption = (): Option =>
  new Option('--errors-only', 'frames whose error field is not 0 alone');

export const lingerOption = (): Option =>
  new Option('--linger <time>', 'how long the last frames may take')
    .argParser(wait)
    .default(DEFAULT_LINGER_S, `${DEFAULT_LINGER_S} s`);

/** How often to send what there is; true for no end. */
export const loopOption = (): Option =>
  new Option('--loop [n]', 'send it all n times, or until Ctrl-C: --loop=n, or --loop as the last word')
    .argParser(rounds)
    .default(1, 'once');

/** Commander takes the word after `--loop` for its number, whatever that is. */
function rounds(text: string): number {
  if (!/^\d/.test(text)) {
    throw new InvalidArgumentError('give a whole number from 1 on, or --loop alone as the last word');
  }
  return integer(1)(text);
}

/** @param unlessGiven how long that is without this option. */
export const timeoutOption = (unlessGiven: string): Option =>
  new Option(
    '--timeout <time>',
    `give up when no peer comes for so long (default: ${unlessGiven})`,
  ).argParser(wait);

export const listenOption = (role = 'be the server'): Option =>
  new Option('--listen', `${role}: HOST is the local address, * for all`);

export const engineOption = (): Option =>
  new ChoiceOption('--engine <name>', 'native (default) or libzmq', ENGINES);

export const allowOption = (): Option =>
  new Option(
    '--allow <list>',
    'who may connect to our server, and see our live page: addresses and CIDR blocks',
  ).argParser(list);

/** Those of a bridge. @param untilWhen how long it waits for its peer without `--timeout`. */
export function bridgeOptions(untilWhen = ''): Option[] {
  return [listenOption(), engineOption(), timeoutOption(untilWhen), allowOption(), ...curveOptions()];
}

/** Those by which other programs look after a bridge. */
export function metricsOptions(): Option[] {
  return [
    new Option(
      '--metrics <addr:port>',
      'serve /metrics for Prometheus and /healthz; PORT alone is for this machine',
    ).argParser(parseListen),
    new Option('--metrics-channels', 'with --metrics: frames and bytes of each channel, too'),
    new Option('--stall <time>', 'with --metrics: /healthz is 503 when no frame comes for so long').argParser(
      seconds,
    ),
  ];
}

/** Encryption between two bridges of this library; the files are those of `keygen`. */
export function curveOptions(): Option[] {
  return [
    new Option('--curve <file>', 'encrypt: our own key, a .secret file of keygen'),
    new Option('--curve-peer <file>', "the other side's .public file; again for more clients").argParser(
      again,
    ),
  ];
}

/** For an option that may come several times. */
function again(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** The same for the source of a relay, which is another bridge than its servers. */
export function fromCurveOptions(): Option[] {
  return [
    new Option('--from-curve <file>', 'encrypt the way from the source: our key for that'),
    new Option('--from-curve-peer <file>', "the source's .public file").argParser(again),
  ];
}

export const logOption = (): Option =>
  new Option('--log <filter=level>', "as Rogue's Logging.setFilter: stream=debug; again for more").argParser(
    logFilter,
  );

/** How a subcommand prints; `--json` is short for one of them. */
export interface FormatOptions<T extends string> {
  readonly format?: T;
  readonly json?: boolean;
}

/** Adds `--format` with these words, of which `json` is one, and `--json`. */
export function addFormat(command: Command, about: string, words: readonly string[]): Command {
  return command
    .addOption(new ChoiceOption('--format <name>', about, words))
    .option('--json', 'short for --format json');
}

/** The format that was asked for, if one was. @throws {UsageError} for two of them. */
export function formatOf<T extends string>({
  format,
  json = false,
}: FormatOptions<T>): T | 'json' | undefined {
  if (!json) return format;
  if (format !== undefined && format !== 'json') {
    throw new UsageError(`--json is --format json, and --format is ${format}: give one of them`);
  }
  return 'json';
}

/** `hex, json or raw` */
export function orList(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`;
}

/** For `JSON.stringify`: JSON has no word for what is without a limit. */
export function finite(_: string, value: unknown): unknown {
  return value === Infinity ? 'unlimited' : value;
}
