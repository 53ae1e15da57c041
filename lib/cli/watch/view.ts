// What `watch` shows, as lines of text for a terminal of a given size. Pure.

import type { Flow, Rates } from './flow';
import { colors } from '../support/colors';
import { tableText } from '../support/table';
import { digits, grouped, hex, hexLines, plural, sizeText, sparkline, timeText, wrap } from '../support/text';

/** What is to be seen besides the flow. */
export interface ViewState {
  readonly title: string;
  /** Whether a server deals its frames out to us. */
  readonly isClient: boolean;
  readonly connected: boolean;
  /** Whether it is connected, and for how long not, in words. */
  readonly status: string;
  /** Why there may be no peer, or no frame, and what to do. */
  readonly finding?: string | undefined;
  /** How to end it; `q quits` where that is not given. */
  readonly hint?: string;
  /** Messages that were no frame. */
  readonly malformed: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

// Title, two rates, totals, sparkline, and an empty line each in front of the table and the last frame.
const FIXED_ROWS = 10;
const NARROW_COLUMNS = 72;
const BYTES_OF_HEX_LINE = 80;
const MOST_HEX_LINES = 4;
// A narrow terminal cuts the end of it.
const SHARE_NOTE = 'what comes here reaches no other client; with relay all get all';

/** As many lines as there are rows, or fewer, none longer than there are columns. */
export function viewLines(flow: Flow, state: ViewState, { columns, rows }: Size): string[] {
  const { last } = flow;
  const hexRows = Math.max(1, Math.min(MOST_HEX_LINES, Math.floor((rows - FIXED_ROWS) / 4)));
  const perLine = columns < BYTES_OF_HEX_LINE ? 8 : 16;
  const lastLines =
    last === undefined
      ? ['no frame yet']
      : [
          `last frame: channel ${last.channel}  flags ${hex(last.flags, 4)}  error ${last.error}  ${plural(last.size, 'byte')}`,
          ...hexLines(last.payload.subarray(0, hexRows * perLine), perLine),
        ];
  const color = state.connected ? colors.yellow : colors.red;
  const findingLines = state.finding === undefined ? [] : [...wrap(state.finding, columns).map(color), ''];
  const channelRows = Math.max(1, rows - FIXED_ROWS - findingLines.length - lastLines.length + 1);
  return [
    titleLine(state, flow.elapsed, columns),
    '',
    ...findingLines,
    ratesLine('now', flow.now),
    ratesLine('since start', flow.average),
    `${'total'.padEnd(12)} ${plural(flow.frames, 'frame')}  ${sizeText(flow.bytes)}  ${alarm(flow.errors, 'error')}  ${alarm(state.malformed, 'malformed', '')}`,
    sparkLine(flow, columns),
    '',
    ...channelLines(flow, columns, channelRows),
    '',
    ...lastLines,
  ]
    .slice(0, rows - 1)
    .map((line) => cut(line, columns))
    .concat(cut(lastLine(state), columns));
}

function lastLine({ isClient, hint = 'q quits' }: ViewState): string {
  const quits = colors.dim(hint);
  return isClient ? `${quits}  ${colors.yellow(SHARE_NOTE)}` : quits;
}

function titleLine({ title, connected, status }: ViewState, elapsed: number, columns: number): string {
  const right = `${status}  ${timeText(elapsed)}`;
  const left = cut(title, columns - right.length - 1).padEnd(Math.max(0, columns - right.length));
  const coloured = connected ? colors.green(status) : colors.red(status);
  return `${colors.bold(left)}${coloured}${right.slice(status.length)}`;
}

function ratesLine(name: string, { framesPerSecond, bytesPerSecond }: Rates): string {
  return `${name.padEnd(12)} ${grouped(framesPerSecond).padStart(11)} frames/s  ${digits(bytesPerSecond / 1e6).padStart(9)} MB/s`;
}

function sparkLine({ history }: Flow, columns: number): string {
  const most = Math.max(0, ...history);
  const right = `  up to ${grouped(most)}/s`;
  const room = Math.max(1, columns - 'last minute  '.length - right.length);
  return `${'last minute'.padEnd(12)} ${colors.cyan(sparkline(history.slice(-room)))}${right}`;
}

function channelLines(flow: Flow, columns: number, room: number): string[] {
  const all = flow.byChannel;
  const isNarrow = columns < NARROW_COLUMNS;
  const fit = all.length + 1 <= room ? all : all.slice(0, Math.max(0, room - 2));
  const head = ['channel', 'frames', 'size', 'errors', 'flags'];
  const rows = fit.map(([channel, { frames, bytes, errors, flags, minBytes, maxBytes }]) => [
    String(channel),
    grouped(frames),
    sizeText(bytes),
    errors === 0 ? '0' : colors.red(grouped(errors)),
    hex(flags, 4),
    ...(isNarrow ? [] : [grouped(minBytes), grouped(bytes / frames), grouped(maxBytes)]),
  ]);
  const table = tableText([...head, ...(isNarrow ? [] : ['min B', 'mean B', 'max B'])], rows, 0).split('\n');
  const hidden = all.length - fit.length;
  return hidden > 0 ? [...table, `... ${plural(hidden, 'more channel')}`] : table;
}

function alarm(count: number, noun: string, ending = 's'): string {
  const text = `${grouped(count)} ${noun}${count === 1 ? '' : ending}`;
  return count === 0 ? text : colors.red(text);
}

const COLOUR = /\x1b\[\d+m/y;

/** At most so many characters, colours not counted, and none of these left open. */
function cut(text: string, columns: number): string {
  let shown = 0;
  let out = '';
  for (let at = 0; at < text.length;) {
    COLOUR.lastIndex = at;
    const colour = COLOUR.exec(text)?.[0];
    if (colour !== undefined) {
      out += colour;
      at += colour.length;
      continue;
    }
    if (shown < columns) out += text[at]!;
    shown += 1;
    at += 1;
  }
  return out;
}
