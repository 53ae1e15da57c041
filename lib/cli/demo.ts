// rogue-bridge demo: the main job of the library, shown and checked in a few seconds.

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import type { TcpCore } from '../index';
import { DemoLink } from './demo/link';
import { runPart, type Role } from './demo/part';
import { runBoth } from './demo/processes';
import { faults, LiveLine, table, type Direction } from './demo/report';
import { given, parseTarget, type Target } from './support/arguments';
import { unsentText } from './support/departures';
import { Failure, STATUS_FAILED, UsageError } from './support/errors';
import { machineText, thisMachine } from './support/machine';
import { withBridge } from './support/open';
import { durationOption, FormerName } from './support/options';
import { addBridgeOptions, print, tell, type CommonOptions, type Interruption } from './support/run';
import { Source } from './support/source';
import { digits } from './support/text';
import { waitForPeer } from './support/wait-for-peer';

const DEFAULT_SECONDS = 5;
const MIN_SECONDS = 1;
const MAX_SECONDS = 3600;
const CONNECT_LIMIT_S = 30;
// What is under way at the end has this long to arrive; another half says when it has sent all.
const LAST_FRAMES_MS = { demo: 10_000, prbs: 1_000, other: 1_000 };
// The same for the first frame, where none has come.
const FIRST_FRAME_MS = 3_000;
const LOOK_MS = 20;
// Less is what two clocks differ by.
const EARLY_S = 1;

interface DemoOptions extends CommonOptions {
  readonly connect?: Target;
  readonly duration: number;
  readonly part?: Role;
}

