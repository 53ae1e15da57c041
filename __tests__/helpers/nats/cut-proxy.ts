// A TCP proxy on loopback that can be cut.

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { reservePorts } from '../kept-ports';
import { endLater, forget, type Ending } from './clean-up';
import { CutLink, type Fault, type Way } from './cut-link';
import { HOST } from './settings';

/** Passes bytes between clients and one server, until it is told not to. */
export class CutProxy implements Ending {
  /** Connections that it has accepted so far. */
  accepted = 0;
  private readonly links = new Set<CutLink>();
  private fault: Fault = {};
  private listener: Server | undefined;

  private constructor(
    /** Where clients connect. */
    readonly port: number,
    /** Where the server listens. */
    readonly target: number,
  ) {
    endLater(this);
  }

  /** Listens on a port of its own, in front of the server that listens on `target`. */
  static async listen(target: number): Promise<CutProxy> {
    const proxy = new CutProxy(await reservePorts([]), target);
    await proxy.set({});
    return proxy;
  }

  get url(): string {
    return `nats://${HOST}:${this.port}`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.links.size;
  }

  /**
   * A silent cut: what is sent vanishes, new connections are accepted and get no answer, and an end of either side is
   * not told to the other one. Connections of that time are reset by {@link heal}.
   *
   * @param way only what clients send, or only what they get, vanishes.
   */
  hang(way: Way | 'both' = 'both'): Promise<void> {
    return this.set({ hung: way });
  }

  /** As a network that fails for a moment: bytes and new connections wait, and go on upon {@link heal}. */
  stall(): Promise<void> {
    return this.set({ isStalled: true });
  }

  /** Every byte is late by this. It limits no rate. */
  delay(ms: number): Promise<void> {
    return this.set({ delayMs: ms });
  }

  /** Resets all connections and refuses new ones. */
  async drop(): Promise<void> {
    this.fault = {};
    const closed = new Promise<void>((resolve) => {
      if (this.listener === undefined) resolve();
      else this.listener.close(() => resolve());
    });
    this.listener = undefined;
    this.reset();
    await closed;
  }

  /** Resets all connections; new ones are taken as before. */
  reset(): void {
    for (const link of this.links) link.reset();
  }

  /** Ends every fault. */
  heal(): Promise<void> {
    return this.set({});
  }

  /** Closes it for good. */
  async end(): Promise<void> {
    forget(this);
    await this.drop();
  }

  /** Takes effect at once on the connections there are. */
  private async set(fault: Fault): Promise<void> {
    this.fault = fault;
    for (const link of this.links) link.update();
    if (this.listener !== undefined) return;
    this.listener = createServer((client) => {
      this.accepted += 1;
      const link: CutLink = new CutLink(
        client,
        this.target,
        () => this.fault,
        () => this.links.delete(link),
      );
      this.links.add(link);
    });
    this.listener.listen(this.port, HOST);
    await once(this.listener, 'listening');
  }
}
