// A TCP proxy that misbehaves, between a client and a server: two ports in front, two behind.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gate } from '../../lib/async/gate';
import { Double } from './double';
import { HANDSHAKE_BYTES } from './inputs';

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
  /** A second connection with the first one's handshake stands beside every one: its server sees the peer twice. */
  | 'double';

const HOST = '127.0.0.1';
const DELAY_MS = [5, 30] as const;
// A piece is dribbled up to here; the rest of it comes whole, or a large frame would take minutes.
const DRIBBLED_BYTES = 60;
// Greeting and READY of a peer that says no more than its type, as Rogue's and ours.

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** 0 for the base port, on which the client sends; 1 for the next, on which the server does. */
  readonly offset: number;
  /** The first bytes of the client. */
  handshake: Buffer;
  /** What has come from the end that sends frames. */
  carriedBytes: number;
}

/** What happened to the connections of one of the two ports. */
export interface Ended {
  /** Connections that may have had frames on them, and ended. */
  readonly broken: number;
  /** The same, of doubles. */
  readonly doubles: number;
  /** Frames that these were dealt: nobody else gets them. */
  readonly dealt: number;
}

/** Two ports in front of two others. */
export class ChaosProxy {
  private mode: ProxyMode = 'pass';
  /** Until the mode changes. */
  private readonly held = new Gate();
  private readonly links = new Set<Link>();
  private doubles: { readonly offset: number; readonly double: Double }[] = [];
  private readonly endings = [0, 1].map(() => ({ broken: 0, doubles: 0, dealt: 0 }));
  private readonly servers: Server[] = [];

  /** @param random 0..1, so that a run can be repeated. */
  private constructor(private readonly random: () => number) {}

  /** Listens on `front` and the next port, for a server at `back` and the next port. */
  static async open(front: number, back: number, random: () => number): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(random);
    for (const offset of [0, 1]) {
      const server = createServer((client) => proxy.link(client, back, offset));
      server.listen(front + offset, HOST);
      await once(server, 'listening');
      proxy.servers.push(server);
    }
    return proxy;
  }

  /** From now on. `pass` ends a fault; connections that were torn meanwhile stay so. */
  async set(mode: ProxyMode): Promise<void> {
    const wasHalfOpen = this.mode === 'half-open';
    this.mode = mode;
    if (wasHalfOpen) this.reset();
    if (mode === 'double') for (const link of this.links) this.makeDouble(link);
    this.held.release();
    if (mode !== 'double') await this.endDoubles();
  }

  /** What has ended so far, on the base port and the next. */
  get ended(): readonly Ended[] {
    return this.endings.map((counts) => ({ ...counts }));
  }

  /** Resets every connection, both ways. */
  reset(): void {
    for (const { client, server } of this.links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    await this.set('pass');
    this.reset();
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  private link(client: Socket, back: number, offset: number): void {
    const server = connect(back + offset, HOST);
    const link: Link = { client, server, offset, handshake: Buffer.alloc(0), carriedBytes: 0 };
    this.links.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    client.once('close', () => {
      this.links.delete(link);
      if (link.carriedBytes > HANDSHAKE_BYTES) this.endings[offset]!.broken += 1;
    });
    void this.pump(link, client, server);
    void this.pump(link, server, client);
  }

  private async pump(link: Link, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (from === link.client && link.handshake.length < HANDSHAKE_BYTES) {
          link.handshake = Buffer.concat([link.handshake, chunk]).subarray(0, HANDSHAKE_BYTES);
        }
        if ((from === link.client) === (link.offset === 0)) link.carriedBytes += chunk.length;
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

  private makeDouble({ offset, server, handshake }: Link): void {
    this.doubles.push({ offset, double: new Double(server.remotePort!, HOST, handshake) });
  }

  private async endDoubles(): Promise<void> {
    const { doubles } = this;
    this.doubles = [];
    const end = async ({ offset, double }: (typeof doubles)[number]): Promise<void> => {
      const dealt = await double.end();
      const counts = this.endings[offset]!;
      counts.dealt += dealt;
      if (dealt > 0) counts.doubles += 1;
    };
    await Promise.all(doubles.map(end));
  }
}
