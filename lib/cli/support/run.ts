// What every subcommand shares: the options of a bridge, its beginning and its end, Ctrl-C, and what is said on the way.

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { Logging, TcpClient, TcpServer, type Engine, type TcpCore, type TcpOptions } from '../../index';
import { given, hostOf, targetText, WILDCARDS, type Target } from './arguments';
import { curveKeys, type CurveFiles } from './curve';
import { Failure, UsageError } from './errors';
import { lookBefore } from '../doctor/look';
import { oneLineLog } from './one-line-log';
import { addMetricsOptions, MetricsPage, type MetricsOptions } from './metrics';
import { openPage, pageText, type PageOptions } from './page';
import { bridgeOptions, logOption } from './options';
import { pause } from './pause';
import { firstFrame, hasFrames } from './receiving';
import { thrownText } from './share';

const DEFAULT_TIMEOUT_S = 10;
/** How long a subcommand waits for its peer, in the words of the help. */
export const DEFAULT_WAIT = `${DEFAULT_TIMEOUT_S} s; with --listen never`;
const TELL_WAITING_MS = 1_000;
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

  stop(): void {
    if (!this.signal.aborted) this.stoppedAt = performance.now();
    this.controller.abort(new Failure('stopped'));
  }

  /** Resolves when it is over, or after so long. */
  async wait(forSeconds?: number): Promise<void> {
    if (this.signal.aborted) return;
    if (forSeconds === undefined) await once(this.signal, 'abort');
    else await pause(forSeconds * 1000, this.signal).catch(() => undefined);
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

/** Opens the bridge that the arguments ask for. */
export async function openBridge(
  target: Target,
  options: CommonOptions,
  more: TcpOptions = {},
): Promise<TcpCore> {
  const { listen = false, allow } = options;
  if (allow !== undefined && !listen) throw new UsageError('--allow is for a server: add --listen');
  if (WILDCARDS.includes(hostOf(target)) && !listen) {
    const text = `${target.addr} is every address of this machine, and nobody can connect to that: add --listen to be the server`;
    throw new UsageError(`${text} there, or name the host of the server`);
  }
  if ((options.curve ?? more.curve) !== undefined && options.engine === 'native') {
    throw new UsageError('--engine is native, but only libzmq encrypts: leave --engine out');
  }
  const own = { ...given({ engine: options.engine, allow, curve: curveKeys(options, listen) }), ...more };
  if (!listen) await checkName(hostOf(target));
  return (listen ? TcpServer : TcpClient).create(target.addr, target.port, own);
}

/** A bridge goes on looking for a name that nobody knows; whoever has mistyped it would wait for ever. */
async function checkName(name: string): Promise<void> {
  if (isIP(name) !== 0) return;
  try {
    await lookup(name);
  } catch (err) {
    throw new Failure(
      `${name} does not resolve to an address (${(err as NodeJS.ErrnoException).code}): check the name`,
    );
  }
}

/**
 * As {@link openBridge}, with a live page if `--view` asks for one. A client may give `allow` then: it is for the page.
 */
export async function openWithPage(
  target: Target,
  options: CommonOptions,
  more: TcpOptions = {},
): Promise<{ bridge: TcpCore; pageUrl: string | undefined; stop: () => Promise<void> }> {
  const page = await openPage(options);
  try {
    const { listen = false, allow } = options;
    const isForPage = page !== undefined && !listen;
    const bridge = await openBridge(target, { ...options, allow: isForPage ? undefined : allow }, more);
    if (page !== undefined) bridge.addSlave(page);
    tellAll(pageText(page));
    return {
      bridge,
      pageUrl: page?.url,
      stop: async () => {
        try {
          await bridge.stop();
        } finally {
          await page?.stop();
        }
      },
    };
  } catch (err) {
    await page?.stop();
    throw err;
  }
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

/** Opens it, does the work, stops it: whatever happens. @param work is also given the address of the live page. */
export async function withBridge<T>(
  target: Target,
  options: CommonOptions,
  work: (bridge: TcpCore, interruption: Interruption, pageUrl: string | undefined) => Promise<T>,
  more: TcpOptions = {},
): Promise<T> {
  const interruption = new Interruption();
  return withMetrics(options, async (page) => {
    const { bridge, pageUrl, stop } = await openWithPage(target, options, more);
    page.watch(bridge);
    try {
      return await work(bridge, interruption, pageUrl);
    } finally {
      await stop();
      tellAll(thrownText(bridge.stats.withoutSlave, options));
    }
  });
}

/**
 * Waits for both directions, or for a frame where somebody takes frames: who sent it may have left before anybody saw
 * it come. @returns false when it was interrupted. @throws {Failure} when nobody comes.
 */
export async function waitForPeer(
  bridge: TcpCore,
  target: Target,
  options: CommonOptions,
  { signal }: Interruption,
): Promise<boolean> {
  const { listen = false } = options;
  const timeout = options.timeout ?? (listen ? undefined : DEFAULT_TIMEOUT_S);
  const timeoutMs = timeout === undefined ? undefined : Math.ceil(timeout * 1000);
  const who = listen ? `a client on ${targetText(target)}` : targetText(target);
  // A wait that is over by then is not told of, however late this machine is.
  const isLong = timeoutMs === undefined || timeoutMs > TELL_WAITING_MS;
  const telling = isLong ? setTimeout(() => tell(`waiting for ${who} ...`), TELL_WAITING_MS) : undefined;
  const settled = new AbortController();
  const either = AbortSignal.any([signal, settled.signal]);
  // A server with CURVE tells nothing to whoever has no keys.
  const canLook = !listen && options.curve === undefined;
  const look = !canLook || timeoutMs === undefined ? undefined : lookBefore(timeoutMs, bridge, target);
  try {
    const connected = bridge.waitForPeer({ signal: either, ...given({ timeoutMs }) });
    await Promise.race([connected, firstFrame(bridge, either)]);
    return true;
  } catch (err) {
    if (signal.aborted || hasFrames(bridge)) return hasFrames(bridge);
    if (look?.text !== undefined) {
      throw new Failure(`no peer at ${targetText(target)} within ${timeout} s: ${look.text}`);
    }
    const hint = listen ? '' : `; 'rogue-bridge doctor ${targetText(target)}' looks closer`;
    const keys = options.curve === undefined ? '' : "; with --curve each side needs the other's .public file";
    throw new Failure(`${(err as Error).message}${keys}${hint}`);
  } finally {
    clearTimeout(telling);
    settled.abort();
    look?.stop();
  }
}

/** Logs in Rogue's own form, to standard error, and from Error on: what is lost is told by the subcommands themselves. */
export function logAsRogue(): void {
  Logging.setLevel(Logging.Error);
  Logging.setSink(oneLineLog);
}
