// Numbers as people read them. Pure.

const BARS = '▁▂▃▄▅▆▇█';
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const STEP = 1000;

/** `1234567.8` -> `1 234 568` */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** Three digits that mean something: `1.50 MB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= STEP && unit < UNITS.length - 1; unit++) value /= STEP;
  return `${unit === 0 ? Math.round(value) : digits(value)} ${UNITS[unit]!}`;
}

/** Three digits at least, and no more behind the point than that takes. */
export function digits(value: number): string {
  if (value >= 100) return grouped(value);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** `3661` -> `1:01:01` */
export function timeText(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${padded}` : `${minutes}:${padded}`;
}

/** `0x0201` */
export function hex(value: number, digitCount: number): string {
  return `0x${value.toString(16).padStart(digitCount, '0')}`;
}

/** One character a value, from nothing to the largest of them. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 1e-9);
  return values
    .map((value) =>
      value <= 0 ? ' ' : BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))]!,
    )
    .join('');
}

/** 16 bytes a line: offset, hex, and what is text of them. */
export function hexLines(bytes: Uint8Array, perLine = 16): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    const part = Buffer.from(bytes.subarray(at, at + perLine));
    const codes = [...part].map((byte) => byte.toString(16).padStart(2, '0'));
    const half = perLine / 2;
    const columns = [codes.slice(0, half).join(' '), codes.slice(half).join(' ')]
      .join('  ')
      .padEnd(perLine * 3);
    const shown = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${columns} |${shown}|`);
  }
  return lines;
}

/** In lines of at most `columns` characters, as far as blanks allow it. */
export function wrap(text: string, columns: number): string[] {
  return text.replace(new RegExp(`(?=.{${columns + 1}})(.{1,${columns}}) `, 'g'), '$1\n').split('\n');
}

/** `1 frame`, `2 frames`. */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `3 s ago`, `2 h ago`: the largest unit of which there are two at least. */
export function agoText(ms: number): string {
  const seconds = Math.max(ms, 0) / 1000;
  const [unit, length] = AGO.find(([, one]) => seconds >= 2 * one) ?? ['s', 1];
  return `${grouped(seconds / length)} ${unit} ago`;
}

const AGO: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
];

/** `unlimited` for Infinity. */
export function limitText(value: number, textOf: (value: number) => string): string {
  return value === Infinity ? 'unlimited' : textOf(value);
}
