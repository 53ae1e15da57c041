// A process of a soak, which may be killed, stopped and started anew.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import type { Engine } from '../../lib/index';
import { readLedger, type Entry } from './ledger';
import type { Order } from './order';
import { COUNTS, isPast, newTotals, type Mark, type Report, type Totals } from './report';
import type { Work } from './work';

const PEER = join(__dirname, 'peer.js');
const READY_LIMIT_MS = 10_000;
const END_LIMIT_MS = 10_000;
const REOPEN_LIMIT_MS = 10_000;
const ERRORS_KEPT = 2_000;

/** Which end, and what it does. */
export interface SideOptions {
  readonly role: 'server' | 'client';
  readonly port: number;
  readonly engine: Engine;
  readonly work: Work;
}

/** One end of the bridge. */
export class SoakSide {
  private child!: ChildProcessByStdio<Writable, Readable, Readable>;
  private life = -1;
  private latest: Report | undefined;
  private readonly before: Totals = newTotals();
  private readonly ledger = join(mkdtempSync(join(tmpdir(), 'rogue-bridge-soak-')), 'ledger');
  /** Frames that a killed sender had sent and that did not come. */
  private lostWithSender = 0;
  /** What the process before this one had done when it was killed. */
  private killed: Entry | undefined;
  private stopped: { descriptorsLeft: number } | undefined;
  private readySeen = false;
  private onReopened: ((wrong: readonly string[]) => void) | undefined;
  private look: () => void = () => undefined;
  private ending = false;
  private errors = '';
  /** Ends that nobody asked for. */
  readonly crashes: string[] = [];

  /** Lines on its stderr, over all of its lives. */
  logLines = 0;

  constructor(private readonly options: SideOptions) {}

  get role(): 'server' | 'client' {
    return this.options.role;
  }

  /** Starts a process; resolves when its bridge is open. */
  async start(): Promise<void> {
    this.life += 1;
    this.latest = undefined;
    this.readySeen = false;
    this.ending = false;
    const { role, port, engine, work } = this.options;
    const from: Mark = this.killed ?? { life: -1, last: -1 };
    const args = [
      PEER,
      role,
      String(port),
      String(this.life),
      JSON.stringify(work),
      this.ledger,
      JSON.stringify(from),
    ];
    const env = { ...process.env, ROGUE_BRIDGE_ENGINE: engine };
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.child = child;
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stderr }).on('line', (text) => {
      this.logLines += 1;
      this.errors = `${this.errors}\n${text}`.slice(-ERRORS_KEPT);
    });
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

  /** Number of the last frame in order that it has told. */
  get lastReceived(): number {
    return this.latest?.last ?? -1;
  }

  get rssMegabytes(): number {
    return this.latest?.rssMegabytes ?? 0;
  }

  /** Open descriptors of its process. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.child.pid}/fd`).length;
  }

  get totals(): Totals {
    const totals = { ...this.before };
    for (const name of COUNTS) totals[name] += this.latest?.[name] ?? 0;
    totals.missing += this.lostWithSender;
    return totals;
  }

  /** SIGKILL, and what it had counted is kept. */
  async kill(): Promise<void> {
    this.ending = true;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    for (const name of COUNTS) this.before[name] += this.latest?.[name] ?? 0;
    this.killed = readLedger(this.ledger);
    // What was lost is to be exact, and the last report is up to a tenth of a second old.
    this.before.missing += this.killed.missing - (this.latest?.missing ?? 0);
    this.latest = undefined;
  }

  /** Counts what had been sent by a process that was killed, and did not come here. */
  settle(sender: SoakSide): void {
    if (sender.killed === undefined || this.latest === undefined) return;
    this.lostWithSender += Math.max(0, sender.killed.sent - this.latest.lastBefore - 1);
    sender.killed = undefined;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(name);
  }

  /** The frame that it sends now, or tries to: whatever is past this is sent after this call. */
  get sendsNow(): Mark {
    return { life: this.life, last: readLedger(this.ledger).sent };
  }

  /** The last frame that it accepted. */
  get hasSent(): Mark {
    return { life: this.life, last: readLedger(this.ledger).sent - 1 };
  }

  /** Whether a frame past this mark has come, this moment. */
  isPast(mark: Mark): boolean {
    return isPast(readLedger(this.ledger), mark);
  }

  /** Waits until what it tells counts everything up to this mark. @returns false when that took too long. */
  hasTold({ life, last }: Mark, limitMs: number): Promise<boolean> {
    const told = (): boolean => isPast(this.latest ?? { life: -1, last: -1 }, { life, last: last - 1 });
    return this.has(told, limitMs);
  }

  /** Waits until this holds, looking whenever the peer has said something. @returns false when that took too long. */
  async has(condition: () => boolean, limitMs: number): Promise<boolean> {
    try {
      await this.until(condition, limitMs, 'come so far');
      return true;
    } catch {
      return false;
    }
  }

  /** Tells it to do something. */
  tell(order: Order): void {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /** Tells it to send no more; {@link hushed} says when what it tells is its last word. */
  hush(): void {
    this.tell({ do: 'hush' });
  }

  /** Has it stop its bridge and open another one. @returns what did not add up. */
  async reopen(): Promise<readonly string[]> {
    const wrong = new Promise<readonly string[]>((resolve) => (this.onReopened = resolve));
    this.tell({ do: 'reopen' });
    const late = `the ${this.role} did not stop its bridge and open another one within ${REOPEN_LIMIT_MS} ms`;
    return Promise.race([wrong, sleep(REOPEN_LIMIT_MS, [late], { ref: false })]);
  }

  get hushed(): boolean {
    return this.latest?.hushed === true;
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
    rmSync(dirname(this.ledger), { recursive: true });
    const faults: string[] = [];
    if (code !== 0) faults.push(`the ${this.role} did not end by itself within ${END_LIMIT_MS} ms of stop()`);
    const left = this.stopped?.descriptorsLeft;
    if (left !== undefined && left > 0) faults.push(`the ${this.role} left ${left} descriptors behind`);
    return faults;
  }

  private hear(line: Record<string, unknown>): void {
    if ('ready' in line) this.readySeen = true;
    else if ('reopened' in line) this.onReopened?.(line.wrong as string[]);
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
