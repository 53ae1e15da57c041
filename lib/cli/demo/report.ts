// What a person sees of the demo: the live line and the table at the end.

import type { LinkCounts } from './link';
import { print } from '../support/run';
import { tableText } from '../support/table';
import { grouped } from '../support/text';

/** One direction of the stream. An end that is not ours to ask is left out. */
export interface Direction {
  readonly name: string;
  /** Frames sent. */
  readonly sent?: number;
  /** What the receiver has counted. */
  readonly counts?: LinkCounts;
}

// A cell of the table whose number only the other side knows.
const UNKNOWN = '-';

const ERASE_LINE = '\r\u001b[2K';

/** A line that is rewritten in a terminal, and a line a second anywhere else. */
export class LiveLine {
  private readonly live = process.stdout.isTTY;
  /** How often to call {@link show}. */
  readonly periodMs = this.live ? 250 : 1000;
  private readonly started = performance.now();
  private before = { at: performance.now(), frames: 0, bytes: 0 };

  /** @param columns width to keep to in a terminal. */
  constructor(private readonly columns = process.stdout.columns) {}

  show(all: readonly LinkCounts[]): void {
    const now = performance.now();
    const frames = sum(all, 'received');
    const bytes = sum(all, 'receivedBytes');
    const seconds = (now - this.before.at) / 1000;
    const text = [
      `${((now - this.started) / 1000).toFixed(1)} s`,
      `${grouped((frames - this.before.frames) / seconds)} frames/s`,
      `${((bytes - this.before.bytes) / seconds / 1e6).toFixed(0)} MB/s`,
      `${grouped(frames)} frames`,
      `${sum(all, 'payloadErrors') + sum(all, 'metadataErrors')} errors`,
    ].join('   ');
    this.before = { at: now, frames, bytes };
    if (this.live) process.stdout.write(`${ERASE_LINE}${text.slice(0, this.columns - 1)}`);
    else print(text);
  }

  end(): void {
    if (this.live) process.stdout.write(ERASE_LINE);
  }
}

/** The table of both directions, `seconds` after the first frame. */
export function table(directions: readonly Direction[], seconds: number): string {
  const header = [
    'direction',
    'sent',
    'received',
    'MB',
    'frames/s',
    'MB/s',
    'payload errors',
    'metadata errors',
  ];
  const rows = directions.map(({ name, sent, counts }) => [
    name,
    sent === undefined ? UNKNOWN : grouped(sent),
    ...(counts === undefined
      ? Array<string>(header.length - 2).fill(UNKNOWN)
      : receivedCells(counts, seconds)),
  ]);
  return tableText(header, rows);
}

function receivedCells(counts: LinkCounts, seconds: number): string[] {
  return [
    grouped(counts.received),
    (counts.receivedBytes / 1e6).toFixed(1),
    grouped(counts.received / seconds),
    (counts.receivedBytes / seconds / 1e6).toFixed(0),
    String(counts.payloadErrors),
    String(counts.metadataErrors),
  ];
}

/** What went wrong in a direction, a sentence each; empty when nothing did. */
export function faults({ name, sent, counts }: Direction): string[] {
  const found: string[] = [];
  if (counts === undefined) return found;
  if (sent !== undefined && counts.received !== sent) {
    found.push(`${name}: ${sent} frames were sent and ${counts.received} received`);
  }
  if (sent !== undefined && counts.received === 0) found.push(`${name}: nothing arrived at all`);
  if (counts.payloadErrors > 0) found.push(`${name}: ${counts.payloadErrors} frames with a wrong payload`);
  if (counts.metadataErrors > 0) found.push(`${name}: ${counts.metadataErrors} frames with wrong metadata`);
  return found;
}

function sum(all: readonly LinkCounts[], key: keyof LinkCounts): number {
  return all.reduce((total, counts) => total + counts[key], 0);
}
