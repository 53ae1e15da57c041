// What the patterns of part `aborts` are played with: bridges, other services, and the count of what went wrong.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpClient, TcpServer, type Engine, type TcpCore } from '../../lib/index';
import { freePorts } from '../ports';
import type { PatternResult } from './patterns';

const HOST = '127.0.0.1';
const LINGER_MS = 1_000;
const BACK_LIMIT_MS = 15_000;
// Rounds side by side, so that five hundred are done in less than a minute.
const LANES = 8;

/** One process's bridges. */
export class AbortStage {
  private rounds = 0;
  private notBack = 0;
  private longestStopMs = 0;

  constructor(
    private readonly engine: Engine,
    readonly random: () => number,
    private readonly tell: (result: PatternResult) => void,
  ) {}

  get result(): PatternResult {
    const { rounds, notBack, longestStopMs } = this;
    return { rounds, notBack, longestStopMs: Math.round(longestStopMs) };
  }

  /** Plays at least `rounds` rounds in parallel lanes; each lane has its own base port. */
  async inLanes(rounds: number, play: (port: number, rounds: number) => Promise<void>): Promise<void> {
    const lanes = Math.min(LANES, rounds);
    const ports = (await freePorts(2 * lanes)).filter((_, index) => index % 2 === 0);
    await Promise.all(ports.map((port) => play(port, Math.ceil(rounds / lanes))));
  }

  server(port: number): Promise<TcpCore> {
    return TcpServer.create(HOST, port, { engine: this.engine, lingerMs: LINGER_MS });
  }

  client(port: number): Promise<TcpCore> {
    return TcpClient.create(HOST, port, { engine: this.engine, lingerMs: LINGER_MS });
  }

  async stop(bridge: TcpCore): Promise<void> {
    const started = performance.now();
    await bridge.stop();
    this.longestStopMs = Math.max(this.longestStopMs, performance.now() - started);
  }

  /** Waits until both directions have a peer; one that has none by then is counted. */
  async isBack(bridge: TcpCore): Promise<void> {
    await bridge.waitForPeer({ timeoutMs: BACK_LIMIT_MS }).catch(() => (this.notBack += 1));
  }

  /** Resolves when a peer of this bridge is past its handshake, or after a while. */
  async someone(bridge: TcpCore): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => bridge.once('connect', () => resolve())),
      sleep(BACK_LIMIT_MS, undefined, { ref: false }),
    ]);
  }

  /** Some time of up to `ms`: now and then none, so that the next thing comes in the same turn. */
  async moment(ms: number): Promise<void> {
    const wait = this.random() * 1.25 * ms - 0.25 * ms;
    if (wait > 0) await sleep(wait);
  }

  round(): void {
    this.rounds += 1;
    this.tell(this.result);
  }
}

/** What another service on a port does with a visitor. */
export type Manners = 'close' | 'answer' | 'old ZMTP' | 'silence';

/** Another service on both ports of a pair. @returns what closes it. */
export async function openService(port: number, manners: Manners): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket.on('error', () => undefined));
    if (manners === 'close') socket.end();
    else if (manners === 'old ZMTP') socket.write(Buffer.from([1, 0]));
    else if (manners === 'answer') socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  };
  const servers = await Promise.all([port, port + 1].map((at) => listen(at, accept)));
  return async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
}

function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(accept).once('error', reject);
    server.listen(port, HOST, () => resolve(server));
  });
}

/** A visitor that says these bytes and is gone after `ms`. */
export function visit(port: number, bytes: Buffer, ms: number): void {
  const socket = connect(port, HOST, () => void socket.write(bytes)).on('error', () => undefined);
  setTimeout(() => socket.resetAndDestroy(), ms);
}
