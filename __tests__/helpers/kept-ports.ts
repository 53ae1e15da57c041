// Ports from the kernel, kept from the moment they are given out. Nothing of Jest: benchmarks use them as well.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { hasIPv6 } from './machine';

const HOST = '127.0.0.1';
// A port that is free in one family may be taken in the other.
const HOSTS = hasIPv6() ? [HOST, '::1'] : [HOST];

/** Both ends of the connections that keep ports. */
const kept = new Set<Socket>();
const keepers = new Map<string, Promise<Server>>();

/**
 * A base port P: nobody listens on P and P + 1, and the kernel gives them to nobody else until {@link releasePorts}. A connection
 * that begins at a port keeps it from being the origin of another one, and from being chosen for a server that takes any
 * port; a server that asks for it by number gets it.
 *
 * @param offsets of the other ports that are needed with P.
 */
export async function reservePorts(offsets: readonly number[] = [1]): Promise<number> {
  for (;;) {
    const first = (await keep(HOST, 0))!;
    const base = first.localPort!;
    const others = await Promise.all(
      HOSTS.flatMap((host) => [0, ...offsets].map((offset) => ({ host, port: base + offset })))
        .slice(1)
        .map(({ host, port }) => keep(host, port)),
    );
    if (!others.includes(undefined)) return base;
    for (const socket of [first, ...others]) socket?.resetAndDestroy();
  }
}

/** Whether a server could listen there. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  server?.close();
  return server !== undefined;
}

/** A connection that begins at this port, or at one that the kernel chooses for 0; undefined where that is taken. */
async function keep(host: string, localPort: number): Promise<Socket | undefined> {
  if (localPort > 65_535) return undefined;
  if (!keepers.has(host)) keepers.set(host, startKeeper(host));
  const { port } = (await keepers.get(host)!).address() as AddressInfo;
  const socket = connect({ host, port, localAddress: host, localPort });
  hold(socket);
  const [hasFailed] = await Promise.race([
    once(socket, 'connect').then(() => [false]),
    once(socket, 'close'),
  ]).catch(() => [true]);
  return hasFailed === false ? socket : undefined;
}

/** Takes connections from everywhere, and holds them. */
async function startKeeper(host: string): Promise<Server> {
  return (await listen(0, host))!.on('connection', (socket) => hold(socket)).unref();
}

function hold(socket: Socket): void {
  kept.add(socket.unref());
  socket.on('error', () => undefined).once('close', () => kept.delete(socket));
}

/** Undefined where somebody else does. */
function listen(port: number, host = HOST): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host }, () => resolve(server));
  });
}

/** Keeps none of them any longer. */
export function releasePorts(): void {
  for (const keeper of keepers.values()) void keeper.then((server) => server.close());
  keepers.clear();
  // Without TIME_WAIT.
  for (const socket of kept) socket.resetAndDestroy();
}
