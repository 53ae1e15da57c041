// rogue-bridge watch: is it connected, how much comes, on which channels, and what does it look like.

import type { Command } from 'commander';
import type { TcpCore } from '../index';
import { parseTarget, targetText, type Target } from './support/arguments';
import { UsageError } from './support/errors';
import { Flow } from './watch/flow';
import { addFormat, durationOption, formatOf, type FormatOptions } from './support/options';
import {
  addBridgeOptions,
  NEVER,
  tell,
  waitForPeer,
  withBridge,
  type CommonOptions,
  type Interruption,
} from './support/run';
import { leaveSoon } from './support/receiving';
import { Screen } from './watch/screen';
import { grouped, plural, sizeText, timeText } from './support/text';
import { viewLines } from './watch/view';

const SAMPLE_MS = 1_000;
const DRAW_MS = 500;
// Less than this has no rate worth a word.
const SHORTEST_SAMPLE_S = 0.1;

const FORMATS = ['text', 'json'] as const;

interface WatchOptions extends CommonOptions, FormatOptions<(typeof FORMATS)[number]> {
  readonly duration?: number;
}

export function addWatch(program: Command): void {
  addBridgeOptions(
    addFormat(
      program
        .command('watch')
        .summary('live view of a stream: rates, channels, the last frame')
        .description(
          'Shows whether a peer is there, what comes a second, and each channel, until q or Ctrl-C. Where the output is ' +
            'no terminal, or with --json, a line of JSON a second. It is a peer: of a server with other clients it sees ' +
            'its share of the frames; relay gives everyone all of them.',
        )
        .argument('<target>', 'HOST:PORT, the base port', parseTarget),
      'text (default in a terminal) or json (default elsewhere): a line a second',
      FORMATS,
    ).addOption(durationOption()),
    'never',
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge watch daq-host:8000
  rogue-bridge watch --listen '*:8000'
  rogue-bridge watch daq-host:8000 --json --duration 10 | jq .framesPerSecond`,
    )
    .action(watch);
}

async function watch(target: Target, options: WatchOptions): Promise<void> {
  const format = formatOf(options);
  if (format === 'text' && !process.stdout.isTTY) {
    throw new UsageError('--format text is a view in a terminal, and standard output is none: give json');
  }
  const isLive = process.stdout.isTTY && format !== 'json';
  const flow = new Flow();
  const wasInterrupted = await withBridge(target, options, async (bridge, interruption) => {
    let isOver = false;
    // What comes behind the last line is in no summary either.
    bridge.addSlave((frame) => (isOver ? NEVER : flow.note(frame)));
    const stop = isLive ? showScreen(bridge, flow, target, options, interruption) : printLines(bridge, flow);
    try {
      // Without --timeout it watches for somebody to come, as long as that takes.
      if (options.timeout !== undefined) await waitForPeer(bridge, target, options, interruption);
      await interruption.wait(options.duration);
    } finally {
      isOver = true;
      stop();
    }
    return interruption.signal.aborted;
  });
  if (wasInterrupted) leaveSoon();
  const { framesPerSecond, bytesPerSecond } = flow.average;
  tell(
    `${plural(flow.frames, 'frame')}, ${sizeText(flow.bytes)} in ${timeText(flow.elapsed)}: ` +
      `${grouped(framesPerSecond)} frames/s, ${sizeText(bytesPerSecond)}/s; ${plural(flow.errors, 'frame')} with an error`,
  );
}

/** @returns the end of it. */
function showScreen(
  bridge: TcpCore,
  flow: Flow,
  target: Target,
  { listen = false }: WatchOptions,
  interruption: Interruption,
): () => void {
  const screen = new Screen(() => interruption.stop());
  const title = `${targetText(target)}, ${listen ? 'our own server' : 'as a client'}`;
  const draw = (): void => {
    const state = { title, connected: bridge.connected, malformed: bridge.stats.malformed };
    screen.draw(viewLines(flow, state, screen.size));
  };
  const sampling = setInterval(() => flow.sample(), SAMPLE_MS);
  const drawing = setInterval(draw, DRAW_MS);
  process.stdout.on('resize', draw);
  draw();
  return () => {
    clearInterval(sampling);
    clearInterval(drawing);
    process.stdout.off('resize', draw);
    screen.close();
  };
}

/** @returns the end of it, a line for what came since the last one. */
function printLines(bridge: TcpCore, flow: Flow): () => void {
  const print = (): void => void process.stdout.write(`${JSON.stringify(lineOf(bridge, flow))}\n`);
  let framesPrinted = -1;
  const printing = setInterval(() => {
    flow.sample();
    framesPrinted = flow.frames;
    print();
  }, SAMPLE_MS);
  return () => {
    clearInterval(printing);
    if (flow.sinceSample >= SHORTEST_SAMPLE_S) flow.sample();
    else if (flow.frames === framesPrinted) return;
    print();
  };
}

function lineOf(bridge: TcpCore, flow: Flow): object {
  const channels = flow.byChannel.map(([channel, { frames, bytes, ...rest }]) => [
    channel,
    { frames, bytes, meanBytes: bytes / frames, ...rest },
  ]);
  return {
    time: new Date().toISOString(),
    connected: bridge.connected,
    ...flow.now,
    frames: flow.frames,
    bytes: flow.bytes,
    errors: flow.errors,
    malformed: bridge.stats.malformed,
    channels: Object.fromEntries(channels) as object,
  };
}
