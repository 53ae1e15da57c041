// The other half of `bench` on this machine: a process of its own.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from '../../index';
import type { Target } from '../support/arguments';
import { Failure } from '../support/errors';
import { LOOPBACK, someLocalPort } from '../support/local';

const PORT_ATTEMPTS = 20;
const END_LIMIT_MS = 3_000;

/** A `bench --listen` that ends with this process. */
export interface BenchChild {
  readonly target: Target;
  stop(): Promise<void>;
}

/**
 * Starts it on the first pair of ports that is free. Undefined when it was interrupted: a terminal's Ctrl-C ends both.
 */
export async function startBenchChild(
  engine: Engine | undefined,
  signal: AbortSignal,
): Promise<BenchChild | undefined> {
  for (let attempt = 1; ; attempt++) {
    const target = { addr: LOOPBACK, port: someLocalPort() };
    const args = ['bench', '--listen', `${target.addr}:${target.port}`];
    if (engine !== undefined) args.push('--engine', engine);
    const child = fork(join(__dirname, '..', 'main.js'), args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let said = '';
    child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
    const isReady = await Promise.race([
      once(child, 'message').then(() => true),
      once(child, 'close').then(() => false),
    ]);
    if (isReady) {
      child.stderr!.removeAllListeners('data').pipe(process.stderr);
      return { target, stop: () => end(child) };
    }
    if (signal.aborted) return undefined;
    if (attempt === PORT_ATTEMPTS) throw new Failure(`the other half does not start: ${said.trim()}`);
  }
}

/** What the other half does for that, when it is such a process. Returns whether it is. */
export function serveParent(onEnd: () => void): boolean {
  if (process.send === undefined) return false;
  process.once('disconnect', onEnd);
  // The channel alone keeps nobody from ending.
  process.channel?.unref();
  process.send('ready');
  return true;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  await Promise.race([exited, pause(END_LIMIT_MS, undefined, { ref: false })]);
  child.kill('SIGKILL');
}
