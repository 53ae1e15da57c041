// rogue-bridge prbs: Rogue's link test, from either end or both.

import { Option, type Command } from 'commander';
import { Prbs, TcpClient, type TcpCore } from '../index';
import { bytes, given, integer, isLog, type AnyTarget } from './support/arguments';
import { Failure, UsageError } from './support/errors';
import { LOOPBACK, openLocalServer } from './support/local';
import { Checker } from './prbs/checker';
import { exchange, type PrbsDirection, type PrbsLimits, type PrbsTest } from './prbs/link-test';
import { checkFiles } from './prbs/file-test';
import { report } from './prbs/report';
import { channelOption, countOption, durationOption, rateOption } from './support/options';
import { SOURCE_HELP, sourceOf } from './support/frame-source';
import type { LogPeer } from './support/log-peer';
import { logHelp, parseAnyTarget, TARGET_HELP } from './support/log-target';
import { openWithPage } from './support/open';
import { tokenOption, viewOption } from './support/page';
import { Departures, unsentText } from './support/departures';
import {
  addBridgeOptions,
  Interruption,
  NEVER,
  tell,
  tellAll,
  withMetrics,
  type CommonOptions,
} from './support/run';
import type { MetricsPage } from './support/metrics';
import type { Peer } from './support/peer';
import { receiveSparingly } from './support/receiving';
import { TAKES_HELP, THROWS_HELP, thrownText } from './support/share';
import { passing } from './support/slaves';
import { waitForPeer } from './support/wait-for-peer';

const DEFAULT_SIZE_BYTES = 10_000;
// The last frames may have to wait for a slow checker.
const LINGER_MS = 3_000;

interface PrbsOptions extends CommonOptions, PrbsLimits {
  readonly size?: number;
  readonly width: number;
  readonly channel?: number[];
}

const sizeOption = (): Option =>
  new Option('--size <size>', 'bytes a frame, whole words')
    .argParser(bytes)
    .default(DEFAULT_SIZE_BYTES, '10k');

export function addPrbs(program: Command): void {
  const prbs = program
    .command('prbs')
    .summary("Rogue's PRBS link test: send, check, or both")
    .description(
      "Sends frames of pseudo-random bits, or checks them bit for bit, against Rogue's Prbs or another of these. " +
        'The exit status is 0 when the link passed, 1 when it did not.',
    )
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge prbs rx daq-host:8000 --duration 1m
  rogue-bridge prbs rx run.dat                    frames that were recorded
  rogue-bridge prbs tx --listen '*:8000' --size 1M --rate 100
  rogue-bridge prbs loop                          both ends on this machine
  rogue-bridge prbs tx nats://daq-host/test       into a log, and out of it:
  rogue-bridge prbs rx 'nats://daq-host/test?from=first&until=end'`,
    );
  const add = (direction: PrbsDirection, summary: string, more: string): Command =>
    prbs
      .command(direction)
      .summary(summary)
      .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}. ${more}`);
  const tx = add('tx', 'send PRBS frames', THROWS_HELP);
  const rx = add('rx', 'check the PRBS frames that come, or that are in data files', TAKES_HELP);
  tx.addHelpText('after', logHelp('send'));
  rx.addHelpText('after', logHelp('receive'));
  const loop = add(
    'loop',
    'send, and check what comes back; without a target through two bridges of this machine',
    TAKES_HELP,
  );
  rx.argument('<source...>', SOURCE_HELP).addOption(channelOption());
  rx.addOption(viewOption()).addOption(tokenOption());
  for (const [command, target] of [
    [tx, '<target>'],
    [loop, '[target]'],
  ] as const) {
    command.argument(target, command === tx ? TARGET_HELP : 'HOST:PORT, the base port', parseAnyTarget);
    command.addOption(sizeOption()).addOption(rateOption());
  }
  for (const command of [tx, rx, loop]) {
    command.option('--width <bits>', 'bits a word, a multiple of 32', integer(32, 65_536), 32);
    addBridgeOptions(command.addOption(countOption()).addOption(durationOption()));
  }
  tx.action((target: AnyTarget, options: PrbsOptions) => run('tx', target, options));
  rx.action(check);
  loop.action((target: AnyTarget | undefined, options: PrbsOptions) => run('loop', target, options));
}

/** The frames of a peer, or of data files. */
async function check(names: string[], options: PrbsOptions, command: Command): Promise<void> {
  const { target, files } = sourceOf(names, command);
  if (files === undefined) await run('rx', target, options);
  else await checkFiles(files, options);
}

