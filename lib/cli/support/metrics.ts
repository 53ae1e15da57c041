// `--metrics`: what a subcommand tells Prometheus, and whether its bridges and logs are well.

import type { Command } from 'commander';
import { healthOf, metrics, TcpCore, type Health, type HealthOptions } from '../../index';
import { allHealthy } from '../../metrics/health';
import { hostPort } from '../../wire/endpoints';
import type { ListenAddress } from './arguments';
import { Failure, UsageError } from './errors';
import type { LogPeer } from './log-peer';
import { MetricsServer } from './metrics-server';
import { metricsOptions } from './options';

/** Options of every subcommand that runs for long with a bridge. */
export interface MetricsOptions {
  readonly metrics?: ListenAddress;
  readonly metricsChannels?: boolean;
  /** Seconds. */
  readonly stall?: number;
}

/** How a peer is watched. */
interface Watch extends Pick<HealthOptions, 'direction'> {
  /** Whether `--stall` is not about this one. */
  readonly mayBeSilent?: boolean;
}

// What the system says of an address, and what to do about it.
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there: give another port, or port 0 for one that is free',
  EADDRNOTAVAIL: 'this machine has no such address: give one of its own, or * for all',
  EACCES: 'this user may not listen there: give a port from 1024 on',
  ENOTFOUND: 'the name is unknown: check it, or give an IP address',
};

/** Adds those of {@link metricsOptions} that the subcommand does not have with a meaning of its own. */
export function addMetricsOptions(command: Command): Command {
  const own = new Set(command.options.map(({ long }) => long));
  const added = metricsOptions().filter(({ long }) => !own.has(long));
  for (const option of added) command.addOption(option);
  return command.hook('preAction', (_, subcommand) => {
    const isGiven = (name: string): boolean => subcommand.getOptionValue(name) !== undefined;
    const [useless] = added.filter((option) => isGiven(option.attributeName()));
    if (useless === undefined || isGiven('metrics')) return;
    throw new UsageError(`${useless.long!} is for --metrics: add --metrics ADDR:PORT, or leave it out`);
  });
}

/** The bridges and logs that `/healthz` watches, and the metrics server if `--metrics` asks for one. */
export class MetricsPage {
  private readonly watched: { readonly peer: TcpCore | LogPeer; readonly watch: Watch }[] = [];
  private server: MetricsServer | undefined;

  private constructor(private readonly options: MetricsOptions) {}

  /**
   * @param say is given where it is, and what goes wrong later.
   * @throws {Failure} when it cannot listen at that address.
   */
  static async open(options: MetricsOptions, say: (text: string) => void): Promise<MetricsPage> {
    const page = new MetricsPage(options);
    const { metrics: address, metricsChannels: channels = false } = options;
    if (address === undefined) return page;
    const sources = { metrics: () => metrics({ channels }), health: () => page.health };
    try {
      page.server = await MetricsServer.open(address, sources, say);
    } catch (err) {
      const { code = '', message } = err as NodeJS.ErrnoException;
      const place = hostPort(address.host, address.port);
      throw new Failure(`--metrics cannot listen at ${place}: ${REMEDIES[code] ?? message} (${code})`);
    }
    // Counting by channel begins with the first call, so before there is a bridge.
    if (channels) metrics({ channels });
    say(`metrics at ${page.server.url}`);
    return page;
  }

  /** `/healthz` tells of this peer, too. */
  watch(peer: TcpCore | LogPeer, watch: Watch = {}): void {
    this.watched.push({ peer, watch });
  }

  /** Whether every bridge that is watched has its peer, every log a server, and each of them frames. */
  get health(): Health {
    const { stall } = this.options;
    const stallMs = stall === undefined ? undefined : Math.ceil(stall * 1000);
    if (this.watched.length === 0) return { healthy: false, reasons: ['no bridge is open yet'] };
    const answers = this.watched.map(({ peer, watch: { direction, mayBeSilent = false } }) => {
      const limitMs = mayBeSilent ? undefined : stallMs;
      return peer instanceof TcpCore
        ? healthOf([peer], { direction, stallMs: limitMs })
        : peer.health(limitMs);
    });
    return allHealthy(answers);
  }

  async close(): Promise<void> {
    await this.server?.close();
  }
}
