// What is shown, as text for a spreadsheet or a message.

import type { Preview } from '../../protocol';
import { columnsOf, sampleOfColumn, type Picture } from './previews';
import type { PixelAt } from './statistics';

/** A waveform: sample and value, or first sample, minimum and maximum of each column. */
export function waveText(picture: Picture): string {
  const { about, numbers } = picture;
  const lines = [about.step === 0 ? 'sample\tvalue' : 'first sample\tmin\tmax'];
  for (let i = 0; i < columnsOf(picture); i++) {
    if (about.step === 0) lines.push(`${sampleOfColumn(about, i)}\t${numbers[i] ?? ''}`);
    else {
      const first = (about.window[0] ?? 0) + i * about.step;
      lines.push(`${first}\t${numbers[2 * i] ?? ''}\t${numbers[2 * i + 1] ?? ''}`);
    }
  }
  return lines.join('\n');
}

/** A histogram: lower and upper edge, count. */
export function histogramText({ about, numbers }: Picture): string {
  const { low = 0, high = 1 } = about;
  const width = (high - low) / Math.max(1, numbers.length);
  const lines = ['from\tto\tcount'];
  numbers.forEach((count, i) => lines.push(`${low + i * width}\t${low + (i + 1) * width}\t${count}`));
  return lines.join('\n');
}

/** The rows of a region, tab-separated. */
export function regionText(
  at: PixelAt,
  [row, column, rows, columns]: readonly [number, number, number, number],
  step = 1,
): string {
  const lines: string[] = [];
  for (let y = Math.ceil(row / step) * step; y < row + rows; y += step) {
    const cells: number[] = [];
    for (let x = Math.ceil(column / step) * step; x < column + columns; x += step) cells.push(at(y, x));
    lines.push(cells.join('\t'));
  }
  return lines.join('\n');
}

/** Name and number of each statistic that came with a preview. */
export function statisticsText({ number, channel, statistics }: Preview): string {
  const lines = [`channel\t${channel}`, `frame\t${number}`];
  for (const [name, value] of Object.entries(statistics ?? {})) lines.push(`${name}\t${String(value)}`);
  return lines.join('\n');
}

export interface HexLine {
  readonly offset: string;
  readonly bytes: readonly string[];
  readonly text: string;
}

/** Lines of a hex dump, `perLine` bytes each. */
export function hexLines(bytes: ArrayLike<number>, first: number, perLine: number): HexLine[] {
  const lines: HexLine[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    const part = Array.from({ length: Math.min(perLine, bytes.length - at) }, (_, i) => bytes[at + i] ?? 0);
    lines.push({
      offset: (first + at).toString(16).padStart(first + bytes.length > 0xffff ? 8 : 4, '0'),
      bytes: part.map((byte) => byte.toString(16).padStart(2, '0')),
      text: part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(''),
    });
  }
  return lines;
}

export function hexText(bytes: ArrayLike<number>, first: number): string {
  return hexLines(bytes, first, 16)
    .map(({ offset, bytes: part, text }) => `${offset}  ${part.join(' ').padEnd(47)}  ${text}`)
    .join('\n');
}
