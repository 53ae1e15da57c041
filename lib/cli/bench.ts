// rogue-bridge bench: what a bridge passes, here or between two machines.

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { TcpCore } from '../index';
import { startBenchChild, serveParent } from './bench/child';
import { BenchClient } from './bench/client';
import { MAX_BENCH_BYTES, type BenchMachine } from './bench/protocol';
import { LogBench } from './bench/log';
import { benchTable, headline, LOG_LEGEND, type BenchResult } from './bench/report';
import { BenchServer } from './bench/serve';
import {
  bytes,
  isLog,
  parseTarget,
  seconds,
  targetText,
  type AnyTarget,
  type LogTarget,
  type Target,
} from './support/arguments';
import { checkLogOptions, parseAnyTarget } from './support/log-target';
import { Failure, UsageError } from './support/errors';
import { machineText, thisMachine } from './support/machine';
import {
  addFormat,
  allowOption,
  curveOptions,
  engineOption,
  formatOf,
  FormerName,
  listenOption,
  timeoutOption,
  type FormatOptions,
} from './support/options';
import { openBridge, withBridge } from './support/open';
import { showProgress } from './support/progress';
import { addLogOptions, Interruption, tell, tellAll, type CommonOptions } from './support/run';
import { thrownText } from './support/share';
import { plural, sizeText } from './support/text';
import { waitForPeer } from './support/wait-for-peer';

const DEFAULT_SIZES = '64,1k,10k,100k,1M,10M';
const DEFAULT_TIMEOUT_S = 5;
const MEASUREMENTS = 3;
const MAX_SECONDS_PER_SIZE = 3600;
const FORMATS = ['text', 'json'] as const;
const INTERRUPTED = 'interrupted before a peer came';

interface BenchOptions extends CommonOptions, FormatOptions<(typeof FORMATS)[number]> {
  readonly serve?: Target;
  readonly size?: number[];
  readonly timePerSize: number;
}