async function run(
  direction: PrbsDirection,
  target: AnyTarget | undefined,
  options: PrbsOptions,
): Promise<void> {
  if (direction !== 'rx') await checkSize(options);
  const { listen, allow, curve, curvePeer } = options;
  if (target === undefined && [listen, allow, curve, curvePeer].some((given) => given !== undefined)) {
    throw new UsageError(
      '--listen, --allow and --curve need HOST:PORT; without it both ends are of this machine',
    );
  }
  if (direction === 'loop' && target !== undefined && isLog(target)) {
    throw new UsageError(`${target.name} is a log: run 'prbs rx' on it, and then 'prbs tx'`);
  }
  await withMetrics(options, (page) => runTest(direction, target, options, page));
}

/** Refuses a size that is none, before anybody is waited for; not one frame comes of it. */
async function checkSize({ size = DEFAULT_SIZE_BYTES, width }: PrbsOptions): Promise<void> {
  const tx = new Prbs();
  tx.width = width;
  tx.enable(size);
  await tx.disable();
}

async function runTest(
  direction: PrbsDirection,
  target: AnyTarget | undefined,
  options: PrbsOptions,
  page: MetricsPage,
): Promise<void> {
  // rx has no such option: it takes every size.
  const { size = DEFAULT_SIZE_BYTES } = options;
  const [tx, rx] = [new Prbs(), new Prbs()];
  tx.width = rx.width = options.width;
  const interruption = new Interruption();
  const { sending, receiving, peers, stop } = await openLink(direction, target, options);
  for (const peer of peers) page.watch(peer);
  interruption.stopWith(receiving.finished?.());
  try {
    const seen = new Checker(rx);
    const limit = direction === 'rx' ? (options.count ?? Infinity) : Infinity;
    if (direction !== 'tx')
      receiving.addSlave(
        passing((frame) => {
          // What comes behind the last one is not ours to take.
          if (seen.frames >= limit) return NEVER;
          return options.channel?.includes(frame.channel) === false ? undefined : seen.accept(frame);
        }),
      );
    tx.to(sending);
    if (!(await waitForPeer(sending, target ?? { addr: LOOPBACK, port: 0 }, options, interruption))) {
      throw new Failure('interrupted before a peer came');
    }
    const test = { direction, tx, rx, seen, size, options, interruption };
    const departures = new Departures(sending, () => tx.txCount);
    const missing = await exchange(test, () => sending.stats.peers.send > 0);
    const shortfall = interruption.failure?.message ?? missing;
    await departures.stop();
    await stop();
    const unsent = unsentText(sending, 'is too slow') ?? doubtOf(departures, test, shortfall);
    report(test, { shortfall, unsent });
  } finally {
    await stop();
    tellAll(thrownText(sending.stats.withoutSlave, options));
  }
}

/** What may be lost with a peer that left early: a fault where all was sent that was to be, a word where it was not. */
function doubtOf(
  departures: Departures,
  { direction, tx, options: { count, duration } }: PrbsTest,
  shortfall: string | undefined,
): string | undefined {
  // What comes back shows by itself what was lost.
  const doubt = direction === 'tx' ? departures.doubt(tx.txCount === count) : undefined;
  const isEndless = count === undefined && duration === undefined;
  if (doubt === undefined || (shortfall === undefined && !isEndless)) return doubt;
  tell(doubt);
  return undefined;
}

interface Link {
  readonly sending: Peer;
  readonly receiving: Peer;
  readonly peers: readonly (TcpCore | LogPeer)[];
  readonly stop: () => Promise<void>;
}

/** The bridge or log that was asked for, or two bridges that are connected to each other. */
async function openLink(
  direction: PrbsDirection,
  target: AnyTarget | undefined,
  options: PrbsOptions,
): Promise<Link> {
  if (target !== undefined) {
    const isLimited = direction === 'rx' && options.count !== undefined;
    const more = isLimited ? receiveSparingly(options.count) : {};
    const to = direction === 'rx' ? 'receive' : 'send';
    const { peer, stop } = await openWithPage(target, to, options, { lingerMs: LINGER_MS, ...more });
    return { sending: peer, receiving: peer, peers: [peer], stop };
  }
  const own = given({ engine: options.engine });
  const { bridge: receiving, port } = await openLocalServer(own);
  try {
    const sending = await TcpClient.create(LOOPBACK, port, own);
    const stop = async (): Promise<void> => {
      await Promise.all([sending.stop(), receiving.stop()]);
    };
    return { sending, receiving, peers: [sending, receiving], stop };
  } catch (err) {
    await receiving.stop();
    throw err;
  }
}
