// rogue-bridge watch: is it connected, how much comes, on which channels, and what does it look like.

import type { Command } from 'commander';
import type { TcpCore } from '../index';
import { lookSoon } from './doctor/look';
import { parseTarget, seconds, targetText, type Target } from './support/arguments';
import { Flow } from './watch/flow';
import {
  addBridgeOptions,
  NEVER,
  tell,
  tellAll,
  waitForPeer,
  withBridge,
  type CommonOptions,
  type Interruption,
} from './support/run';
import { leaveSoon } from './support/receiving';
import { TAKES_HELP, takenText } from './support/share';
import { Source } from './support/source';
import { Screen } from './watch/screen';
import { grouped, plural, sizeText, timeText } from './support/text';
import { viewLines, type ViewState } from './watch/view';

const SAMPLE_MS = 1_000;
const DRAW_MS = 500;
// Less than this has no rate worth a word.
const SHORTEST_SAMPLE_S = 0.1;

interface WatchOptions extends CommonOptions {
  readonly json?: boolean;
  readonly duration?: number;
}

export function addWatch(program: Command): void {
  addBridgeOptions(
    program
      .command('watch')
      .summary('live view of a stream: rates, channels, the last frame')
      .description(
        'Shows whether a peer is there, what comes a second, and each channel, until q or Ctrl-C. Where the output is ' +
          `no terminal, or with --json, a line of JSON a second. ${TAKES_HELP}`,
      )
      .argument('<target>', 'HOST:PORT, the base port', parseTarget)
      .option('--json', 'a line of JSON a second')
      .option('--duration <time>', 'end after so long', seconds),
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
  const flow = new Flow();
  const { listen = false } = options;
  const title = `${targetText(target)}, ${listen ? 'our own server' : 'as a client'}`;
  let finding: string | undefined;
  const atEnd: (string | undefined)[] = [];
  const wasInterrupted = await withBridge(target, options, async (bridge, interruption) => {
    let isOver = false;
    // What comes behind the last line is in no summary either.
    bridge.addSlave((frame) => (isOver ? NEVER : flow.note(frame)));
    const isLive = process.stdout.isTTY && options.json !== true;
    const source = new Source(bridge, isLive ? undefined : tell);
    const onFound = (text: string): void => {
      finding = text;
      if (!isLive) tell(text);
    };
    const look = listen ? undefined : lookSoon(bridge, target, onFound);
    const stateNow = (): ViewState => {
      const { connected, stats } = bridge;
      if (connected) finding = undefined;
      return {
        title,
        isClient: !listen,
        connected,
        gone: source.goneText,
        finding,
        malformed: stats.malformed,
      };
    };
    const stop = isLive ? showScreen(flow, stateNow, interruption) : printLines(bridge, flow);
    try {
      // Without --timeout it watches for somebody to come, as long as that takes.
      if (options.timeout !== undefined) await waitForPeer(bridge, target, options, interruption);
      await interruption.wait(options.duration);
    } finally {
      isOver = true;
      look?.stop();
      source.end();
      stop();
      // What was on the screen has gone with it.
      atEnd.push(source.summary, takenText(source.frames, options), isLive ? stateNow().finding : undefined);
    }
    return interruption.signal.aborted;
  });
  if (wasInterrupted) leaveSoon();
  const { framesPerSecond, bytesPerSecond } = flow.average;
  tell(
    `${plural(flow.frames, 'frame')}, ${sizeText(flow.bytes)} in ${timeText(flow.elapsed)}: ` +
      `${grouped(framesPerSecond)} frames/s, ${sizeText(bytesPerSecond)}/s; ${plural(flow.errors, 'frame')} with an error`,
  );
  tellAll(...atEnd);
}

/** @returns the end of it. */
function showScreen(flow: Flow, stateNow: () => ViewState, interruption: Interruption): () => void {
  const screen = new Screen(() => interruption.stop());
  const draw = (): void => screen.draw(viewLines(flow, stateNow(), screen.size));
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
