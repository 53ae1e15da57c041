// Ports from the kernel, in pairs, kept for this test file from the moment they are given out.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** Both ends of the connections that keep ports. */
const kept = new Set<Socket>();
let keeper: Server | undefined;

/**
 * A base port P: nobody listens on P and P + 1, and the kernel gives them to nobody else while this file runs. A connection
 * that begins at a port keeps it from being the origin of another one, and from being chosen for a server that takes any
 * port; a server that asks for it by number gets it.
 *
 * @param offsets of the other ports that are needed with P.
 */
export async function reservePorts(offsets: readonly number[] = [1]): Promise<number> {
  for (;;) {
    const first = (await keep(0))!;
    const base = first.localPort!;
    const others = await Promise.all(offsets.map((offset) => keep(base + offset)));
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
async function keep(localPort: number): Promise<Socket | undefined> {
  if (localPort > 65_535) return undefined;
  keeper ??= (await listen(0))!.on('connection', (socket) => hold(socket)).unref();
  const { port } = keeper.address() as AddressInfo;
  const socket = connect({ host: HOST, port, localAddress: HOST, localPort });
  hold(socket);
  const [hasFailed] = await Promise.race([
    once(socket, 'connect').then(() => [false]),
    once(socket, 'close'),
  ]).catch(() => [true]);
  return hasFailed === false ? socket : undefined;
}

function hold(socket: Socket): void {
  kept.add(socket.unref());
  socket.on('error', () => undefined).once('close', () => kept.delete(socket));
}

/** Undefined where somebody else does. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST }, () => resolve(server));
  });
}

afterAll(() => {
  keeper?.close();
  keeper = undefined;
  // Without TIME_WAIT.
  for (const socket of kept) socket.resetAndDestroy();
});
