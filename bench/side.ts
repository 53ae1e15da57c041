// A measuring process: it speaks lines of JSON on stdout and is told what to do, a word a line, on stdin.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';

/** A measuring process reports what it has got by then, so that a frame lost is told as such. */
export const SIDE_LIMIT_MS = 30_000;
// The parent waits a little longer than its children, and so hears their own account first.
const PARENT_LIMIT_MS = SIDE_LIMIT_MS + 10_000;
const END_GRACE_MS = 2_000;

/** One line that a process has said. */
export type Line = Readonly<Record<string, unknown>>;

const running = new Set<Side>();
process.once('exit', () => {
  for (const side of running) side.kill();
});
for (const [signal, status] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
  process.once(signal, () => process.exit(status));
}

/** A measuring process. */
export class Side {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly lines: Line[] = [];
  private readonly exited: Promise<void>;
  private hasExited = false;
  private ending = false;
  private look: () => void = () => undefined;
  private errors = '';

  constructor(
    readonly name: string,
    command: readonly string[],
    args: readonly (string | number)[],
    env: Readonly<Record<string, string>> = {},
  ) {
    const [program = '', ...before] = command;
    this.child = spawn(program, [...before, ...args.map(String)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    running.add(this);
    createInterface({ input: this.child.stdout }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
      this.look();
    });
    this.child.stderr.on('data', (text: Buffer) => (this.errors += text.toString()));
    // A process that has ended early says so by its exit; the broken pipe adds nothing.
    this.child.stdin.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      const ended = (): void => {
        running.delete(this);
        this.hasExited = true;
        this.look();
        resolve();
      };
      this.child.once('error', (err) => {
        this.errors += err.message;
        ended();
      });
      this.child.once('close', ended);
    });
  }

  /** The first line with this key. Rejects when the process ends, or the time is up, without one. */
  line(key: string): Promise<Line> {
    return new Promise((resolve, reject) => {
      const fail = (what: string): void =>
        reject(new Error(`${this.name} ${what} before it said '${key}': ${this.complaints || 'no output'}`));
      const timer = setTimeout(() => fail(`took over ${PARENT_LIMIT_MS} ms`), PARENT_LIMIT_MS);
      this.look = () => {
        const found = this.lines.find((line) => key in line);
        if (found === undefined && !this.hasExited) return;
        clearTimeout(timer);
        this.look = () => undefined;
        if (found === undefined) fail('ended');
        else resolve(found);
      };
      this.look();
    });
  }

  /** Rejects when the process ends before it is asked to; never resolves. */
  async failsEarly(): Promise<never> {
    await this.exited;
    if (this.ending) return new Promise(() => undefined);
    throw new Error(`${this.name} ended early`);
  }

  /** Its process id; 0 if it could not be started. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it has written to stderr. */
  get complaints(): string {
    return this.errors.trim();
  }

  tell(order: string): void {
    this.child.stdin.write(`${order}\n`);
  }

  /** Asks it to end, then sees to it. */
  async end(): Promise<void> {
    this.ending = true;
    const timer = setTimeout(() => this.kill(), END_GRACE_MS);
    this.child.stdin.end();
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** The measurement, or undefined and a word among `failures`: one lost round does not end the others. */
export async function attempt<T>(measurement: Promise<T>, failures: string[]): Promise<T | undefined> {
  try {
    return await measurement;
  } catch (err) {
    failures.push((err as Error).message);
    return undefined;
  }
}
