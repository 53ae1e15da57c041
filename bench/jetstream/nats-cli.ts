// `nats bench` of natscli, the NATS project's own benchmark, where it is installed.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Work } from '../harness';
import { SIDE_LIMIT_MS } from '../side';
import { FAILED_COST, type Cost } from './measure';
import type { NatsServer } from './server';

export const NATS_CLI = 'nats bench';
export const NATS_CLI_WINDOW = 256;

const STREAM = 'CLI';
const RATE = /([\d,]+(?:\.\d+)?) msgs\/sec/;
const run = promisify(execFile);

/** Why `nats bench` is not measured; undefined if it is. Earlier versions have other subcommands. */
export async function whyNoNatsCli(): Promise<string | undefined> {
  try {
    await run('nats', ['bench', 'js', 'pub', 'async', '--help']);
    return undefined;
  } catch (err) {
    const isMissing = (err as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing
      ? 'natscli is not installed (https://github.com/nats-io/natscli)'
      : "this natscli has no 'nats bench js pub async'";
  }
}

/** Writes and reads frames, a message each; they are all the same buffer. */
export async function measureNatsCli(
  { url }: NatsServer,
  { sizeBytes, frames }: Work,
): Promise<{ readonly write: Cost; readonly read: Cost }> {
  const common = ['--stream', STREAM, '--msgs', String(frames), '--size', `${sizeBytes}B`, '--no-progress'];
  const bench = async (...args: string[]): Promise<Cost> => {
    const all = ['--server', url, 'bench', 'js', ...args, ...common];
    const { stdout, stderr } = await run('nats', all, { timeout: SIDE_LIMIT_MS });
    const rate = RATE.exec(stdout + stderr)?.[1];
    if (rate === undefined) throw new Error(`${NATS_CLI} told no rate: ${(stdout + stderr).trim()}`);
    return { ...FAILED_COST, framesPerSec: Number(rate.replaceAll(',', '')) };
  };
  const limit = String(2 * frames * (sizeBytes + 1_000));
  const batch = String(NATS_CLI_WINDOW);
  const write = await bench('pub', 'async', STREAM, '--create', '--maxbytes', `${limit}B`, '--batch', batch);
  return { write, read: await bench('ordered') };
}
