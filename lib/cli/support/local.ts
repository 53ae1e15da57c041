// Bridges between two ends of this machine.

import { GeneralError, TcpServer, type TcpOptions } from '../../index';

export const LOOPBACK = '127.0.0.1';
// Below the range the kernel uses for outgoing connections.
const FIRST_PORT = 20_000;
const PAIRS = 6_000;
const ATTEMPTS = 50;

/** A base port that is free, as a rule. */
export function someLocalPort(): number {
  return FIRST_PORT + 2 * Math.floor(Math.random() * PAIRS);
}

/** A server on the first pair of ports that is free. */
export async function openLocalServer(
  options: TcpOptions = {},
): Promise<{ readonly bridge: TcpServer; readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = someLocalPort();
    try {
      return { bridge: await TcpServer.create(LOOPBACK, port, options), port };
    } catch (err) {
      const taken = err instanceof GeneralError && err.code === 'ERR_BIND';
      if (!taken || attempt === ATTEMPTS) throw err;
    }
  }
}
