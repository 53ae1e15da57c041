// The whole demo: an exporter and an analysis process, frames both ways, everything checked.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Engine } from '../../index';
import { Failure } from '../support/errors';
import { LOOPBACK } from '../support/local';
import { machineText, thisMachine } from '../support/machine';
import { Interruption, print } from '../support/run';
import type { LinkCounts } from './link';
import { ANSWER_LIMIT_MS, type Answer, type Order, type Role } from './part';
import { faults, LiveLine, table, type Direction } from './report';

/** Runs both processes for `seconds`, or until Ctrl-C; resolves to what went wrong, a sentence each. */
export async function runBoth(
  program: string,
  engine: Engine | undefined,
  seconds: number,
): Promise<string[]> {
  const interruption = new Interruption();
  const parts = (['exporter', 'analysis'] as const).map((role) => new Part(role, program, engine));
  const [exporter, analysis] = parts as [Part, Part];
  let timer: NodeJS.Timeout | undefined;
  try {
    await started(exporter, analysis, seconds, interruption);
    const startedAt = performance.now();
    const line = new LiveLine();
    timer = setInterval(() => {
      line.show(parts.map(({ counts }) => counts).filter((counts) => counts !== undefined));
    }, line.periodMs);
    await Promise.race([interruption.wait(seconds), ...parts.map((part) => part.failed)]);
    for (const part of parts) part.order('stopSending');
    const [fromExporter, fromAnalysis] = await Promise.all(parts.map((part) => part.answer('stopSending')));
    const elapsed = (performance.now() - startedAt) / 1000;
    exporter.order({ waitFor: fromAnalysis!.counts!.sent });
    analysis.order({ waitFor: fromExporter!.counts!.sent });
    const [atExporter, atAnalysis] = await Promise.all(parts.map((part) => part.answer('waitFor')));
    const directions: Direction[] = [
      { name: 'exporter -> analysis', sent: fromExporter!.counts!.sent, counts: atAnalysis!.counts! },
      { name: 'analysis -> exporter', sent: fromAnalysis!.counts!.sent, counts: atExporter!.counts! },
    ];
    line.end();
    print(`\n${table(directions, elapsed)}\n`);
    return [...directions.flatMap(faults), ...(await Promise.all(parts.map((part) => part.end()))).flat()];
  } finally {
    clearInterval(timer);
    // Whatever else still waits for the end has no reason to.
    interruption.stop();
    for (const part of parts) part.kill();
  }
}

/** Resolves when both send. @throws {Failure} when it is interrupted before. */
async function started(
  exporter: Part,
  analysis: Part,
  seconds: number,
  interruption: Interruption,
): Promise<void> {
  const start = async (): Promise<void> => {
    const { port, engine } = await exporter.answer('ready');
    print(machineText({ ...thisMachine(), engine: engine! }));
    print(`exporter: TcpServer on ${LOOPBACK} port ${port} and the next one, process ${exporter.pid}`);
    analysis.order({ connect: port! });
    await analysis.answer('ready');
    print(`analysis: TcpClient connected to it, process ${analysis.pid}; ${seconds} s of frames both ways`);
    const both = [exporter, analysis];
    for (const part of both) part.order('start');
    await Promise.all(both.map((part) => part.answer('start')));
  };
  try {
    await Promise.race([start(), interruption.wait()]);
  } catch (err) {
    // A process that is not yet up dies of the terminal's Ctrl-C.
    if (!interruption.signal.aborted) throw err;
  }
  if (interruption.signal.aborted) throw new Failure('interrupted before anything was sent');
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
    engine: Engine | undefined,
  ) {
    this.child = fork(program, [
      ...['demo', '--part', role],
      ...(engine === undefined ? [] : ['--engine', engine]),
    ]);
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
      timer = setTimeout(() => reject(new Error(text)), ANSWER_LIMIT_MS).unref();
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
    // An answer that is on its way must not bring it another order.
    this.child.removeAllListeners('message');
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
  }
}
