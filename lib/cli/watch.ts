// rogue-bridge watch: is it connected, how much comes, on which channels, and what does it look like.

import type { Command } from 'commander';
import type { Frame } from '../index';
import { lookSoon } from './doctor/look';
import { isLog, targetText, type AnyTarget } from './support/arguments';
import { UsageError } from './support/errors';
import { filesText, readFiles, SOURCE_HELP, sourceOf } from './support/frame-source';
import { logHelp } from './support/log-target';
import { Flow } from './watch/flow';
import { addFormat, durationOption, formatOf, type FormatOptions } from './support/options';
import { addBridgeOptions, Interruption, NEVER, tell, tellAll, type CommonOptions } from './support/run';
import { withPeer } from './support/open';
import type { Peer } from './support/peer';
import { leaveSoon } from './support/receiving';
import { TAKES_HELP, takenText } from './support/share';
import { noticeSilence } from './support/silence';
import { Source } from './support/source';
import { tokenOption, viewOption } from './support/page';
import { Screen } from './watch/screen';
import { grouped, plural, sizeText, timeText } from './support/text';
import { waitForPeer } from './support/wait-for-peer';
import { viewLines, type ViewState } from './watch/view';

const SAMPLE_MS = 1_000;
const DRAW_MS = 500;
const DEFAULT_COLUMNS = 80;
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
          'Shows whether a peer, or a log, is there, what comes a second, and each channel, until q or Ctrl-C. Where the output is ' +
            'no terminal, or with --json, a line of JSON a second. Data files are read as fast as they can be. With ' +
            `HOST:PORT: ${TAKES_HELP}`,
        )
        .argument('<source...>', SOURCE_HELP),
      'text (default in a terminal) or json (default elsewhere): a line a second',
      FORMATS,
    )
      .addOption(durationOption())
      .addOption(viewOption())
      .addOption(tokenOption()),
    'never',
  )
    .addHelpText(
      'after',
      `
Examples:
  rogue-bridge watch daq-host:8000
  rogue-bridge watch --listen '*:8000'
  rogue-bridge watch run.dat.1                      all parts of a recording
  rogue-bridge watch 'nats://daq-host/run42?since=10m'
  rogue-bridge watch daq-host:8000 --json --duration 10 | jq .framesPerSecond
${logHelp('receive')}`,
    )
    .action(watch);
}

async function watch(names: string[], options: WatchOptions, command: Command): Promise<void> {
  const source = sourceOf(names, command);
  const format = formatOf(options);
  if (format === 'text' && !process.stdout.isTTY) {
    throw new UsageError('--format text is a view in a terminal, and standard output is none: give json');
  }
  const isLive = process.stdout.isTTY && format !== 'json';
  const flow = new Flow();
  // What was on the screen has gone with it.
  const atEnd: (string | undefined)[] = [];
  try {
    const isEarly =
      source.files === undefined
        ? await watchPeer(source.target, flow, isLive, options, atEnd)
        : await watchFiles(source.files, flow, isLive, options);
    if (isEarly) leaveSoon();
  } catch (err) {
    // What was read of a file before is right all the same.
    if (flow.frames > 0) tell(summary(flow));
    throw err;
  }
  tell(summary(flow));
  tellAll(...atEnd);
}

function summary(flow: Flow): string {
  const { framesPerSecond, bytesPerSecond } = flow.average;
  return (
    `${plural(flow.frames, 'frame')}, ${sizeText(flow.bytes)} in ${timeText(flow.elapsed)}: ` +
    `${grouped(framesPerSecond)} frames/s, ${sizeText(bytesPerSecond)}/s; ${plural(flow.errors, 'frame')} with an error`
  );
}

