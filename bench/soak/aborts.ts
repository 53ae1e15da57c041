// Part `aborts`: bridges that are stopped, or begin anew, in the middle of a connection. libzmq once ended the process
// there (zeromq/libzmq issue 2476), so the bridges live in a process of their own, and its death is what is looked for.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Engine } from '../../lib/index';
import { numberText } from '../table';
import { below, type PartResult, type Settings } from './part';
import { PATTERNS, type PatternName, type PatternResult } from './patterns';

const PEER = join(__dirname, 'abort-peer.js');
// A stop() has nothing to wait for here: a second of its own, and one for a busy machine.
const STOP_LIMIT_MS = 2_000;
const ERRORS_SHOWN = 500;

/** Plays `aborts` rounds of every pattern on this engine. */
export async function runAborts({ engine, aborts, random, progress }: Settings): Promise<PartResult> {
  const rows: string[][] = [];
  const failures: string[] = [];
  const figures: object[] = [];
  for (const [name, { title }] of Object.entries(PATTERNS)) {
    progress(`${engine}: ${title}`);
    const seed = below(2 ** 31, random);
    const { death, rounds, notBack, longestStopMs } = await play(engine, name as PatternName, aborts, seed);
    if (death !== undefined) failures.push(`${title}: the process ended after ${rounds} rounds: ${death}`);
    if (notBack > 0) failures.push(`${title}: ${notBack} bridges did not come back`);
    if (longestStopMs > STOP_LIMIT_MS) failures.push(`${title}: a stop() took ${longestStopMs} ms`);
    const died = death === undefined ? 'no' : 'yes';
    rows.push([title, numberText(rounds), died, String(notBack), numberText(longestStopMs)]);
    figures.push({ name, rounds, death, notBack, longestStopMs });
  }
  const columns = ['pattern', 'rounds', 'the process ended', 'did not come back', 'longest stop(), ms'];
  return {
    tables: [{ title: `${engine} engine, aborts: stopped in the middle of a connection`, columns, rows }],
    failures,
    figures,
  };
}

interface Played extends PatternResult {
  /** How the process ended, if it was not by itself. */
  readonly death: string | undefined;
}

/** One pattern in a process of its own. */
async function play(engine: Engine, name: PatternName, rounds: number, seed: number): Promise<Played> {
  const child = spawn(process.execPath, [PEER, engine, name, String(rounds), String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-ERRORS_SHOWN)));
  const said = { latest: { rounds: 0, notBack: 0, longestStopMs: 0 } as PatternResult, isDone: false };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const result = JSON.parse(line) as PatternResult & { done?: boolean };
    said.latest = result;
    said.isDone ||= result.done === true;
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (...ended) => resolve(ended));
  });
  const death = said.isDone && code === 0 ? undefined : `${signal ?? `status ${code}`} ${errors.trim()}`;
  return { ...said.latest, death };
}
