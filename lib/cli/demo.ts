// rogue-bridge demo: the main job of the library, shown and checked in a few seconds.

import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { TcpClient, TcpServer, type TcpCore } from '../index';
import { DemoLink } from './demo/link';
import { runPart, type Role } from './demo/part';
import { runBoth } from './demo/processes';
import { faults, LiveLine, table, type Direction } from './demo/report';
import { parseTarget, type Target } from './support/arguments';
import { Failure, STATUS_FAILED, UsageError } from './support/errors';
import { durationOption, FormerName, listenOption } from './support/options';
import { addLogOptions, tell } from './support/run';

const DEFAULT_SECONDS = 5;
const MIN_SECONDS = 1;
const MAX_SECONDS = 3600;
const CONNECT_LIMIT_MS = 30_000;
// What is under way when we stop sending has this long to arrive.
const LAST_FRAMES_MS = 1_000;

interface DemoOptions {
  readonly connect?: Target;
  readonly listen?: boolean;
  readonly duration: number;
  readonly part?: Role;
}

export function addDemo(program: Command): void {
  const duration = durationOption().default(DEFAULT_SECONDS, `${DEFAULT_SECONDS} s`);
  addLogOptions(
    program
      .command('demo')
      .summary('two processes stream to each other, and check every bit')
      .description(
        'Streams PRBS frames with varied metadata through a bridge, both ways, and checks every bit: between two ' +
          'processes of this machine, or as one half of it, against any Rogue or rogue-bridge peer. A half checks what ' +
          "it receives if that is PRBS, as the other half and Rogue's own Prbs send it, and only counts it otherwise.",
      )
      .argument('[target]', 'HOST:PORT, the base port, to run one half against any server', parseTarget)
      .addOption(listenOption())
      .addOption(new Option('--connect <target>').argParser(parseTarget).hideHelp())
      .addOption(duration)
      .addOption(new FormerName('--seconds <n>', duration)),
  )
    // What the demo starts its own two processes with.
    .addOption(new Option('--part <role>').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge demo --duration 10                 here: npm run demo -- ...
  rogue-bridge demo daq-host:8000
  rogue-bridge demo --listen '*:8000'             for any client

Ctrl-C ends it early. The exit status is 0 if all went well, 1 if
something was wrong, 2 for wrong arguments.`,
    )
    .action(demo);
}

async function demo(given: Target | undefined, options: DemoOptions): Promise<void> {
  const { connect, listen = false, duration, part } = options;
  if (part !== undefined) {
    await runPart(part);
    return;
  }
  if (connect !== undefined && (listen || given !== undefined)) {
    throw new UsageError('--connect and --listen are two halves: give one of them, with HOST:PORT');
  }
  const target = connect ?? given;
  if (listen && target === undefined) {
    throw new UsageError("--listen needs the address to serve at: 'demo --listen *:8000'");
  }
  if (duration < MIN_SECONDS || duration > MAX_SECONDS) {
    throw new UsageError(`--duration is ${duration} s: give a time from ${MIN_SECONDS} s to 1h`);
  }
  const failures =
    target === undefined
      ? await runBoth(join(__dirname, 'main.js'), duration)
      : await runHalf({ ...target, server: listen }, duration);
  if (failures.length === 0) {
    console.log(
      target === undefined
        ? 'OK: every frame arrived with its payload and its metadata intact.'
        : 'OK: the other side took what was sent, and nothing wrong was received.',
    );
    return;
  }
  for (const failure of failures) tell(`FAILED: ${failure}`);
  process.exitCode = STATUS_FAILED;
}

/** One half; resolves to what went wrong, a sentence each. */
async function runHalf(
  { server, addr, port }: Target & { readonly server: boolean },
  seconds: number,
): Promise<string[]> {
  const bridge: TcpCore = await (server ? TcpServer : TcpClient).create(addr, port);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Failure('interrupted before a peer came'));
  process.once('SIGINT', onInterrupt);
  try {
    const link = new DemoLink(bridge, false);
    console.log(`${server ? 'listening on' : 'connecting to'} ${addr} ports ${port} and ${port + 1} ...`);
    const { signal } = interrupt;
    await bridge.waitForPeer(server ? { signal } : { signal, timeoutMs: CONNECT_LIMIT_MS });
    return await exchange(link, bridge, seconds, signal);
  } finally {
    process.off('SIGINT', onInterrupt);
    await bridge.stop();
  }
}

async function exchange(
  link: DemoLink,
  bridge: TcpCore,
  seconds: number,
  signal: AbortSignal,
): Promise<string[]> {
  console.log(`connected; ${seconds} s of frames both ways`);
  const line = new LiveLine();
  const timer = setInterval(() => line.show([link.counts]), line.periodMs);
  const started = performance.now();
  const failures: string[] = [];
  // A send may wait for a peer that takes nothing; stopping the bridge ends it.
  const sending = link.send().catch((err: unknown) => {
    if (!signal.aborted && performance.now() - started < seconds * 1000)
      failures.push((err as Error).message);
  });
  await until(seconds * 1000, signal);
  link.stopSending();
  const elapsed = (performance.now() - started) / 1000;
  const counts = { ...link.counts };
  await until(LAST_FRAMES_MS, signal);
  clearInterval(timer);
  line.end();
  const kinds = {
    demo: 'the other half of this demo: payload and metadata are checked',
    prbs: 'PRBS without our metadata, as Rogue sends it: payload is checked',
    other: 'not PRBS: its frames are only counted',
  };
  console.log(
    `the other side ${link.peerKind === undefined ? 'sent nothing' : `is ${kinds[link.peerKind]}`}`,
  );
  const sent: Direction = { name: 'sent', sent: counts.sent };
  const received: Direction = { name: 'received', counts: { ...link.counts } };
  console.log(`\n${table([sent, received], elapsed)}\n`);
  await bridge.stop();
  await sending;
  if (counts.sent === 0) failures.push('no frame was taken by the other side');
  return [...failures, ...faults(received)];
}

/** Waits `ms`, or until the signal comes. */
function until(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, signal.aborted ? 0 : ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
