// The whole demo: an exporter and an analysis process, frames both ways, everything checked.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { TcpClient, type TcpCore } from '../../index';
import { LOOPBACK, openLocalServer } from '../support/local';
import { DemoLink, type LinkCounts } from './link';
import { faults, LiveLine, table, type Direction } from './report';

export type Role = 'exporter' | 'analysis';

// What the parent says to a process of its own, and what that answers.
type Order = { connect: number } | 'start' | 'stopSending' | { waitFor: number } | 'end';
interface Answer {
  readonly done: 'ready' | 'start' | 'stopSending' | 'waitFor' | 'progress' | 'failed';
  readonly port?: number;
  readonly counts?: LinkCounts;
  readonly text?: string;
}

const PROGRESS_MS = 200;
const ANSWER_LIMIT_MS = 20_000;

/** Runs both processes for `seconds`; resolves to what went wrong, a sentence each. */
export async function runBoth(program: string, seconds: number): Promise<string[]> {
  const parts = (['exporter', 'analysis'] as const).map((role) => new Part(role, program));
  const [exporter, analysis] = parts as [Part, Part];
  const line = new LiveLine();
  const timer = setInterval(() => {
    line.show(parts.map(({ counts }) => counts).filter((counts) => counts !== undefined));
  }, line.periodMs);
  try {
    const { port } = await exporter.answer('ready');
    console.log(`exporter: TcpServer on ${LOOPBACK} port ${port} and the next one, process ${exporter.pid}`);
    analysis.order({ connect: port! });
    await analysis.answer('ready');
    console.log(
      `analysis: TcpClient connected to it, process ${analysis.pid}; ${seconds} s of frames both ways`,
    );
    for (const part of parts) part.order('start');
    await Promise.all(parts.map((part) => part.answer('start')));
    const started = performance.now();
    await Promise.race([pause(seconds * 1000), ...parts.map((part) => part.failed)]);
    for (const part of parts) part.order('stopSending');
    const [fromExporter, fromAnalysis] = await Promise.all(parts.map((part) => part.answer('stopSending')));
    const elapsed = (performance.now() - started) / 1000;
    exporter.order({ waitFor: fromAnalysis!.counts!.sent });
    analysis.order({ waitFor: fromExporter!.counts!.sent });
    const [atExporter, atAnalysis] = await Promise.all(parts.map((part) => part.answer('waitFor')));
    const directions: Direction[] = [
      { name: 'exporter -> analysis', sent: fromExporter!.counts!.sent, counts: atAnalysis!.counts! },
      { name: 'analysis -> exporter', sent: fromAnalysis!.counts!.sent, counts: atExporter!.counts! },
    ];
    line.end();
    console.log(`\n${table(directions, elapsed)}\n`);
    return [...directions.flatMap(faults), ...(await Promise.all(parts.map((part) => part.end()))).flat()];
  } finally {
    clearInterval(timer);
    for (const part of parts) part.kill();
  }
}

/** The parent's handle on one of the two processes. */
class Part {
  counts: LinkCounts | undefined;
  /** Rejects when the process fails or ends before it is told to. */
  readonly failed: Promise<never>;
  private readonly child: ChildProcess;
  private waiting = new Map<Answer['done'], (answer: Answer) => void>();
  private ending = false;

  constructor(
    private readonly role: Role,
    program: string,
  ) {
    this.child = fork(program, ['demo', '--part', role]);
    this.failed = new Promise((_, reject) => {
      this.child.once('exit', (code, signal) => {
        if (!this.ending) reject(new Error(`the ${role} process has ended by itself (${signal ?? code})`));
      });
      this.waiting.set('failed', ({ text }) => reject(new Error(`${role}: ${text}`)));
    });
    // Somebody is told in time: every answer is awaited together with this.
    this.failed.catch(() => undefined);
    this.child.on('message', (answer: Answer) => {
      if (answer.counts !== undefined) this.counts = answer.counts;
      this.waiting.get(answer.done)?.(answer);
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  order(order: Order): void {
    this.child.send(order);
  }

  async answer(done: Answer['done']): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Answer>((resolve, reject) => {
      this.waiting.set(done, resolve);
      const text = `the ${this.role} process has not come to '${done}' within ${ANSWER_LIMIT_MS / 1000} s`;
      timer = setTimeout(() => reject(new Error(text)), ANSWER_LIMIT_MS);
    });
    try {
      return await Promise.race([answered, this.failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets the process end by itself; says so if it does not, or not well. */
  async end(): Promise<string[]> {
    this.ending = true;
    this.order('end');
    const timer = setTimeout(() => this.kill(), ANSWER_LIMIT_MS);
    const [code, signal] = (await once(this.child, 'exit')) as [number | null, string | null];
    clearTimeout(timer);
    return code === 0 ? [] : [`the ${this.role} process ended with ${signal ?? `status ${code}`}`];
  }

  kill(): void {
    this.ending = true;
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
  }
}

/** What each of the two processes runs. */
export async function runPart(role: Role): Promise<void> {
  const orders = new Orders();
  const say = (answer: Answer): void => void process.send!(answer);
  // Without a parent there is nobody to report to.
  process.once('disconnect', () => process.exit(1));
  try {
    const { bridge, port } = await open(role, orders);
    const link = new DemoLink(bridge, true);
    if (role === 'analysis') await bridge.waitForPeer({ timeoutMs: ANSWER_LIMIT_MS / 2 });
    say({ done: 'ready', port });
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

async function open(role: Role, orders: Orders): Promise<{ bridge: TcpCore; port: number }> {
  if (role === 'exporter') return openLocalServer();
  const { connect } = (await orders.next()) as { connect: number };
  return { bridge: await TcpClient.create(LOOPBACK, connect), port: connect };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
