// Three NATS servers, or more, any of which can be killed or cut off.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservePorts } from '../kept-ports';
import { waitFor } from '../wait';
import { makeCertificates, type TlsFiles } from './certificates';
import { endLater, forget, type Ending } from './clean-up';
import { CutProxy } from './cut-proxy';
import { Routes } from './routes';
import { NatsServer } from './server';
import { HOST, type NatsServerOptions } from './settings';
import { haveCaughtUp, isSettled, leaderIn, META, viewOf, type View } from './views';

// An election takes 4 to 9 s once the loss of a leader is noticed, and may fail; the servers' own constants.
const AGREED_WITHIN_MS = 60_000;

export interface NatsClusterOptions extends Omit<NatsServerOptions, 'name' | 'storeDir' | 'certificates'> {
  /** Servers. Default: 3. */
  readonly size?: number;
}

/** What is cut off, and how. */
export interface Cut {
  /** Default: `hang`, a silent cut. */
  readonly how?: 'hang' | 'stall' | 'drop';
  /** From its clients. Default: `true`. */
  readonly clients?: boolean;
  /** From the other servers. Default: `true`. */
  readonly routes?: boolean;
}

/** Servers that are each other's only routes; all that they say to each other and to clients passes proxies. */
export class NatsCluster implements Ending {
  readonly servers: NatsServer[] = [];
  /** In front of each server, for its clients. */
  readonly fronts: CutProxy[] = [];
  /** What the servers reach each other through. */
  readonly routes = new Routes();
  /** Servers that the other ones cannot reach. */
  private readonly isCutOff: boolean[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-nats-'));
  /** With the option `tls`: what clients need. */
  readonly tls: TlsFiles | undefined;

  private constructor(readonly options: NatsClusterOptions) {
    endLater(this);
    if (options.tls !== undefined && options.tls !== false) this.tls = makeCertificates(this.folder);
  }

  /** Resolves when the servers have a leader and take streams. */
  static async start(options: NatsClusterOptions = {}): Promise<NatsCluster> {
    const cluster = new NatsCluster(options);
    await cluster.launch();
    await cluster.ready();
    return cluster;
  }

  get size(): number {
    return this.options.size ?? 3;
  }

  /** Of the proxies in front of the servers, in their order. */
  get urls(): string[] {
    return this.servers.map((_, i) => this.urlOf(i));
  }

  urlOf(i: number): string {
    return `${this.tls === undefined ? 'nats' : 'tls'}://${HOST}:${this.fronts[i]!.port}`;
  }

  /** Which server leads this stream: all reachable servers that have it say so, and it is one of them. */
  leaderOf(stream: string): Promise<number> {
    return this.leader(`a leader of ${stream}`, stream);
  }

  /** Which server leads the cluster, i.e. places streams. */
  metaLeader(): Promise<number> {
    return this.leader('a leader of the cluster', META);
  }

  /**
   * Waits until the servers that run and are not cut off are connected to each other, agree on a leader of each stream,
   * and have all that it holds. They must be a majority.
   */
  async ready(): Promise<void> {
    await Promise.all(this.reachable().map((server) => server.ready(AGREED_WITHIN_MS)));
    const then = await this.views('the servers to agree', (views) => this.isConnected() && isSettled(views));
    await this.views('every copy to hold what there is', (views) => haveCaughtUp(views, then));
  }

  /** Takes effect before it resolves, on the connections there are and on new ones. */
  async cut(i: number, { how = 'hang', clients = true, routes = true }: Cut = {}): Promise<void> {
    const proxies = [...(clients ? [this.fronts[i]!] : []), ...(routes ? this.routes.of(i) : [])];
    if (routes) this.isCutOff[i] = true;
    await Promise.all(proxies.map((proxy) => proxy[how]()));
  }

  /** Ends every cut of this server, except those of servers that are cut off themselves. */
  async heal(i: number): Promise<void> {
    this.isCutOff[i] = false;
    const others = this.routes.of(i, (j) => !this.isCutOff[j]);
    await Promise.all([this.fronts[i]!, ...others].map((proxy) => proxy.heal()));
  }

  /** SIGKILL; resolves when the process has ended. */
  kill(i: number): Promise<void> {
    return this.servers[i]!.kill();
  }

  /** Starts it again on its data. Waits until it is up to date, or, without a majority, until it takes clients. */
  async restart(i: number): Promise<void> {
    const server = this.servers[i]!;
    await server.relaunch();
    if (this.reachable().includes(server) && 2 * this.reachable().length > this.size) await this.ready();
    else await server.listening();
  }

  /** Ends all of it. */
  async end(): Promise<void> {
    forget(this);
    await Promise.all(this.servers.map((server) => server.end()));
    await Promise.all([...this.fronts, ...this.routes.all].map((proxy) => proxy.end()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async launch(): Promise<void> {
    const numbers = Array.from({ length: this.size }, (_, i) => i);
    const ports = await Promise.all(numbers.map(() => reservePorts()));
    await this.routes.listen(ports);
    for (const i of numbers) {
      const server = await NatsServer.launch({ ...this.options, ...this.member(i, ports[i]!) });
      this.servers.push(server);
      this.fronts.push(await CutProxy.listen(server.port));
    }
  }

  private member(i: number, port: number): NatsServerOptions {
    return {
      name: nameOf(i),
      ...(this.tls !== undefined && { certificates: this.tls }),
      more: {
        ...this.options.more,
        cluster: {
          name: 'test',
          listen: `${HOST}:${port}`,
          routes: this.routes.from(i).map((proxy) => proxy.url),
          // A server learns where another one listens from a third. Nothing listens there, so that all routes are ours.
          cluster_advertise: `${HOST}:${port + 1}`,
          // Clients learn of no other servers, and of none without a proxy.
          no_advertise: true,
        },
      },
    };
  }

  private reachable(): NatsServer[] {
    return this.servers.filter((server, i) => server.isRunning && !server.isPaused && !this.isCutOff[i]);
  }

  private isConnected(): boolean {
    return this.routes.areConnected(this.reachable().map((server) => this.servers.indexOf(server)));
  }

  private async leader(what: string, group: string): Promise<number> {
    const views = await this.views(what, (seen) => leaderIn(seen, group) !== undefined);
    return this.servers.findIndex((_, i) => nameOf(i) === leaderIn(views, group));
  }

  /** Waits until what the reachable servers say is right. */
  private async views(what: string, isRight: (views: View[]) => boolean): Promise<View[]> {
    let views: View[] = [];
    await waitFor(
      what,
      async () => {
        views = await Promise.all(this.reachable().map(viewOf));
        return isRight(views);
      },
      AGREED_WITHIN_MS,
      () => views.map(({ groups, ends, ...view }) => ({ ...view, groups: [...groups], ends: [...ends] })),
    );
    return views;
  }
}

function nameOf(i: number): string {
  return `n${i + 1}`;
}
