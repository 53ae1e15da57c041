// npm run soak: what a bridge goes through in a year, in minutes. Ends with tables, and status 1 when a frame was wrong,
// twice there, out of order, or lost without a cause or beyond the bound, when the bridge did not recover, or when it took
// what it should not.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Engine } from '../../lib/index';
import { parsed, progress, runProgram, STATUS_FAILED, UsageError } from '../command-line';
import { describeMachine, machineText } from '../machine';
import { formatTable } from '../table';
import { runAborts } from './aborts';
import { runAbuse } from './abuse';
import { runCrowd } from './crowd';
import { randomFrom, type Part, type PartResult } from './part';
import { runSlowReader } from './slow-reader';
import { runFaults, runKills } from './soak';

const PARTS: Readonly<Record<string, Part>> = {
  faults: runFaults,
  kills: runKills,
  'slow-reader': runSlowReader,
  crowd: runCrowd,
  abuse: runAbuse,
  aborts: runAborts,
};
const NAMES = Object.keys(PARTS);
const ENGINES: readonly Engine[] = ['native', 'libzmq'];

const HELP = `Usage: npm run soak -- [part ...] [options]

Each part on both engines, on processes of its own. Without a name: faults; with all: all of them.

  faults        PRBS frames of mixed size both ways, through a proxy that delays, stalls, cuts, resets and doubles
                connections, while either process is killed, stopped, blocked, slowed and replaced by another
                service; after each, one side is shut down in good order, and its account adds up
  kills         the same, with SIGKILL of either process alone
  slow-reader   a sender that never stops, and a slave that takes its time, at 64 B and 1 MB
  crowd         150 clients at a server with a slow slave, and 200 that come, send and leave
  abuse         strangers on both ports of a server that streams both ways: every byte of a recorded conversation
                flipped, mutated conversations, noise, HTTP, TLS, impossible lengths, messages without end,
                connections that say nothing
  aborts        bridges stopped, or made to begin anew, in the middle of a connection, in a process of their own

  --minutes N     of faults and of slow-reader (default 10)
  --kills N       processes killed, an engine (default 200)
  --inputs N      inputs of abuse, an engine, on top of the flipped bytes (default 100000)
  --aborts N      rounds of each pattern of aborts, an engine (default 500)
  --engine NAME   native or libzmq alone
  --seed N        repeats the random moments and bytes of another run
  --json FILE     also writes the results as JSON
  --quick         a little of each part: shows that all is well, in two minutes`;

const DEFAULTS = { minutes: 10, kills: 200, inputs: 100_000, aborts: 500 };
const QUICK = { minutes: 0.4, kills: 8, inputs: 4_000, aborts: 16 };

interface Arguments {
  readonly names: readonly string[];
  readonly engines: readonly Engine[];
  readonly seed: number;
  readonly json: string | undefined;
  readonly amounts: typeof DEFAULTS;
}

function readArguments(args: string[]): Arguments | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  const quick = values.quick === true;
  const unknown = positionals.find((name) => name !== 'all' && !NAMES.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no part '${unknown}'; there are ${NAMES.join(', ')}, all`);
  const amounts = quick ? QUICK : DEFAULTS;
  const everything = positionals.includes('all') || (quick && positionals.length === 0);
  const engines = ENGINES.filter((engine) => values.engine === undefined || engine === values.engine);
  if (engines.length === 0)
    throw new UsageError(`--engine is '${values.engine ?? ''}', but must be native or libzmq`);
  return {
    names: NAMES.filter((name) =>
      positionals.length === 0 && !everything ? name === 'faults' : everything || positionals.includes(name),
    ),
    engines,
    seed: numberOf('--seed', values.seed, Math.floor(Math.random() * 2 ** 31)),
    json: values.json,
    amounts: {
      minutes: numberOf('--minutes', values.minutes, amounts.minutes),
      kills: numberOf('--kills', values.kills, amounts.kills),
      inputs: numberOf('--inputs', values.inputs, amounts.inputs),
      aborts: numberOf('--aborts', values.aborts, amounts.aborts),
    },
  };
}

function parse(args: string[]): {
  values: Partial<Record<'minutes' | 'kills' | 'inputs' | 'aborts' | 'engine' | 'seed' | 'json', string>> & {
    quick?: boolean;
    help?: boolean;
  };
  positionals: string[];
} {
  const text = { type: 'string' } as const;
  return parsed(() =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        minutes: text,
        kills: text,
        inputs: text,
        aborts: text,
        engine: text,
        seed: text,
        json: text,
        quick: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
}

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  const isFine = value > 0 && (name === '--minutes' || Number.isSafeInteger(value));
  if (!isFine)
    throw new UsageError(
      `${name} is '${text ?? ''}', but must be a ${name === '--minutes' ? '' : 'whole '}number above 0`,
    );
  return value;
}

async function run({ names, engines, seed, json, amounts }: Arguments): Promise<number> {
  console.log(`${machineText(describeMachine())}\nseed ${seed}`);
  const results: Record<string, Partial<Record<Engine, PartResult>>> = {};
  const failures: string[] = [];
  for (const name of names) {
    results[name] = {};
    for (const engine of engines) {
      const result = await PARTS[name]!({
        engine,
        durationMs: (amounts.minutes * 60_000) / engines.length,
        kills: amounts.kills,
        inputs: amounts.inputs,
        aborts: amounts.aborts,
        random: randomFrom(seed),
        progress,
      });
      progress('');
      results[name][engine] = result;
      for (const table of result.tables) console.log(`\n${formatTable(table)}`);
      for (const failure of result.failures) {
        failures.push(failure);
        console.log(`\nFAILED ${engine}: ${failure} (--seed ${seed})`);
      }
    }
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seed, ...amounts, results }, null, 2)}\n`);
  console.log(failures.length > 0 ? `\n${failures.length} failed.` : '\nAll is well.');
  return failures.length > 0 ? STATUS_FAILED : 0;
}

runProgram('soak', HELP, readArguments, run);
