// npm run bench: runs the benchmarks, prints tables for people and JSON for programs.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Benchmark, BenchmarkOptions, BenchmarkResult } from './benchmark';
import { bridges } from './bridges.bench';
import { parsed, progress, runProgram, STATUS_FAILED, UsageError } from './command-line';
import { cPairs } from './c-pairs.bench';
import { codec } from './codec.bench';
import { command } from './command.bench';
import { files } from './files.bench';
import { idle } from './idle.bench';
import { info } from './info.bench';
import { DEFAULT_GIGABYTES } from './jetstream/growth';
import { jetstream } from './jetstream.bench';
import { describeMachine, machineText } from './machine';
import { DEFAULT_SECONDS, memory } from './memory.bench';
import { page } from './page.bench';
import { prbs } from './prbs.bench';
import { relay } from './relay.bench';
import { roundTrip } from './round-trip.bench';
import { SIZES_BYTES } from './sizes';
import { split } from './split.bench';
import { unpack } from './unpack.bench';
import { formatTable } from './table';
import { throughput } from './throughput.bench';
import { workers } from './workers.bench';

const BENCHMARKS: Readonly<Record<string, { readonly run: Benchmark; readonly asks: string }>> = {
  throughput: { run: throughput, asks: 'frames/s one way, and what they cost, beside zeromq, pyzmq and C' },
  'round-trip': { run: roundTrip, asks: 'one frame there and back, beside the same' },
  memory: { run: memory, asks: 'memory of a sender that is ahead of a slow reader' },
  relay: { run: relay, asks: 'bridge in, bridge out: beside the one-way rate' },
  'c-pairs': { run: cPairs, asks: 'with a peer in C: which side is busier' },
  bridges: { run: bridges, asks: 'what many bridges in one process cost' },
  idle: { run: idle, asks: 'what many idle clients cost' },
  codec: { run: codec, asks: 'encoding and decoding alone' },
  unpack: { run: unpack, asks: 'packed samples, beside a plain loop over their bytes' },
  split: { run: split, asks: 'batches taken apart and put together, beside a loop over their lengths' },
  workers: { run: workers, asks: 'work of 20 ms a frame in threads, beside the same on the main thread' },
  prbs: { run: prbs, asks: 'generating and checking of test data' },
  files: { run: files, asks: 'data files, beside a copy' },
  info: { run: info, asks: 'what is in a data file, beside cat | wc -c' },
  command: { run: command, asks: 'what watch, record and the live page cost a receiver' },
  jetstream: { run: jetstream, asks: 'a log on a nats-server: in, out, many readers, and how it grows' },
  page: { run: page, asks: 'how often the live page shows something new, and its memory' },
};
const NAMES = Object.keys(BENCHMARKS);
// Single rounds scatter by 20 to 50 % on two cores; fewer than these tell 5 % from nothing only by luck.
const DEFAULT_ROUNDS = 11;

const HELP = `Usage: npm run bench -- [name ...] [options]

Runs the benchmarks named, or all:

${Object.entries(BENCHMARKS)
  .map(([name, { asks }]) => `  ${name.padEnd(12)}  ${asks}`)
  .join('\n')}

Every figure is the median of interleaved rounds; each side of a connection is a process of its own.

  --rounds N    rounds (default ${DEFAULT_ROUNDS})
  --quick       one round with few frames and few sizes: shows that all runs, not how fast
  --sizes A,B   only these payload sizes in bytes, of ${SIZES_BYTES.join(', ')};
                for throughput, round-trip, memory, relay and jetstream
  --seconds N   how long a case of memory (default ${DEFAULT_SECONDS}) and of page (10) takes
  --gigabytes N how large the log of jetstream grows (default ${DEFAULT_GIGABYTES}); the disk needs a little more
  --json FILE   also writes the results as JSON; with - for FILE the JSON goes to stdout, the tables to stderr
                (then: npm run --silent bench -- --json -)
  --check       exits 1 when a figure falls short of what this library promises
  --help        this text

With ROGUE_BRIDGE_ENGINE=libzmq or native in the environment only that engine is measured beside the others.
Exits 1 when a frame is missing or wrong or a process fails, 2 for wrong arguments.`;

