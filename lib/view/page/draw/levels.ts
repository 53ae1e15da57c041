// The color bar, its axis, and how often each value comes.

import type { Levels } from '../model/pixels';
import type { ColorMap } from '../model/settings';
import { tick } from '../model/format';
import { colorTable } from './color-maps';
import { FONT, palette } from './palette';

const BINS = 96;
const BAR_LEFT = 54;
const BAR_WIDTH = 17;
const HISTOGRAM_LEFT = BAR_LEFT + BAR_WIDTH + 10;
const LABEL_SPACE = 44;

interface State {
  readonly levels: Levels;
  readonly range: readonly [number, number];
}

export function drawLevels(
  canvas: HTMLCanvasElement,
  { levels, range }: State,
  map: ColorMap,
  [bottom, top]: readonly [number, number],
): void {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const { clientWidth: width, clientHeight: height } = canvas;
  if (context === null || width === 0) return;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  const y = (value: number): number => height - (height * (value - bottom)) / (top - bottom);
  drawBar(context, map, range, height, bottom, top);
  drawHistogram(context, levels, width - HISTOGRAM_LEFT, height, bottom, top);
  context.fillStyle = palette.value.text3;
  context.font = `11px ${FONT}`;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const step = niceStep(((top - bottom) * LABEL_SPACE) / height);
  for (let value = Math.ceil(bottom / step) * step; value <= top; value += step) {
    const at = y(value);
    if (at > 6 && at < height - 6) context.fillText(tick(Number(value.toPrecision(12))), BAR_LEFT - 7, at);
  }
}

function drawBar(
  context: CanvasRenderingContext2D,
  map: ColorMap,
  [low, high]: readonly [number, number],
  height: number,
  bottom: number,
  top: number,
): void {
  const table = colorTable(map);
  for (let at = 0; at < height; at++) {
    const value = top - ((at + 0.5) / height) * (top - bottom);
    const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
    const from = 4 * Math.round(255 * share);
    context.fillStyle = `rgb(${table[from] ?? 0} ${table[from + 1] ?? 0} ${table[from + 2] ?? 0})`;
    context.fillRect(BAR_LEFT, at, BAR_WIDTH, 1);
  }
  context.strokeStyle = palette.value.edge;
  context.strokeRect(BAR_LEFT - 0.5, 0.5, BAR_WIDTH + 1, height - 1);
}

function drawHistogram(
  context: CanvasRenderingContext2D,
  levels: Levels,
  width: number,
  height: number,
  bottom: number,
  top: number,
): void {
  const { counts } = levels.histogram(BINS, bottom, top);
  const most = Math.log1p(counts.reduce((a, b) => Math.max(a, b), 1));
  context.fillStyle = palette.value.text3;
  const thickness = height / BINS;
  counts.forEach((count, i) => {
    const length = (width * Math.log1p(count)) / most;
    context.fillRect(HISTOGRAM_LEFT, height - (i + 1) * thickness, length, thickness + 0.3);
  });
}

/** 1, 2 or 5 times a power of ten, not below this. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least || 1));
  return power * ([1, 2, 5].find((step) => step * power >= least) ?? 10);
}
