// One process of the nats-server program.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { waitFor } from '../wait';

// Debian puts it into /usr/sbin, which is not on the PATH of every user.
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];
// Ends the server if this process ends without a chance to do so.
const END_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'];
const KEPT_LOG_CHARACTERS = 200_000;
/** The unit of the times in /proc/PID/stat; 100 Hz on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/** What a process takes of the machine. */
export interface Usage {
  readonly residentBytes: number;
  /** The most that was resident since the process started. */
  readonly peakResidentBytes: number;
  /** User and system time of all threads since the process started. */
  readonly cpuSeconds: number;
}

function find(program: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

export const MISSING = 'nats-server is not installed: apt-get install nats-server';

/** The path of nats-server; undefined if it is not installed. */
export function findNatsServer(): string | undefined {
  return find('nats-server');
}

/** A running nats-server. Ended by its process id only. */
export class NatsProcess {
  /** The end of what it has logged. */
  log = '';
  /** Its exit status, or the signal that ended it; undefined while it runs. */
  status: number | string | undefined;
  isPaused = false;
  private readonly child: ChildProcess;

  constructor(configFile: string) {
    const server = findNatsServer();
    if (server === undefined) throw new Error(MISSING);
    const command = [server, '-c', configFile];
    if (find(END_WITH_PARENT[0]!) !== undefined) command.unshift(...END_WITH_PARENT);
    this.child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr!.on('data', (text: Buffer) => {
      this.log = (this.log + text.toString()).slice(-KEPT_LOG_CHARACTERS);
    });
    this.child.once('error', (err) => (this.status = err.message));
    // By then its log is complete.
    this.child.once('close', (code, signal) => (this.status = code ?? signal ?? 'unknown'));
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isRunning(): boolean {
    return this.status === undefined;
  }

  /** Does nothing if the process has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  /** Sends this signal and waits for the end of the process. A paused process is resumed, or SIGTERM would wait. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.signal(signal);
    this.signal('SIGCONT');
    await waitFor(
      'nats-server to end',
      () => !this.isRunning,
      undefined,
      () => this.log.slice(-2000),
    );
  }

  /** SIGSTOP; resolves when every thread stands still. */
  async pause(): Promise<void> {
    this.isPaused = true;
    this.signal('SIGSTOP');
    const isStopped = (thread: string): boolean => this.stat(`task/${thread}/`)[0] === 'T';
    await waitFor('nats-server to stand still', () => readdirSync(`/proc/${this.pid}/task`).every(isStopped));
  }

  resume(): void {
    this.isPaused = false;
    this.signal('SIGCONT');
  }

  /** From /proc. @throws {Error} if the process has ended. */
  usage(): Usage {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const bytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * KIB;
    const fields = this.stat();
    return {
      residentBytes: bytes('VmRSS'),
      peakResidentBytes: bytes('VmHWM'),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    };
  }

  /** The fields of /proc/PID/stat from the third on: state first, user and system time as the 12th and 13th. */
  private stat(folder = ''): string[] {
    const text = readFileSync(`/proc/${this.pid}/${folder}stat`, 'utf8');
    // The second field is the program's name in parentheses, which may have anything in it.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  }
}
