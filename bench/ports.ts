// Free ports on loopback, below the range the kernel hands out for outgoing connections.

import { createServer } from 'node:net';

const FIRST_PORT = 6_000;
// The tests take theirs from here on, and may be running.
const END_PORT = 20_000;
const HOST = '127.0.0.1';

// Runs that follow each other start elsewhere: ports of the last one may still be in TIME_WAIT.
let next = FIRST_PORT + 2 * Math.floor((Math.random() * (END_PORT - FIRST_PORT)) / 2);

/** `count` ports, an even number: in pairs P, P + 1, that were free a moment ago, each given out once. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > (END_PORT - FIRST_PORT) / 2) throw new Error(`no ${count} free ports from ${FIRST_PORT} on`);
    const port = next;
    next = port + 2 < END_PORT ? port + 2 : FIRST_PORT;
    if ((await isFree(port)) && (await isFree(port + 1))) ports.push(port, port + 1);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST }, () => server.close(() => resolve(true)));
  });
}
