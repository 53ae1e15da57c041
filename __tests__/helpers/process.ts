// Peers that run as processes of their own and talk to the test in lines of JSON.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { engineVariable } from './engines';
import { ENVIRONMENT } from './environment';
import { waitFor } from './wait';

const PEERS = join(__dirname, '..', 'peers');
const running = new Set<ChildProcess>();

/** The Python that has pyzmq, or why there is none. */
export function findPyzmq(): { python: string } | { missing: string } {
  for (const python of ['python3', '/usr/bin/python3']) {
    const { status } = spawnSync(python, ['-c', 'import zmq']);
    if (status === 0) return { python };
  }
  return { missing: "Python's zmq module is not installed (apt-get install python3-zmq)" };
}

/** A running peer. */
export class Peer {
  /** What it has said so far, a parsed line each. */
  readonly said: Record<string, unknown>[] = [];
  private errors = '';
  private exited: number | string | undefined;

  constructor(private readonly child: ChildProcess) {
    running.add(child);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.said.push(JSON.parse(line) as Record<string, unknown>);
    });
    child.stderr!.on('data', (text: Buffer) => {
      this.errors += text.toString();
    });
    child.once('exit', (code, signal) => {
      running.delete(child);
      this.exited = code ?? signal ?? 'unknown';
    });
  }

  /** Waits until it has said more than `before` lines with this key, and returns the last of them. */
  async say(key: string, timeoutMs = 30_000, before = 0): Promise<Record<string, unknown>> {
    const find = (): Record<string, unknown> | undefined =>
      this.said
        .filter((line) => key in line)
        .slice(before)
        .at(-1);
    await waitFor(
      `the peer to say ${key}`,
      () => {
        if (find() === undefined && this.exited !== undefined) {
          throw new Error(`the peer has ended (${this.exited}) before it said ${key}: ${this.errors}`);
        }
        return find() !== undefined;
      },
      timeoutMs,
      () => ({ said: this.said.slice(-3), errors: this.errors }),
    );
    return find()!;
  }

  /** Sends it a line. */
  tell(line: object): void {
    this.child.stdin!.write(`${JSON.stringify(line)}\n`);
  }

  /** Ends it without a chance to say goodbye. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await waitFor('the peer to end', () => this.exited !== undefined);
  }

  /** Waits for its own end and returns its exit status. */
  async end(timeoutMs?: number): Promise<number | string> {
    await waitFor(
      'the peer to end',
      () => this.exited !== undefined,
      timeoutMs,
      () => this.errors,
    );
    return this.exited!;
  }

  get stderr(): string {
    return this.errors;
  }
}

/**
 * Starts `program` with `args`; peers of ours are named by their file in `__tests__/peers`. Where the first argument
 * is a role, a bridge in that process runs on that role's engine.
 */
export function startPeer(program: string, args: readonly (string | number)[], shellPrefix = ''): Peer {
  const argv = args.map(String);
  const file = program.includes('/') ? program : join(PEERS, program);
  const found = file.endsWith('.py') ? findPyzmq() : undefined;
  const runtime = found !== undefined && 'python' in found ? found.python : process.execPath;
  const options = { stdio: 'pipe', env: { ...ENVIRONMENT, ...engineVariable(args[0]) } } as const;
  // Without --norc it takes the socket that is its standard input for a login from elsewhere, and reads ~/.bashrc.
  const child =
    shellPrefix === ''
      ? spawn(runtime, [file, ...argv], options)
      : spawn('bash', ['--norc', '-c', `${shellPrefix} "$0" "$@"`, runtime, file, ...argv], options);
  return new Peer(child);
}

/** Kills what the test has left running; for `afterEach`. */
export async function endPeers(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  await waitFor('peers to end', () => running.size === 0);
}
