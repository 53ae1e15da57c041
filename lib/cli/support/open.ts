// How a subcommand opens its peer: a bridge or a log, with a live page and metrics, until the work is done.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { TcpClient, TcpServer, type TcpCore, type TcpOptions } from '../../index';
import { given, hostOf, isLog, WILDCARDS, type AnyTarget, type Target } from './arguments';
import { curveKeys } from './curve';
import { Failure, UsageError } from './errors';
import { openLog, type LogPeer } from './log-peer';
import { checkLogOptions } from './log-target';
import { openPage, pageText } from './page';
import type { Direction, Peer } from './peer';
import { Interruption, tellAll, withMetrics, type CommonOptions } from './run';
import { thrownText } from './share';

/** A peer, and the live page of its frames if `--view` asks for one. */
interface Opened<P extends Peer> {
  readonly peer: P;
  readonly pageUrl: string | undefined;
  readonly stop: () => Promise<void>;
}

/** What a subcommand does with its peer. The last argument is the address of the live page. */
type Work<P extends Peer, T> = (
  peer: P,
  interruption: Interruption,
  pageUrl: string | undefined,
) => Promise<T>;

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

/** Opens the bridge, or the log, that the arguments ask for. @param direction in which the frames go. */
export async function openPeer(
  target: AnyTarget,
  direction: Direction,
  options: CommonOptions,
  more: TcpOptions = {},
): Promise<TcpCore | LogPeer> {
  if (!isLog(target)) return openBridge(target, options, more);
  checkLogOptions(target, options);
  return openLog(target, direction, { timeout: options.timeout, lingerMs: more.lingerMs });
}

/**
 * As {@link openPeer}, with a live page if `--view` asks for one. A client may give `allow` then: it is for the page.
 */
export function openWithPage(
  target: AnyTarget,
  direction: Direction,
  options: CommonOptions,
  more: TcpOptions = {},
): Promise<Opened<TcpCore | LogPeer>> {
  return withPage(options, (own) => openPeer(target, direction, own, more));
}

/** Opens a bridge or a log, does the work, and stops it in any case. */
export function withPeer<T>(
  target: AnyTarget,
  direction: Direction,
  options: CommonOptions,
  work: Work<Peer, T>,
  more: TcpOptions = {},
): Promise<T> {
  return withOpen(options, (own) => openPeer(target, direction, own, more), work);
}

/** As {@link withPeer}, for work that needs a bridge. */
export function withBridge<T>(
  target: Target,
  options: CommonOptions,
  work: Work<TcpCore, T>,
  more: TcpOptions = {},
): Promise<T> {
  return withOpen(options, (own) => openBridge(target, own, more), work);
}

function withOpen<P extends TcpCore | LogPeer, T>(
  options: CommonOptions,
  open: (options: CommonOptions) => Promise<P>,
  work: Work<P, T>,
): Promise<T> {
  const interruption = new Interruption();
  return withMetrics(options, async (metrics) => {
    const { peer, pageUrl, stop } = await withPage(options, open);
    metrics.watch(peer);
    interruption.stopWith((peer as Peer).finished?.());
    try {
      const result = await work(peer, interruption, pageUrl);
      if (interruption.failure !== undefined) throw interruption.failure;
      return result;
    } finally {
      await stop();
      tellAll(thrownText(peer.stats.withoutSlave, options));
    }
  });
}

async function withPage<P extends Peer>(
  options: CommonOptions,
  open: (options: CommonOptions) => Promise<P>,
): Promise<Opened<P>> {
  const page = await openPage(options);
  try {
    const { listen = false, allow } = options;
    const isForPage = page !== undefined && !listen;
    const peer = await open({ ...options, allow: isForPage ? undefined : allow });
    if (page !== undefined) peer.addSlave(page);
    tellAll(pageText(page));
    return {
      peer,
      pageUrl: page?.url,
      stop: async () => {
        try {
          await peer.stop();
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
