#!/usr/bin/env node
// `npm run demo`: the main job of the library, shown and checked in a few seconds.

import { parseArgs } from 'node:util';
import { Logging, TcpClient, TcpServer, type TcpCore } from '../index';
import { DemoLink } from './demo-link';
import { runBoth, runPart, type Role } from './demo-processes';
import { faults, LiveLine, table, type Direction } from './demo-report';

const USAGE = `Streams PRBS frames with varied metadata through a Rogue bridge, both ways, and checks every bit.

  npm run demo                             an exporter and an analysis process on this machine
  npm run demo -- --connect HOST:PORT      the client half, against any Rogue or rogue-bridge server
  npm run demo -- --listen ADDR:PORT       the server half, for any Rogue or rogue-bridge client; ADDR * = all

  --seconds N   how long to send, 1 to 3600; default 5
  --help        this text

PORT is the base port; the next one is used as well. A half checks what it receives if that is PRBS, as the other
half and Rogue's own Prbs send it, and only counts it otherwise. Ctrl-C ends a half early. The exit status is 0
if all went well, 1 if something was wrong, 2 for wrong arguments.`;

const CONNECT_LIMIT_MS = 30_000;
// What is under way when we stop sending has this long to arrive.
const LAST_FRAMES_MS = 1_000;

class UsageError extends Error {}

async function main(argv: string[]): Promise<number> {
  const options = readArguments(argv);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.part !== undefined) {
    await runPart(options.part as Role);
    return Number(process.exitCode ?? 0);
  }
  Logging.setFormat('rogue');
  const failures =
    options.target === undefined
      ? await runBoth(__filename, options.seconds)
      : await runHalf(options.target, options.seconds);
  if (failures.length === 0) {
    console.log(
      options.target === undefined
        ? 'OK: every frame arrived with its payload and its metadata intact.'
        : 'OK: the other side took what was sent, and nothing wrong was received.',
    );
    return 0;
  }
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  return 1;
}

interface Target {
  readonly server: boolean;
  readonly addr: string;
  readonly port: number;
}

function readArguments(argv: string[]): { help: boolean; seconds: number; part?: string; target?: Target } {
  try {
    const text = { type: 'string' } as const;
    const options = {
      connect: text,
      listen: text,
      seconds: text,
      part: text,
      help: { type: 'boolean' },
    } as const;
    const { values } = parseArgs({ args: argv, options });
    if (values.connect !== undefined && values.listen !== undefined) {
      throw new Error('--connect and --listen are two halves: give one of them');
    }
    const seconds = Number(values.seconds ?? 5);
    if (!(seconds >= 1 && seconds <= 3600)) {
      throw new Error(`--seconds is '${values.seconds}', but must be a number from 1 to 3600`);
    }
    const address = values.connect ?? values.listen;
    return {
      help: values.help ?? false,
      seconds,
      ...(values.part === undefined ? {} : { part: values.part }),
      ...(address === undefined ? {} : { target: parseAddress(address, values.listen !== undefined) }),
    };
  } catch (err) {
    throw new UsageError((err as Error).message);
  }
}

function parseAddress(text: string, server: boolean): Target {
  const match = /^(.+):(\d+)$/.exec(text);
  if (match === null) throw new Error(`'${text}' is no address: give HOST:PORT, for example 127.0.0.1:8000`);
  return { server, addr: match[1]!, port: Number(match[2]) };
}

/** One half; resolves to what went wrong, a sentence each. */
async function runHalf({ server, addr, port }: Target, seconds: number): Promise<string[]> {
  const bridge: TcpCore = await (server ? TcpServer : TcpClient).create(addr, port);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Error('interrupted'));
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

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (err: unknown) => {
    // The library refuses a port or an address that is none in words of its own.
    const wrongUse = err instanceof UsageError || err instanceof RangeError;
    console.error(`demo: ${(err as Error).message}${wrongUse ? ' (see --help)' : ''}`);
    process.exitCode = wrongUse ? 2 : 1;
  },
);
