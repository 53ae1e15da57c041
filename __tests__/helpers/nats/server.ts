// A real NATS server on loopback, with a folder and ports of its own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reservePorts } from '../kept-ports';
import { pause, waitFor } from '../wait';
import { makeCertificates, type TlsFiles } from './certificates';
import { endLater, forget, type Ending } from './clean-up';
import { askMonitor } from './monitor';
import { NatsProcess, type Usage } from './process';
import { configuration, HOST, type NatsServerOptions } from './settings';

const HEALTH_LOOK_MS = 20;

/** One server; its process may end and start again, its ports and its data stay. */
export class NatsServer implements Ending {
  private process: NatsProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-nats-'));
  /** With the option `tls`: what clients need. */
  readonly tls: TlsFiles | undefined;

  private constructor(
    private settings: NatsServerOptions,
    readonly port: number,
    readonly monitorPort: number,
  ) {
    endLater(this);
    if (settings.tls !== undefined && settings.tls !== false) {
      this.tls = settings.certificates ?? makeCertificates(this.folder);
    }
  }

  /** Resolves when the server takes clients, with JetStream if it has it. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = await NatsServer.launch(options);
    await server.ready();
    return server;
  }

  /** As {@link start}, without waiting until it is ready. A member of a cluster is so only with the other ones. */
  static async launch(options: NatsServerOptions): Promise<NatsServer> {
    const port = await reservePorts();
    const server = new NatsServer(options, port, port + 1);
    server.run();
    return server;
  }

  /** Without a user or password. */
  get url(): string {
    return `${this.tls === undefined ? 'nats' : 'tls'}://${HOST}:${this.port}`;
  }

  /** Base of its monitoring pages: `varz`, `connz`, `jsz?streams=true`, ... */
  get monitorUrl(): string {
    return `http://${HOST}:${this.monitorPort}/`;
  }

  get options(): NatsServerOptions {
    return this.settings;
  }

  /** Where JetStream keeps its data. */
  get dataDir(): string {
    return this.settings.storeDir ?? join(this.folder, 'data');
  }

  get pid(): number {
    return this.running.pid;
  }

  get isRunning(): boolean {
    return this.process?.isRunning === true;
  }

  /** Since {@link pause}. */
  get isPaused(): boolean {
    return this.process?.isPaused === true;
  }

  /** The end of what the current process, or else the last one, has logged. */
  get log(): string {
    return this.process?.log ?? '';
  }

  /** A monitoring page; undefined if the server does not answer. */
  ask<T = Record<string, unknown>>(page: string): Promise<T | undefined> {
    return askMonitor<T>(this.monitorPort, page);
  }

  /** Waits until it takes clients, and its JetStream, if any, is up. */
  async ready(timeoutMs?: number): Promise<void> {
    let seen: unknown;
    await waitFor(
      'nats-server to be ready',
      async () => {
        this.mustRun();
        seen = await this.ask('healthz');
        const isHealthy = (seen as { status?: string } | undefined)?.status === 'ok';
        // It logs every answer that is not ok.
        if (!isHealthy) await pause(HEALTH_LOOK_MS);
        return isHealthy && (await this.greets());
      },
      timeoutMs,
      () => [seen, this.log.slice(-2000)],
    );
  }

  /** Waits until it takes clients, with JetStream or without. */
  async listening(): Promise<void> {
    await waitFor(
      'nats-server to take clients',
      () => {
        this.mustRun();
        return this.greets();
      },
      undefined,
      () => this.log.slice(-2000),
    );
  }

  /** SIGKILL; resolves when the process has ended. */
  async kill(): Promise<void> {
    await this.process?.end('SIGKILL');
  }

  /** SIGTERM, upon which it closes its connections; resolves when the process has ended. */
  async stop(): Promise<void> {
    await this.process?.end('SIGTERM');
  }

  /** Starts it again on the same ports and data; kills it first if it runs. @param changes of its options. */
  async restart(changes: NatsServerOptions = {}): Promise<void> {
    await this.relaunch(changes);
    await this.ready();
  }

  /** As {@link restart}, without waiting until it is ready. */
  async relaunch(changes: NatsServerOptions = {}): Promise<void> {
    await this.kill();
    this.settings = { ...this.settings, ...changes };
    this.run();
  }

  /** SIGSTOP: connections stay open and nothing answers from the moment when this resolves. */
  async pause(): Promise<void> {
    await this.running.pause();
  }

  resume(): void {
    this.running.resume();
  }

  usage(): Usage {
    return this.running.usage();
  }

  /** Kills it and removes its folder. */
  async end(): Promise<void> {
    forget(this);
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get running(): NatsProcess {
    if (this.process?.isRunning !== true) throw new Error('nats-server does not run');
    return this.process;
  }

  private mustRun(): void {
    if (!this.isRunning) throw new Error(`nats-server has ended (${this.process?.status}): ${this.log}`);
  }

  private run(): void {
    const file = join(this.folder, 'nats.conf');
    const { port, monitorPort, dataDir: storeDir, tls } = this;
    writeFileSync(file, configuration(this.settings, { port, monitorPort, storeDir, tls }));
    this.process = new NatsProcess(file);
  }

  /** Whether its first words to a client come. */
  private greets(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, HOST);
      socket.once('data', (data: Buffer) => {
        resolve(data.toString('latin1').startsWith('INFO '));
        socket.destroy();
      });
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
    });
  }
}
