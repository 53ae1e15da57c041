// What is done to a bridge in a soak. Each begins, lasts and ends; then frames must flow again.

import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../lib/index';
import type { ChaosProxy, ProxyMode } from './proxy';
import type { SoakSide } from './side';

/** What a fault may lay hands on. */
export interface Scene {
  readonly proxy: ChaosProxy;
  readonly server: SoakSide;
  readonly client: SoakSide;
  /** The server's base port, behind the proxy. */
  readonly port: number;
}

/** One fault. When `run` resolves it is over. */
export interface Fault {
  readonly name: string;
  /** Whether a connection ends through it, on either engine or on one. Where none does, nothing may be lost. */
  readonly breaks: boolean | Engine;
  /** Whether frames are dealt to a peer that is none of the sides. */
  readonly doubles?: true;
  /** The side whose process does not survive it. */
  readonly kills?: 'server' | 'client';
  readonly run: (scene: Scene, random: () => number) => Promise<void>;
}

// Longer than three heartbeats, so that whoever asks has noticed.
const LONG_MS = 700;
const SHORT_MS = 300;
// One heartbeat: a sender hears answers alone, and its question waits behind all that it had sent.
const UNNOTICED_MS = 150;
const SLOW_FRAME_MS = 25;

/** The end of either process, at any moment. */
export const KILLS: readonly Fault[] = [killing('server'), killing('client')];

export const FAULTS: readonly Fault[] = [
  proxied('delay and jitter', 'delay', LONG_MS, false),
  proxied('stall', 'stall', UNNOTICED_MS, false),
  proxied('stall that heartbeats notice', 'stall', LONG_MS, true),
  proxied('half-open', 'half-open', LONG_MS, true),
  proxied('one byte at a time', 'dribble', SHORT_MS, false),
  proxied('cut within a frame', 'cut', SHORT_MS, true),
  { ...proxied('connections made twice', 'double', SHORT_MS, false), doubles: true },
  {
    name: 'reset',
    breaks: true,
    run: async ({ proxy }, random) => {
      // At a moment of its own in what is being sent.
      await sleep(random() * 100);
      proxy.reset();
    },
  },
  blocking('server'),
  blocking('client'),
  slowing('server'),
  slowing('client'),
  ...KILLS,
  stopping('server'),
  stopping('client'),
  {
    name: 'another service on the ports',
    breaks: true,
    kills: 'server',
    run: async ({ server, port }) => {
      await server.kill();
      const others = await Promise.all([port, port + 1].map(serveHttp));
      await sleep(LONG_MS);
      await Promise.all(
        others.map((other) => {
          other.closeAllConnections();
          return new Promise((resolve) => other.close(resolve));
        }),
      );
      await server.start();
    },
  },
];

function proxied(name: string, mode: ProxyMode, ms: number, breaks: boolean): Fault {
  return {
    name,
    breaks,
    run: async ({ proxy }) => {
      await proxy.set(mode);
      await sleep(ms);
      await proxy.set('pass');
    },
  };
}

function killing(role: 'server' | 'client'): Fault {
  return {
    name: `SIGKILL of the ${role}`,
    breaks: true,
    kills: role,
    run: async (scene, random) => {
      await sleep(random() * 100);
      await scene[role].kill();
      await scene[role].start();
    },
  };
}

function stopping(role: 'server' | 'client'): Fault {
  return {
    name: `SIGSTOP of the ${role}`,
    breaks: true,
    run: async (scene) => {
      scene[role].signal('SIGSTOP');
      await sleep(LONG_MS);
      scene[role].signal('SIGCONT');
    },
  };
}

/** Its event loop stands still for more than three heartbeats; its kernel goes on acknowledging. */
function blocking(role: 'server' | 'client'): Fault {
  return {
    name: `blocked event loop of the ${role}`,
    // libzmq answers no heartbeat while its pipe is full.
    breaks: 'libzmq',
    run: async (scene) => {
      scene[role].tell({ do: 'block', ms: LONG_MS });
      await sleep(LONG_MS);
    },
  };
}

/** Its slave needs several heartbeats for what waits within the high-water mark. */
function slowing(role: 'server' | 'client'): Fault {
  return {
    name: `slow slave of the ${role}`,
    breaks: 'libzmq',
    run: async (scene) => {
      scene[role].tell({ do: 'be slow', ms: LONG_MS, perFrameMs: SLOW_FRAME_MS });
      await sleep(LONG_MS);
    },
  };
}

async function serveHttp(port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end('no bridge here'));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
