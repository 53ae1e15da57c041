// The colors of the style sheet, for canvases.

import { signal } from '@preact/signals';

const NAMES = ['panel', 'grid', 'hair', 'edge', 'text', 'text2', 'text3', 'accent'] as const;
const SERIES = 8;

export type Palette = Readonly<Record<(typeof NAMES)[number], string>> & {
  readonly series: readonly string[];
};

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const entries = NAMES.map((name) => [name, color(name)] as const);
  const series = Array.from({ length: SERIES }, (_, i) => color(`series-${i}`));
  return { ...(Object.fromEntries(entries) as Record<(typeof NAMES)[number], string>), series };
}

export const palette = signal<Palette>({
  ...(Object.fromEntries(NAMES.map((name) => [name, '#808080'])) as Record<(typeof NAMES)[number], string>),
  series: [],
});

/** The theme has changed. */
export function refreshPalette(): void {
  palette.value = read();
}

export function seriesColor(index: number): string {
  return palette.value.series[index] ?? palette.value.text;
}

export const FONT =
  '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';

/** Data that are not of now. */
export const DIMMED = 0.45;
