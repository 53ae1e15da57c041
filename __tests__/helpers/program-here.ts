// The command in the process of the test, beside others if need be: a process of its own costs half a second. Real ones,
// for what a process alone has (signals, pipes, its end), are in program.ts.

import './environment';
import { AsyncLocalStorage } from 'node:async_hooks';
import { PassThrough } from 'node:stream';
import { run } from '../../lib/cli/program';
import { ignoreLog } from './log';
import { Said } from './said';

type Listener = () => void;

// Whose turn it is: output, input, signals and status belong to the program that asks for them.
const current = new AsyncLocalStorage<ProgramHere>();
const running = new Set<ProgramHere>();

/** A run of the command, and what it has printed so far. */
export class ProgramHere extends Said {
  readonly stdin = new PassThrough();
  exitCode: number | undefined;
  private readonly onSignal: Listener[] = [];

  constructor(args: readonly string[]) {
    super(`rogue-bridge ${args[0] ?? ''}`);
    if (running.size === 0) takeProcess();
    running.add(this);
    void current.run(this, async () => {
      try {
        this.exit(await run(args));
      } catch (err) {
        this.stderr += String(err);
        this.exit(-1);
      }
    });
  }

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of this.onSignal) current.run(this, listener);
  }

  /** Gives it more of its standard input. */
  input(data: string | Uint8Array): void {
    this.stdin.write(data);
  }

  /** The end of its standard input. */
  endInput(): void {
    this.stdin.end();
  }

  /** What `process.on` does for it. */
  listen(name: string, listener: Listener): void {
    if (name === 'SIGINT') this.onSignal.push(listener);
  }

  /** What `process.exit` does for it. */
  exit(status = this.exitCode ?? 0): void {
    this.status ??= status;
    if (!running.delete(this) || running.size > 0) return;
    giveBack.splice(0).forEach((restore) => restore());
  }
}

const giveBack: (() => void)[] = [];
let isTaken = false;

/** Standard output and error until the last program has ended; the rest of the process for good: it is the test's alone. */
function takeProcess(): void {
  for (const name of ['stdout', 'stderr'] as const) takeOutput(name);
  giveBack.push(ignoreLog);
  if (isTaken) return;
  isTaken = true;
  const { on, exit, send, stdin } = process;
  const set = (name: string, property: PropertyDescriptor): void =>
    void Object.defineProperty(process, name, { configurable: true, ...property });
  set('exitCode', {
    get: () => current.getStore()?.exitCode,
    set: (status: number) => {
      const program = current.getStore();
      if (program !== undefined) program.exitCode = status;
    },
  });
  set('stdin', { get: () => current.getStore()?.stdin ?? stdin });
  // A worker of Jest has a parent, and a program here has none.
  set('send', { get: () => (current.getStore() === undefined ? send : undefined) });
  set('exit', {
    value: (status?: number) => {
      const program = current.getStore();
      if (program === undefined) exit(status);
      else program.exit(status);
    },
  });
  set('on', {
    value: (name: string, listener: Listener) => {
      const program = current.getStore();
      if (program === undefined || !name.startsWith('SIG')) on.call(process, name, listener);
      else program.listen(name, listener);
      return process;
    },
  });
}

function takeOutput(name: 'stdout' | 'stderr'): void {
  const stream = process[name];
  const { isTTY } = stream;
  const listeners = stream.listeners('error');
  const spy = jest.spyOn(stream, 'write').mockImplementation((text: unknown, ...rest: unknown[]) => {
    // What a bridge of the test logs while several run is nobody's.
    const program = current.getStore() ?? (running.size === 1 ? [...running][0] : undefined);
    if (program !== undefined) program[name] += String(text);
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  });
  Object.assign(stream, { isTTY: undefined });
  giveBack.push(() => {
    spy.mockRestore();
    Object.assign(stream, { isTTY });
    for (const listener of stream.listeners('error'))
      if (!listeners.includes(listener)) stream.off('error', listener as Listener);
  });
}

/** The command `rogue-bridge`, as it is in the sources. */
export function rogueBridgeHere(...args: (string | number)[]): ProgramHere {
  return new ProgramHere(args.map(String));
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The same, from its beginning to its end. */
export async function runHere(...args: (string | number)[]): Promise<Ended> {
  const program = rogueBridgeHere(...args);
  const status = Number(await program.end());
  const { stdout, stderr } = program;
  return { status, stdout, stderr };
}

/** For `afterEach`: ends what the test has left running, as Ctrl-C does. */
export async function endProgramsHere(): Promise<void> {
  const left = [...running];
  for (const program of left) program.interrupt();
  for (const program of left) await program.end();
}
