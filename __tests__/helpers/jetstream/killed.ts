// Processes that write or read a log until they are killed in the middle of it.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ENVIRONMENT } from '../environment';
import { waitFor } from '../wait';

const PEERS = join(__dirname, '..', '..', 'peers');
const running = new Set<ChildProcess>();

/** A line of `log-writer.cjs` or `log-reader.cjs`. */
export interface Line {
  /** Said before anything else: the first number. */
  readonly from?: number;
  /** Every frame up to this number is acknowledged. */
  readonly stored?: number;
  /** The number of a frame of megabytes that is on its way. */
  readonly large?: number;
  /** The number of a frame that was read. */
  readonly frame?: number;
}

/**
 * Runs a program of `__tests__/peers`, and kills it with SIGKILL within the line that is enough. Lines that it has
 * managed to say until it is dead come after that one.
 *
 * @param isEnough called with each line; what it throws ends the run.
 * @throws {Error} when the process ends by itself.
 */
export async function runUntil(
  program: string,
  args: readonly string[],
  isEnough: (line: Line) => boolean,
): Promise<void> {
  const child = spawn(process.execPath, [join(PEERS, program), ...args], { stdio: 'pipe', env: ENVIRONMENT });
  running.add(child);
  let [rest, errors] = ['', ''];
  let failure: Error | undefined;
  let isKilled = false;
  const kill = (why?: unknown): void => {
    if (why !== undefined) failure ??= why instanceof Error ? why : new Error(JSON.stringify(why));
    isKilled = true;
    child.kill('SIGKILL');
  };
  const hear = (text: string): void => {
    const line = JSON.parse(text) as Line & { readonly failed?: string };
    if (line.failed !== undefined) throw new Error(`${program}: ${line.failed}`);
    if (isEnough(line)) kill();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    // The last one may be cut off by the kill.
    rest = lines.pop()!;
    try {
      lines.forEach(hear);
    } catch (err) {
      kill(err);
    }
  });
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  running.delete(child);
  if (failure !== undefined) throw failure;
  if (!isKilled) throw new Error(`${program} has ended by itself (${code ?? signal}): ${errors}`);
}

/** For `afterEach`: a test that has failed leaves processes behind. */
export async function endRuns(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  await waitFor('processes to end', () => running.size === 0);
}
