// One of the two processes of the whole demo: what it is told, what it answers, what it does.

import { setTimeout as pause } from 'node:timers/promises';
import { TcpClient, type Engine, type TcpCore, type TcpOptions } from '../../index';
import { given } from '../support/arguments';
import { LOOPBACK, openLocalServer } from '../support/local';
import { DemoLink, type LinkCounts } from './link';

export type Role = 'exporter' | 'analysis';

// What the parent says to a process of its own, and what that answers.
export type Order = { connect: number } | 'start' | 'stopSending' | { waitFor: number } | 'end';
export interface Answer {
  readonly done: 'ready' | 'start' | 'stopSending' | 'waitFor' | 'progress' | 'failed';
  readonly port?: number;
  readonly engine?: Engine;
  readonly counts?: LinkCounts;
  readonly text?: string;
}

/** How long the parent waits for an answer. */
export const ANSWER_LIMIT_MS = 20_000;
const PROGRESS_MS = 200;

/** What each of the two processes runs. */
export async function runPart(role: Role, engine: Engine | undefined): Promise<void> {
  const orders = new Orders();
  const say = (answer: Answer): void => void process.send!(answer);
  // A terminal sends these to all of its processes: the parent decides, and asks for the counts first.
  for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
  // Without a parent there is nobody to report to.
  process.once('disconnect', () => process.exit(1));
  try {
    const { bridge, port } = await open(role, orders, given({ engine }));
    const link = new DemoLink(bridge, true);
    if (role === 'analysis') await bridge.waitForPeer({ timeoutMs: ANSWER_LIMIT_MS / 2 });
    say({ done: 'ready', port, engine: bridge.engine });
    await orders.next();
    say({ done: 'start' });
    const progress = setInterval(() => say({ done: 'progress', counts: link.counts }), PROGRESS_MS);
    const sending = link.send();
    await Promise.race([orders.next(), sending]);
    link.stopSending();
    await sending;
    say({ done: 'stopSending', counts: link.counts });
    const { waitFor } = (await orders.next()) as { waitFor: number };
    const deadline = performance.now() + ANSWER_LIMIT_MS / 2;
    while (link.counts.received < waitFor && performance.now() < deadline) await pause(5);
    clearInterval(progress);
    say({ done: 'waitFor', counts: link.counts });
    await orders.next();
    await bridge.stop();
    process.removeAllListeners('disconnect');
    process.disconnect();
  } catch (err) {
    say({ done: 'failed', text: err instanceof Error ? err.message : String(err) });
    process.exitCode = 1;
  }
}

/** The parent's orders, one after the other. */
class Orders {
  private readonly queue: Order[] = [];
  private wake: () => void = () => undefined;

  constructor() {
    process.on('message', (order: Order) => {
      this.queue.push(order);
      this.wake();
    });
  }

  async next(): Promise<Order> {
    while (this.queue.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.queue.shift()!;
  }
}

async function open(
  role: Role,
  orders: Orders,
  options: TcpOptions,
): Promise<{ bridge: TcpCore; port: number }> {
  if (role === 'exporter') return openLocalServer(options);
  const { connect } = (await orders.next()) as { connect: number };
  return { bridge: await TcpClient.create(LOOPBACK, connect, options), port: connect };
}