/** @returns whether it was interrupted. */
function watchPeer(
  target: AnyTarget,
  flow: Flow,
  isLive: boolean,
  options: WatchOptions,
  atEnd: (string | undefined)[],
): Promise<boolean> {
  const { listen = false } = options;
  const isClient = !listen && !isLog(target);
  const role = `${targetText(target)}, ${roleText(target, listen)}`;
  let finding: string | undefined;
  return withPeer(target, 'receive', options, async (peer, interruption, pageUrl) => {
    // The line that says where the page is has gone from the screen.
    const title = pageUrl === undefined ? role : `${role}, page ${pageUrl}`;
    let isOver = false;
    // What comes behind the last line is in no summary either.
    peer.addSlave((frame) => (isOver ? NEVER : flow.note(frame)));
    const source = new Source(peer, isLive ? undefined : tell);
    const onFound = (text: string): void => {
      finding = text;
      if (!isLive) tell(text);
    };
    const canLook = !isLog(target) && !listen && options.curve === undefined;
    const look = canLook ? lookSoon(peer, target, onFound) : undefined;
    if (isLog(target)) noticeSilence(peer, target, interruption.signal, onFound);
    const stateNow = (): ViewState => {
      const { connected, stats } = peer;
      if (isLog(target) ? flow.frames > 0 : connected) finding = undefined;
      const status = connected ? 'connected' : (source.goneText ?? 'not connected');
      return { title, isClient, connected, status, finding, malformed: stats.malformed };
    };
    const stop = isLive ? showScreen(flow, stateNow, interruption) : printLines(flow, () => linkOf(peer));
    try {
      // Without --timeout it watches for somebody to come, as long as that takes.
      if (options.timeout !== undefined && !isLog(target))
        await waitForPeer(peer, target, options, interruption);
      await interruption.wait(options.duration);
    } finally {
      isOver = true;
      look?.stop();
      source.end();
      stop();
      atEnd.push(
        source.summary,
        takenText(source.frames, target, options),
        isLive ? stateNow().finding : undefined,
      );
      if (isLive && interruption.isAtEnd)
        leaveOnScreen(flow, { ...stateNow(), connected: true, status: 'read' });
    }
    return interruption.signal.aborted && !interruption.isAtEnd;
  });
}

function roleText(target: AnyTarget, listen: boolean): string {
  if (isLog(target)) return 'a log';
  return listen ? 'our own server' : 'as a client';
}

/** @returns whether it was interrupted, or the time was over. */
async function watchFiles(
  files: readonly string[],
  flow: Flow,
  isLive: boolean,
  { duration }: WatchOptions,
): Promise<boolean> {
  const interruption = new Interruption();
  // Standard input is no keyboard where it is a file.
  const hint = process.stdin.isTTY ? 'q quits' : 'Ctrl-C quits';
  const state = {
    title: filesText(files),
    isClient: false,
    connected: true,
    status: 'reading',
    malformed: 0,
    hint,
  };
  const stop = isLive ? showScreen(flow, () => state, interruption) : printLines(flow, () => ({}));
  try {
    const note = (frame: Frame): false => {
      flow.note(frame);
      return false;
    };
    return await readFiles(files, interruption, note, { duration });
  } finally {
    stop();
    if (isLive && flow.frames > 0) leaveOnScreen(flow, { ...state, status: 'read' });
  }
}

/** A file, or a log with an end, is soon over: what there was in it stays in the terminal. */
function leaveOnScreen(flow: Flow, state: ViewState): void {
  const columns = process.stdout.columns || DEFAULT_COLUMNS;
  const lines = viewLines(flow, state, { columns, rows: Infinity }).slice(0, -1);
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

/** @returns the end of it. */
function showScreen(flow: Flow, state: () => ViewState, interruption: Interruption): () => void {
  const screen = new Screen(() => interruption.stop());
  const draw = (): void => screen.draw(viewLines(flow, state(), screen.size));
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

/** Of a peer; a file has none of it. */
interface Link {
  readonly connected?: boolean;
  readonly malformed?: number;
}

/** @returns the end of it, a line for what came since the last one. */
function printLines(flow: Flow, link: () => Link): () => void {
  const print = (): void => void process.stdout.write(`${JSON.stringify(lineOf(flow, link()))}\n`);
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

function linkOf({ connected, stats: { malformed } }: Peer): Link {
  return { connected, malformed };
}

function lineOf(flow: Flow, { connected, malformed }: Link): object {
  const channels = flow.byChannel.map(([channel, { frames, bytes, ...rest }]) => [
    channel,
    { frames, bytes, meanBytes: bytes / frames, ...rest },
  ]);
  return {
    time: new Date().toISOString(),
    connected,
    ...flow.now,
    frames: flow.frames,
    bytes: flow.bytes,
    errors: flow.errors,
    malformed,
    channels: Object.fromEntries(channels) as object,
  };
}
