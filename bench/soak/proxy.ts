// A TCP proxy that misbehaves, between a client and a server: two ports in front, two behind.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hold } from '../../lib/stream/tap';

/** What the proxy does with the bytes that come through. */
export type ProxyMode =
  | 'pass'
  /** Every piece is late by 5 to 30 ms. */
  | 'delay'
  /** Nothing comes through, nothing is closed. */
  | 'stall'
  /** As stall, and the end of one side is kept from the other. */
  | 'half-open'
  /** A byte a segment. */
  | 'dribble'
  /** Half of the next piece comes through, then both sides are closed. */
  | 'cut'
  /** A connection that was made a second time, as far as its greeting, stands beside every one. */
  | 'double';

const HOST = '127.0.0.1';
const DELAY_MS = [5, 30] as const;
// A piece is dribbled up to here; the rest of it comes whole, or a large frame would take minutes.
const DRIBBLED_BYTES = 300;
const GREETING_BYTES = 64;

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  greeting: Buffer;
}

/** Two ports in front of two others. */
export class ChaosProxy {
  private mode: ProxyMode = 'pass';
  /** Until the mode changes. */
  private readonly held = new Hold();
  private readonly links = new Set<Link>();
  private readonly doubles = new Set<Socket>();
  private readonly servers: Server[] = [];

  /** @param random 0..1, so that a run can be repeated. */
  private constructor(private readonly random: () => number) {}

  /** Listens on `front` and the next port, for a server at `back` and the next port. */
  static async open(front: number, back: number, random: () => number): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(random);
    for (const offset of [0, 1]) {
      const server = createServer((client) => proxy.link(client, back + offset));
      server.listen(front + offset, HOST);
      await once(server, 'listening');
      proxy.servers.push(server);
    }
    return proxy;
  }

  /** From now on. `pass` ends a fault; connections that were torn meanwhile stay so. */
  set(mode: ProxyMode): void {
    const wasHalfOpen = this.mode === 'half-open';
    this.mode = mode;
    if (wasHalfOpen) this.reset();
    if (mode === 'double')
      for (const { greeting, server } of this.links) this.makeDouble(server.remotePort!, greeting);
    else for (const socket of this.doubles) socket.destroy();
    this.held.release();
  }

  /** Resets every connection, both ways. */
  reset(): void {
    for (const { client, server } of this.links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.set('pass');
    this.reset();
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  private link(client: Socket, port: number): void {
    const server = connect(port, HOST);
    const link: Link = { client, server, greeting: Buffer.alloc(0) };
    this.links.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    const over = (): void => void this.links.delete(link);
    client.once('close', over);
    void this.pump(link, client, server);
    void this.pump(link, server, client);
  }

  private async pump(link: Link, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (from === link.client && link.greeting.length < GREETING_BYTES) {
          link.greeting = Buffer.concat([link.greeting, chunk]).subarray(0, GREETING_BYTES);
        }
        await this.pass(link, chunk, to);
      }
    } catch {
      // Torn: so is the other side, below.
    }
    while (this.mode === 'half-open') await this.held.wait();
    to.destroy();
  }

  private async pass(link: Link, chunk: Buffer, to: Socket): Promise<void> {
    while (this.mode === 'stall' || this.mode === 'half-open') await this.held.wait();
    if (this.mode === 'cut') {
      to.write(chunk.subarray(0, Math.ceil(chunk.length / 2)));
      link.client.destroy();
      // What is on its way still arrives: the cut is within a frame, not in front of it.
      link.server.end();
      return;
    }
    if (this.mode === 'delay') {
      const [least, most] = DELAY_MS;
      await sleep(least + this.random() * (most - least));
    }
    let rest = chunk;
    if (this.mode === 'dribble') {
      for (let i = 0; i < Math.min(chunk.length, DRIBBLED_BYTES); i++) to.write(chunk.subarray(i, i + 1));
      rest = chunk.subarray(DRIBBLED_BYTES);
    }
    if (rest.length === 0 || to.destroyed || to.write(rest)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        to.off('drain', done).off('close', done);
        resolve();
      };
      to.on('drain', done).on('close', done);
    });
  }

  private makeDouble(port: number, greeting: Buffer): void {
    const socket = connect(port, HOST, () => void socket.write(greeting));
    this.doubles.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.doubles.delete(socket));
  }
}
