// What is done to a bridge in a soak. Each begins, lasts and ends; then frames must flow again.

import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Ends of connections that nobody tells of, because their process is gone. */
  readonly ends?: number;
  readonly run: (scene: Scene, random: () => number) => Promise<void>;
}

// Longer than three heartbeats, so that whoever asks has noticed.
const LONG_MS = 700;
const SHORT_MS = 300;

/** The end of either process, at any moment. */
export const KILLS: readonly Fault[] = [killing('server'), killing('client')];

export const FAULTS: readonly Fault[] = [
  proxied('delay and jitter', 'delay', LONG_MS),
  proxied('stall', 'stall', LONG_MS),
  proxied('half-open', 'half-open', LONG_MS),
  proxied('one byte at a time', 'dribble', SHORT_MS),
  proxied('cut within a frame', 'cut', SHORT_MS),
  proxied('connections made twice', 'double', SHORT_MS),
  {
    name: 'reset',
    run: async ({ proxy }, random) => {
      // At a moment of its own in what is being sent.
      await sleep(random() * 100);
      proxy.reset();
    },
  },
  ...KILLS,
  stopping('server'),
  stopping('client'),
  {
    name: 'another service on the ports',
    ends: 2,
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

function proxied(name: string, mode: ProxyMode, ms: number): Fault {
  return {
    name,
    run: async ({ proxy }) => {
      proxy.set(mode);
      await sleep(ms);
      proxy.set('pass');
    },
  };
}

function killing(role: 'server' | 'client'): Fault {
  return {
    name: `SIGKILL of the ${role}`,
    ends: 2,
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
    run: async (scene) => {
      scene[role].signal('SIGSTOP');
      await sleep(LONG_MS);
      scene[role].signal('SIGCONT');
    },
  };
}

async function serveHttp(port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end('no bridge here'));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