interface Settings extends Omit<BenchmarkOptions, 'progress'> {
  readonly names: readonly string[];
  readonly check: boolean;
  readonly json: string | undefined;
}

function readArguments(args: string[]): Settings | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  const unknown = positionals.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no benchmark '${unknown}'; there are ${NAMES.join(', ')}`);
  }
  const quick = values.quick === true;
  const rounds = values.rounds === undefined ? (quick ? 1 : DEFAULT_ROUNDS) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(`--rounds is '${values.rounds ?? ''}', but must be a whole number from 1 on`);
  }
  return {
    names: positionals.length === 0 ? NAMES : NAMES.filter((name) => positionals.includes(name)),
    rounds,
    quick,
    sizes: values.sizes === undefined ? undefined : readSizes(values.sizes),
    seconds: readPositive('--seconds', values.seconds),
    gigabytes: readPositive('--gigabytes', values.gigabytes),
    check: values.check === true,
    json: values.json,
  };
}

function readSizes(text: string): number[] {
  const known: readonly number[] = SIZES_BYTES;
  return text.split(',').map((word) => {
    const size = known.find((bytes) => String(bytes) === word.trim());
    if (size !== undefined) return size;
    throw new UsageError(`--sizes names '${word}', but must name some of ${SIZES_BYTES.join(',')}`);
  });
}

function readPositive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError(`${name} is '${text}', but must be a number above 0`);
}

interface Values {
  readonly rounds?: string;
  readonly json?: string;
  readonly sizes?: string;
  readonly seconds?: string;
  readonly gigabytes?: string;
  readonly quick?: boolean;
  readonly check?: boolean;
  readonly help?: boolean;
}

function parse(args: string[]): { values: Values; positionals: string[] } {
  return parsed(() =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        json: { type: 'string' },
        sizes: { type: 'string' },
        seconds: { type: 'string' },
        gigabytes: { type: 'string' },
        quick: { type: 'boolean' },
        check: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  );
}

async function run(settings: Settings): Promise<number> {
  const { names, check, json, ...options } = settings;
  const { rounds, quick } = options;
  const machine = describeMachine();
  const out = json === '-' ? process.stderr : process.stdout;
  const print = (text: string): void => void out.write(`${text}\n`);
  print(machineText(machine));
  if (quick) print('A quick run: it shows that all runs, not how fast.');
  const results: Record<string, BenchmarkResult> = {};
  const failures: string[] = [];
  for (const name of names) {
    try {
      const result = await BENCHMARKS[name]!.run({ ...options, progress });
      results[name] = result;
      failures.push(...result.failures.map((text) => `${name}: ${text}`));
      progress('');
      print(`\n${resultText(result)}`);
    } catch (err) {
      progress('');
      failures.push(`${name}: ${(err as Error).message}`);
      print(`\nFAILED ${failures.at(-1)!}`);
    }
  }
  const shortfalls = Object.values(results).flatMap((result) => result.shortfalls);
  if (json !== undefined)
    writeJson(json, { machine, rounds, quick, ...jsonOf(results), failures, shortfalls });
  if (check) {
    for (const shortfall of shortfalls) print(`CHECK ${shortfall}`);
    if (shortfalls.length === 0 && failures.length === 0) print('\nCheck passed.');
  }
  return failures.length > 0 || (check && shortfalls.length > 0) ? STATUS_FAILED : 0;
}

function resultText({ tables, notes, failures, skipped }: BenchmarkResult): string {
  return [
    ...tables.map(formatTable),
    notes.join('\n'),
    ...failures.map((text) => `FAILED ${text}`),
    ...skipped.map((text) => `SKIPPED ${text}`),
  ].join('\n\n');
}

function jsonOf(results: Readonly<Record<string, BenchmarkResult>>): object {
  const all = Object.values(results);
  return { cases: all.flatMap(({ cases }) => cases), skipped: all.flatMap(({ skipped }) => skipped) };
}

function writeJson(file: string, content: object): void {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}

runProgram('bench', HELP, readArguments, run);