export function addDemo(program: Command): void {
  const duration = durationOption().default(DEFAULT_SECONDS, `${DEFAULT_SECONDS} s`);
  addBridgeOptions(
    program
      .command('demo')
      .summary('two processes stream to each other, and check every bit')
      .description(
        'Streams PRBS frames with varied metadata through a bridge, both ways, and checks every bit: between two ' +
          'processes of this machine, or with HOST:PORT as one half of it, against any Rogue or rogue-bridge peer. A ' +
          "half checks what it receives if that is PRBS, as the other half and Rogue's own Prbs send it, and only " +
          'counts it otherwise.',
      )
      .argument('[target]', 'be one half: HOST:PORT, the base port', parseTarget)
      .addOption(duration),
    `${CONNECT_LIMIT_S} s; with --listen never`,
  )
    // As they were called before --duration and HOST:PORT; and what the demo starts its own two processes with.
    .addOption(new Option('--connect <target>').argParser(parseTarget).hideHelp())
    .addOption(new FormerName('--seconds <time>', duration))
    .addOption(new Option('--part <role>').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge demo --duration 10                 here: npm run demo -- ...
  rogue-bridge demo daq-host:8000
  rogue-bridge demo --listen '*:8000' --engine libzmq

Ctrl-C ends it early. The exit status is 0 if all went well, 1 if
something was wrong, 2 for wrong arguments.`,
    )
    .action(demo);
}

async function demo(target: Target | undefined, options: DemoOptions): Promise<void> {
  const { part, engine, connect, duration, listen, allow, timeout, curve, curvePeer, metrics } = options;
  if (part !== undefined) {
    await runPart(part, engine);
    return;
  }
  if (connect !== undefined && (listen === true || target !== undefined)) {
    throw new UsageError('--connect and --listen are two halves: give one of them');
  }
  const other = connect ?? target;
  const ofOneHalf = [listen, allow, timeout, curve, curvePeer, metrics];
  if (other === undefined && ofOneHalf.some((value) => value !== undefined)) {
    throw new UsageError(
      '--listen, --allow, --timeout, --curve and --metrics are for one half: give HOST:PORT',
    );
  }
  if (duration < MIN_SECONDS || duration > MAX_SECONDS) {
    throw new UsageError(`--duration is ${duration} s: give a time from 1s to 1h`);
  }
  const failures =
    other === undefined
      ? await runBoth(join(__dirname, 'main.js'), engine, duration)
      : await runHalf(other, options);
  if (failures.length === 0) {
    print(
      other === undefined
        ? 'OK: every frame arrived with its payload and its metadata intact.'
        : 'OK: the other side took what was sent, and nothing wrong was received.',
    );
    return;
  }
  for (const failure of failures) tell(`FAILED: ${failure}`);
  process.exitCode = STATUS_FAILED;
}

/** One half; resolves to what went wrong, a sentence each. */
async function runHalf(target: Target, options: DemoOptions): Promise<string[]> {
  const { duration, listen = false } = options;
  const timeout = options.timeout ?? (listen ? undefined : CONNECT_LIMIT_S);
  const work = async (bridge: TcpCore, interruption: Interruption): Promise<string[]> => {
    print(machineText({ ...thisMachine(), engine: bridge.engine }));
    const link = new DemoLink(bridge, false);
    const { addr, port } = target;
    print(`${listen ? 'listening on' : 'connecting to'} ${addr} ports ${port} and ${port + 1} ...`);
    if (!(await waitForPeer(bridge, target, { ...options, ...given({ timeout }) }, interruption))) {
      throw new Failure('interrupted before a peer came');
    }
    return exchange(link, bridge, duration, interruption);
  };
  return withBridge(target, options, work, { lingerMs: LAST_FRAMES_MS.demo });
}

async function exchange(
  link: DemoLink,
  bridge: TcpCore,
  forSeconds: number,
  interruption: Interruption,
): Promise<string[]> {
  print(`connected; ${forSeconds} s of frames both ways`);
  const source = new Source(bridge);
  const line = new LiveLine();
  const timer = setInterval(() => line.show([link.counts]), line.periodMs);
  const started = performance.now();
  const failures: string[] = [];
  let isOver = false;
  // A send may wait for a peer that takes nothing; stopping the bridge ends it.
  const sending = link.send().catch((err: unknown) => {
    if (!isOver) failures.push((err as Error).message);
  });
  const over = new AbortController();
  const either = AbortSignal.any([interruption.signal, over.signal]);
  const lasting = pause(forSeconds * 1000, undefined, { signal: either }).catch(() => undefined);
  await Promise.race([lasting, link.otherEnded]);
  over.abort();
  isOver = true;
  link.stopSending();
  const elapsed = (performance.now() - started) / 1000;
  await takeLast(link, source, sending, interruption.signal.aborted);
  source.end();
  clearInterval(timer);
  line.end();
  await bridge.stop();
  await sending;
  // Read now: the last frame may have waited for room when the time was over.
  const { counts } = link;
  if (!interruption.signal.aborted && forSeconds - elapsed > EARLY_S) {
    print(`the other half has ended after ${digits(elapsed)} s`);
  }
  const kinds = {
    demo: 'the other half of this demo: payload and metadata are checked',
    prbs: 'PRBS without our metadata, as Rogue sends it: payload is checked',
    other: 'not PRBS: its frames are only counted',
  };
  print(`the other side ${link.peerKind === undefined ? 'sent nothing' : `is ${kinds[link.peerKind]}`}`);
  const sent: Direction = { name: 'sent', sent: counts.sent };
  const received: Direction = { name: 'received', counts };
  print(`\n${table([sent, received], elapsed)}\n`);
  if (counts.sent === 0) failures.push('no frame was taken by the other side');
  const unsent = unsentText(bridge, 'is too slow');
  if (unsent !== undefined) failures.push(unsent);
  return [...failures, ...faults(received)];
}

/** Waits for the last frames, ours and theirs. Another half says when it has sent all; any other side never does. */
async function takeLast(
  link: DemoLink,
  source: Source,
  sending: Promise<void>,
  wasInterrupted: boolean,
): Promise<void> {
  const started = performance.now();
  let isDone = false;
  const isOver = (): boolean => {
    const { peerKind } = link;
    if (isDone || source.isGone || (wasInterrupted && peerKind !== 'demo')) return true;
    return (
      performance.now() - started >= (peerKind === undefined ? FIRST_FRAME_MS : LAST_FRAMES_MS[peerKind])
    );
  };
  // What the other side does not take ends with the bridge.
  void link.bothEnded(sending).then(
    () => (isDone = true),
    () => undefined,
  );
  while (!isOver()) await pause(LOOK_MS);
}
