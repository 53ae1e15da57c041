// Programs for people, run as people run them.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ENVIRONMENT } from './environment';
import { Said } from './said';
import { waitFor } from './wait';

const ROOT = join(__dirname, '..', '..');
const running = new Set<ChildProcess>();

/** A program of this repository, and what it has printed so far. */
export class Program extends Said {
  private readonly child: ChildProcess;

  /** @param path from the repository's root, e.g. `examples/play.mjs`. */
  constructor(path: string, args: readonly (string | number)[], env: NodeJS.ProcessEnv = ENVIRONMENT) {
    super(path);
    const runtime = path.endsWith('.py') ? python() : process.execPath;
    this.child = spawn(runtime, [join(ROOT, path), ...args.map(String)], { stdio: 'pipe', env });
    running.add(this.child);
    // It may have ended before it has read all of it.
    this.child.stdin!.on('error', () => undefined);
    this.child.stdout!.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.child.stderr!.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.child.once('close', (code, signal) => {
      running.delete(this.child);
      this.status = code ?? signal ?? 'unknown';
    });
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.child.kill('SIGINT');
  }

  /** Gives it more of its standard input. */
  input(data: string | Uint8Array): void {
    this.child.stdin!.write(data);
  }

  /** The end of its standard input. */
  endInput(): void {
    this.child.stdin!.end();
  }

  /** Reads no more of its standard output, as `head` does when it has enough. */
  closeOutput(): void {
    this.child.stdout!.destroy();
  }

  /** Reads no more of its standard output until it has ended, as a pager does that nobody scrolls. */
  stallOutput(): void {
    const stdout = this.child.stdout!;
    stdout.pause();
    this.child.once('exit', () => stdout.resume());
  }

  /** Stops it where it is: its connections stay, and nobody reads what they bring. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  /** Lets it go on after {@link freeze}. */
  thaw(): void {
    this.child.kill('SIGCONT');
  }
}

let found: string | undefined;

/** The path of Python itself: `python3` may be a script that looks for it, which takes longer than what is tested. */
export function python(): string {
  found ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  return found;
}

/** The command `rogue-bridge`, as it was built. */
export function rogueBridge(...args: (string | number)[]): Program {
  return new Program('dist/cli/main.js', args);
}

/** For `afterEach`. */
export async function endPrograms(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  await waitFor('programs to end', () => running.size === 0);
}