export function addBench(program: Command): void {
  const size = new Option(
    '--size <size>',
    `bytes a frame; again, or with commas, for more (default: ${DEFAULT_SIZES})`,
  );
  const timePerSize = new Option('--time-per-size <time>', 'about how long each size is measured');
  size.argParser(sizes);
  timePerSize.argParser(timeOfOne).default(1, '1 s');
  const command = addLogOptions(
    addFormat(
      program
        .command('bench')
        .summary('measure frames a second, MB/s and round trips')
        .description(
          'Measures what passes between a client and a server, by frame size: throughput each way, every send awaited, ' +
            'and the time of one frame there and back. Against a process of its own on this machine, or against ' +
            "'bench --listen' on another one. Frames of a server that is none are thrown away and counted, and reach no " +
            'other client.',
        )
        .argument(
          '[target]',
          'HOST:PORT, the base port of a bench --listen; or a log that is not there yet, nats://HOST/STREAM',
          parseAnyTarget,
        )
        .addOption(size)
        .addOption(new FormerName('--sizes <list>', size))
        .addOption(timePerSize)
        .addOption(new FormerName('--seconds-per-size <time>', timePerSize)),
      'text (default) or json: one JSON object',
      FORMATS,
    )
      .addOption(listenOption('be the other half, as the server'))
      .addOption(new Option('--serve <target>').argParser(parseTarget).hideHelp())
      .addOption(engineOption())
      .addOption(timeoutOption(`${DEFAULT_TIMEOUT_S} s; with --listen never`))
      .addOption(allowOption()),
  );
  for (const option of curveOptions()) command.addOption(option);
  command
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge bench --engine libzmq
  rogue-bridge bench --listen '*:8000' --allow 10.1.0.0/16      on one machine
  rogue-bridge bench daq-host:8000 --size 1k,1M --json          on the other
  rogue-bridge bench 'nats://daq-host/speed?replicas=3'
                        a log that is made, measured and removed`,
    )
    .action(bench);
}

async function bench(target: AnyTarget | undefined, options: BenchOptions): Promise<void> {
  const { listen = false, serve, allow, curve, curvePeer } = options;
  if (target !== undefined && isLog(target)) return benchLog(target, options);
  if (serve !== undefined && target !== undefined) {
    throw new UsageError('--serve is the other half: give it alone, and HOST:PORT where you measure');
  }
  if (listen && target === undefined) {
    throw new UsageError("--listen needs the address to serve at: 'bench --listen *:8000'");
  }
  const served = serve ?? (listen ? target : undefined);
  if (served !== undefined) return serveBench(served, options);
  if (allow !== undefined) throw new UsageError('--allow is for a server: add --listen');
  if (target === undefined && (curve !== undefined || curvePeer !== undefined)) {
    throw new UsageError('--curve needs HOST:PORT; without it both halves are of this machine');
  }
  const interruption = new Interruption();
  if (target !== undefined) return measureAll(target, options, interruption, false);
  const child = await startBenchChild(options.engine, interruption.signal);
  if (child === undefined) throw new Failure(INTERRUPTED);
  try {
    await measureAll(child.target, options, interruption, true);
  } finally {
    await child.stop();
  }
}

/** Writes and reads a stream of its own. */
async function benchLog(target: LogTarget, options: BenchOptions): Promise<void> {
  checkLogOptions(target, options);
  const { size: all = sizes(DEFAULT_SIZES), timePerSize, timeout = DEFAULT_TIMEOUT_S } = options;
  const { signal } = new Interruption();
  const log = await LogBench.open(target, Math.ceil(timeout * 1000));
  const isText = formatOf(options) !== 'json';
  const machine = thisMachine();
  const results: BenchResult[] = [];
  let [done, text] = [0, ''];
  const hide = showProgress(() => ({ share: done / all.length, text }));
  try {
    if (isText)
      process.stdout.write(`${machineText(machine)}\nlog ${target.name}, nats-server ${log.version}\n`);
    for (const size of all) {
      if (signal.aborted) break;
      text = sizeText(size);
      const { written: toServer, read: toClient } = await log.measure(size, (timePerSize * 1000) / 2, signal);
      results.push({ size, toServer, toClient, roundTrip: await log.roundTrip(size, signal) });
      done += 1;
    }
  } finally {
    hide();
    await log.close();
  }
  if (results.length === 0) tell('stopped before anything was measured');
  else if (isText) process.stdout.write(`\n${benchTable(results, LOG_LEGEND)}\n`);
  else process.stdout.write(`${JSON.stringify({ machine, server: { version: log.version }, results })}\n`);
}

async function serveBench(target: Target, options: BenchOptions): Promise<void> {
  await withBridge(target, { ...options, listen: true }, async (bridge, interruption) => {
    const machine = machineOf(bridge);
    new BenchServer(bridge, machine);
    const isChild = serveParent(() => interruption.stop());
    if (!isChild) {
      tell(machineText(machine));
      tell(`serving on ${targetText(target)}: run 'rogue-bridge bench HOST:${target.port}'`);
    }
    await interruption.wait();
    const { framesReceived, framesSent } = bridge.stats;
    if (!isChild) tell(`${plural(framesReceived, 'frame')} received, ${plural(framesSent, 'frame')} sent`);
  });
}

/** Measures every size until it is interrupted, and prints what there is then. */
async function measureAll(
  target: Target,
  options: BenchOptions,
  interruption: Interruption,
  isLocal: boolean,
): Promise<void> {
  const { signal } = interruption;
  const timeout = options.timeout ?? DEFAULT_TIMEOUT_S;
  const results: BenchResult[] = [];
  let server: BenchMachine | undefined;
  const bridge = await openBridge(target, options);
  const own = machineOf(bridge);
  const client = new BenchClient(bridge, targetText(target), Math.ceil(timeout * 1000), signal);
  let hasPeer = false;
  try {
    hasPeer = await waitForPeer(bridge, target, { ...options, timeout }, interruption);
    if (hasPeer) {
      server = await client.hello();
      // Before it is measured: whoever watches, or ends it early, knows what it is measured with.
      if (formatOf(options) !== 'json')
        process.stdout.write(`${headline(own, isLocal ? undefined : server)}\n`);
      await measureSizes(client, options, results);
    }
  } catch (err) {
    if (!signal.aborted) throw err;
  } finally {
    await bridge.stop();
    tellAll(thrownText(client.strays, {}));
  }
  if (!hasPeer) throw new Failure(INTERRUPTED);
  print(results, own, server ?? own, options);
}

/** Adds to `results`, size by size. */
async function measureSizes(
  client: BenchClient,
  { size: all = sizes(DEFAULT_SIZES), timePerSize }: BenchOptions,
  results: BenchResult[],
): Promise<void> {
  const ms = (timePerSize * 1000) / MEASUREMENTS;
  let done = 0;
  let text = '';
  const hide = showProgress(() => ({ share: done / (all.length * MEASUREMENTS), text }));
  const step = async <T>(name: string, measure: Promise<T>): Promise<T> => {
    text = name;
    const result = await measure;
    done += 1;
    return result;
  };
  try {
    for (const size of all) {
      const name = sizeText(size);
      results.push({
        size,
        toServer: await step(`${name} to the server`, client.toServer(size, ms)),
        toClient: await step(`${name} from the server`, client.toClient(size, ms)),
        roundTrip: await step(`${name} there and back`, client.roundTrip(size, ms)),
      });
    }
  } finally {
    hide();
  }
}

function print(
  results: readonly BenchResult[],
  client: BenchMachine,
  server: BenchMachine,
  options: BenchOptions,
): void {
  if (results.length === 0) tell('stopped before anything was measured');
  else if (formatOf(options) === 'json') {
    process.stdout.write(`${JSON.stringify({ client, server, results })}\n`);
  } else process.stdout.write(`\n${benchTable(results)}\n`);
}

function machineOf({ engine }: TcpCore): BenchMachine {
  return { ...thisMachine(), engine };
}

function sizes(text: string, before: number[] = []): number[] {
  const all = [...before, ...text.split(',').map(bytes)];
  const wrong = all.find((size) => size < 1 || size > MAX_BENCH_BYTES);
  if (wrong === undefined) return all;
  throw new InvalidArgumentError(`give sizes from 1 byte to ${sizeText(MAX_BENCH_BYTES)}: ${DEFAULT_SIZES}`);
}

function timeOfOne(text: string): number {
  const value = seconds(text);
  if (value <= MAX_SECONDS_PER_SIZE) return value;
  throw new InvalidArgumentError('give 1h at most for each size');
}
