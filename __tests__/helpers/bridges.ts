// Bridges on reserved ports that are stopped after each test, whatever the test did.

import { Frame, TcpClient, TcpServer, type TcpCore, type TcpOptions } from '../../lib';
import { engines } from './engines';
import { reservePorts } from './ports';
import { waitFor } from './wait';

export const LOOPBACK = '127.0.0.1';

const open: TcpCore[] = [];

/** Stops every bridge the test has made; for `afterEach`. */
export async function stopBridges(): Promise<void> {
  await Promise.all(open.splice(0).map((bridge) => bridge.stop()));
}

export async function makeServer(port?: number, options?: TcpOptions, addr = LOOPBACK): Promise<TcpServer> {
  const server = await TcpServer.create(addr, port ?? (await reservePorts()), {
    engine: engines.server,
    ...options,
  });
  open.push(server);
  return server;
}

export async function makeClient(port: number, options?: TcpOptions, addr = LOOPBACK): Promise<TcpClient> {
  const client = await TcpClient.create(addr, port, { engine: engines.client, ...options });
  open.push(client);
  return client;
}

/** A server, a client and their base port, connected both ways. */
export async function makePair(
  options: { server?: TcpOptions; client?: TcpOptions } = {},
): Promise<{ server: TcpServer; client: TcpClient; port: number }> {
  const port = await reservePorts();
  const server = await makeServer(port, options.server);
  const client = await makeClient(port, options.client);
  await Promise.all([server, client].map((bridge) => bridge.waitForPeer({ timeoutMs: 10_000 })));
  return { server, client, port };
}

/** Collects what a bridge delivers. */
export class Collector {
  readonly frames: Frame[] = [];

  acceptFrame(frame: Frame): void {
    this.frames.push(frame);
  }

  async waitForCount(count: number, timeoutMs?: number): Promise<void> {
    const seen = (): string => `${this.frames.length} of ${count}`;
    await waitFor('frames to arrive', () => this.frames.length >= count, timeoutMs, seen);
  }
}

/** The fields that travel, comparable with toEqual. */
export function fieldsOf({ payload, flags, channel, error }: Frame): object {
  return { payload: payload.toString('hex'), flags, channel, error };
}

/** Waits for peers, and for a frame in each direction. */
export async function passFrames(server: TcpCore, client: TcpCore, timeoutMs = 10_000): Promise<void> {
  await Promise.all([server, client].map((bridge) => bridge.waitForPeer({ timeoutMs })));
  for (const [from, to] of [
    [server, client],
    [client, server],
  ] as const) {
    const collector = to.to(new Collector());
    await from.send(new Frame(Buffer.from('hello')));
    await collector.waitForCount(1, timeoutMs);
  }
}
