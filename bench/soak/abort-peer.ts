// The bridges of part `aborts`, servers and clients in one process.
//
//   abort-peer.js native|libzmq PATTERN ROUNDS SEED
//
// It says what has been done after each round, and {done: true} with the last; then it ends by itself.

import { Logging, type Engine } from '../../lib/index';
import { say } from '../peers/lines';
import { randomFrom } from './part';
import { PATTERNS, type PatternName } from './patterns';
import { AbortStage } from './abort-stage';

// A process that hangs tells of it by its end.
const LIMIT_MS = 300_000;

async function main(): Promise<void> {
  const [engine, name, rounds, seed] = process.argv.slice(2);
  // Comings and goings are what it is about.
  Logging.setFilter('stream', Logging.Critical);
  const limit = setTimeout(() => {
    console.error(`not done after ${LIMIT_MS} ms`);
    process.exit(1);
  }, LIMIT_MS);
  const stage = new AbortStage(engine as Engine, randomFrom(Number(seed)), say);
  await PATTERNS[name as PatternName].play(stage, Number(rounds));
  say({ ...stage.result, done: true });
  clearTimeout(limit);
}

void main();
