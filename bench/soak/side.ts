// A process of a soak, which may be killed, stopped and started anew.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Engine } from '../../lib/index';

const PEER = join(__dirname, 'peer.js');
const READY_LIMIT_MS = 10_000;
const END_LIMIT_MS = 10_000;

/** What a peer says ten times a second. */
export interface Report {
  readonly frames: number;
  readonly bytes: number;
  readonly corrupted: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly late: number;
  readonly missing: number;
  readonly framesSent: number;
  readonly notSent: number;
  readonly discarded: number;
  readonly malformed: number;
  readonly rssMegabytes: number;
}

/** Totals over all processes that a side has been. */
export type Totals = Record<Exclude<keyof Report, 'rssMegabytes'>, number>;

const COUNTS = [
  'frames',
  'bytes',
  'corrupted',
  'duplicated',
  'reordered',
  'late',
  'missing',
  'framesSent',
  'notSent',
  'discarded',
  'malformed',
] as const;

/** One end of the bridge. */
export class SoakSide {
  private child!: ChildProcessByStdio<Writable, Readable, Readable>;
  private life = -1;
  private latest: Report | undefined;
  private readonly before: Totals = newTotals();
  private stopped: { descriptorsLeft: number } | undefined;
  private readySeen = false;
  private look: () => void = () => undefined;
  private ending = false;
  private errors = '';
  /** Ends that nobody asked for. */
  readonly crashes: string[] = [];

  constructor(
    readonly role: 'server' | 'client',
    private readonly port: number,
    private readonly engine: Engine,
  ) {}

  /** Starts a process; resolves when its bridge is open. */
  async start(): Promise<void> {
    this.life += 1;
    this.latest = undefined;
    this.readySeen = false;
    this.ending = false;
    const args = [PEER, this.role, String(this.port), String(this.life)];
    const env = { ...process.env, ROGUE_BRIDGE_ENGINE: this.engine };
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.child = child;
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (text: Buffer) => (this.errors = (this.errors + text.toString()).slice(-2000)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      // A line of a process before this one may come late.
      if (child === this.child) this.hear(JSON.parse(text) as Record<string, unknown>);
    });
    child.once('exit', (code, signal) => {
      if (!this.ending && child === this.child) {
        this.crashes.push(
          `the ${this.role} ended by itself (${String(code ?? signal)}): ${this.errors.trim()}`,
        );
      }
    });
    await this.until(() => this.readySeen, READY_LIMIT_MS, 'open its bridge');
  }

  /** Received by this process so far. */
  get received(): number {
    return this.latest?.frames ?? 0;
  }

  get rssMegabytes(): number {
    return this.latest?.rssMegabytes ?? 0;
  }

  get totals(): Totals {
    const totals = { ...this.before };
    for (const name of COUNTS) totals[name] += this.latest?.[name] ?? 0;
    return totals;
  }

  /** SIGKILL, and what it had counted is kept. */
  async kill(): Promise<void> {
    this.ending = true;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    Object.assign(this.before, this.totals);
    this.latest = undefined;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(name);
  }

  /** Waits until a frame has come that was not there at this call. @returns false when that took too long. */
  async hasResumed(limitMs: number): Promise<boolean> {
    const from = this.received;
    try {
      await this.until(() => this.received > from, limitMs, 'receive');
      return true;
    } catch {
      return false;
    }
  }

  /** Asks it to stop; it is to end by itself. @returns what is wrong with how it ended. */
  async end(): Promise<string[]> {
    this.ending = true;
    const { child } = this;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
    const [code] = await exited;
    clearTimeout(timer);
    const faults: string[] = [];
    if (code !== 0) faults.push(`the ${this.role} did not end by itself within ${END_LIMIT_MS} ms of stop()`);
    const left = this.stopped?.descriptorsLeft;
    if (left !== undefined && left > 0) faults.push(`the ${this.role} left ${left} descriptors behind`);
    return faults;
  }

  private hear(line: Record<string, unknown>): void {
    if ('ready' in line) this.readySeen = true;
    else if ('stopped' in line) this.stopped = line as unknown as { descriptorsLeft: number };
    else this.latest = line as unknown as Report;
    this.look();
  }

  private until(condition: () => boolean, limitMs: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.look = () => undefined;
        reject(new Error(`the ${this.role} did not ${what} within ${limitMs} ms: ${this.errors.trim()}`));
      }, limitMs);
      this.look = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.look = () => undefined;
        resolve();
      };
      this.look();
    });
  }
}

function newTotals(): Totals {
  return Object.fromEntries(COUNTS.map((name) => [name, 0])) as Totals;
}
