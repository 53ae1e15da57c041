// What every subcommand shares: the options of a bridge, metrics, Ctrl-C, and what is said on the way.

import { once } from 'node:events';
import type { Command } from 'commander';
import { Logging, type Engine } from '../../index';
import type { CurveFiles } from './curve';
import { Failure } from './errors';
import { oneLineLog } from './one-line-log';
import { addMetricsOptions, MetricsPage, type MetricsOptions } from './metrics';
import type { PageOptions } from './page';
import { bridgeOptions, logOption } from './options';
import { pause } from './pause';

export const DEFAULT_TIMEOUT_S = 10;
/** How long a subcommand waits for its peer, in the words of the help. */
export const DEFAULT_WAIT = `${DEFAULT_TIMEOUT_S} s; with --listen never`;
const STATUS_INTERRUPTED_TWICE = 130;
// A wrapper may pass on what its child was sent as well; a person takes longer to lose patience.
const PATIENCE_MS = 500;

/** What a frame waits for that is not to be taken any more: its sender then keeps those behind it. */
export const NEVER = new Promise<void>(() => undefined);

/** Options that every subcommand with a bridge has. */
export interface CommonOptions extends CurveFiles, MetricsOptions, PageOptions {
  readonly listen?: boolean;
  readonly engine?: Engine;
  readonly timeout?: number;
}

/** The end of what a subcommand does: Ctrl-C, or nobody who reads its output any more. */
export class Interruption {
  private readonly controller = new AbortController();
  private stoppedAt = 0;
  private end: { readonly failure: Error | undefined } | undefined;

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        // Whoever asks twice does not want to wait for the end.
        const now = performance.now();
        if (this.signal.aborted && now - this.stoppedAt > PATIENCE_MS) process.exit(STATUS_INTERRUPTED_TWICE);
        this.stop();
      });
    }
    process.stdout.on('error', () => this.stop());
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Whether the source has come to its end, by its last frame or an error. */
  get isAtEnd(): boolean {
    return this.end !== undefined;
  }

  /** The error that {@link fail} was given. */
  get failure(): Error | undefined {
    return this.end?.failure;
  }

  stop(): void {
    if (!this.signal.aborted) this.stoppedAt = performance.now();
    this.controller.abort(new Failure('stopped'));
  }

  /** Stops when the source has come to its end. @param finished of a `Peer`. */
  stopWith(finished: Promise<void> | undefined): void {
    finished?.then(
      () => this.endWith(undefined),
      (err: unknown) => this.endWith(err as Error),
    );
  }

  /** Stops because of an error of the source, or of what its frames go to. */
  fail(err: Error): void {
    this.endWith(err);
  }

  /** Resolves when it is over, or after so long. */
  async wait(forSeconds?: number): Promise<void> {
    if (this.signal.aborted) return;
    if (forSeconds === undefined) await once(this.signal, 'abort');
    else await pause(forSeconds * 1000, this.signal).catch(() => undefined);
  }

  private endWith(failure: Error | undefined): void {
    // After Ctrl-C it is no news.
    if (this.signal.aborted) return;
    this.end = { failure };
    this.stop();
  }
}

/** The options that all subcommands have, in the words of one help text. */
export function addLogOptions(command: Command): Command {
  return command.addOption(logOption());
}

/** Those of a subcommand with a bridge. */
export function addBridgeOptions(command: Command, untilWhen = DEFAULT_WAIT): Command {
  for (const option of bridgeOptions(untilWhen)) command.addOption(option);
  return addLogOptions(addMetricsOptions(command));
}

/** Says something that is no data. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Says what was asked for, on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** As {@link tell}, for lines of which some have nothing to say. */
export function tellAll(...lines: readonly (string | undefined)[]): void {
  for (const line of lines) if (line !== undefined) tell(line);
}

/** Serves what `--metrics` asks for while the work is done; begins before a bridge takes its ports. */
export async function withMetrics<T>(
  options: MetricsOptions,
  work: (page: MetricsPage) => Promise<T>,
): Promise<T> {
  const page = await MetricsPage.open(options, tell);
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}

/** Logs in Rogue's own form, to standard error, and from Error on: what is lost is told by the subcommands themselves. */
export function logAsRogue(): void {
  Logging.setLevel(Logging.Error);
  Logging.setSink(oneLineLog);
}
