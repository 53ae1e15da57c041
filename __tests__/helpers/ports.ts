// Pairs of free consecutive ports, below the range the kernel hands out for outgoing connections.

import { createServer } from 'node:net';

const FIRST_PORT = 20_000;
const PORTS_PER_WORKER = 2_000;
const WORKERS = 6;

const worker = Number(process.env.JEST_WORKER_ID ?? '1') % WORKERS;
const start = FIRST_PORT + worker * PORTS_PER_WORKER;
// Runs that follow each other start elsewhere: ports of the last one may still be in TIME_WAIT.
let next = Math.floor(Math.random() * (PORTS_PER_WORKER / 2)) * 2;

/** A base port P such that P and P + 1 were free a moment ago and are given out to nobody else in this run. */
export async function reservePorts(): Promise<number> {
  for (let attempt = 0; attempt < PORTS_PER_WORKER / 2; attempt++) {
    const port = start + next;
    next = (next + 2) % PORTS_PER_WORKER;
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error(`no pair of free ports from ${start} on`);
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
