// The line of a waveform preview, and the envelope of several.

import { columnsOf, sampleOfColumn, type Envelope, type Picture } from '../model/previews';
import type { Preview } from '../../protocol';
import type { Plot } from './chart';

/** With this many samples a canvas pixel or more, the minimum and maximum of each pixel are drawn. */
const DENSE = 3;

export interface WaveDrawing {
  readonly picture: Picture;
  readonly earlier: readonly Picture[];
  readonly envelope: Envelope | undefined;
  readonly color: string;
  readonly opacity: number;
  readonly width: number;
}

export function drawWaves(plot: Plot, drawing: WaveDrawing): void {
  const { context, ratio } = plot;
  const { picture, envelope, color, opacity } = drawing;
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineJoin = 'round';
  if (envelope !== undefined) {
    context.globalAlpha = 0.22 * opacity;
    fillEnvelope(plot, picture.about, envelope);
  }
  context.lineWidth = ratio;
  context.globalAlpha = 0.35 * opacity;
  for (const earlier of drawing.earlier) strokePicture(plot, earlier);
  context.lineWidth = drawing.width * ratio;
  context.globalAlpha = opacity;
  strokePicture(plot, picture);
  context.globalAlpha = 1;
}

function fillEnvelope({ context, x, y }: Plot, about: Preview, { low, high }: Envelope): void {
  const columns = low.length;
  context.beginPath();
  for (let i = 0; i < columns; i++) lineTo(context, i, x(sampleOfColumn(about, i)), y(high[i] ?? 0));
  for (let i = columns - 1; i >= 0; i--) {
    const value = low[i] ?? NaN;
    if (Number.isFinite(value)) context.lineTo(x(sampleOfColumn(about, i)), y(value));
  }
  context.fill();
}

function lineTo(context: CanvasRenderingContext2D, i: number, x: number, y: number): void {
  if (!Number.isFinite(y)) return;
  if (i === 0) context.moveTo(x, y);
  else context.lineTo(x, y);
}

function strokePicture(plot: Plot, picture: Picture): void {
  const { context } = plot;
  const { about, numbers } = picture;
  const columns = columnsOf(picture);
  context.beginPath();
  if (about.step > 0) strokePairs(plot, about, numbers, columns);
  else if (columns > DENSE * plot.width) strokeDense(plot, about, numbers);
  else strokeSamples(plot, about, numbers);
  context.stroke();
}

function strokeSamples({ context, x, y }: Plot, { window }: Preview, numbers: ArrayLike<number>): void {
  const first = window[0] ?? 0;
  let isDown = false;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] ?? NaN;
    if (!Number.isFinite(value)) isDown = false;
    else if (isDown) context.lineTo(x(first + i), y(value));
    else {
      context.moveTo(x(first + i), y(value));
      isDown = true;
    }
  }
}

/** From the minimum to the maximum of each pair, joined to the next. */
function strokePairs(
  { context, x, y }: Plot,
  about: Preview,
  numbers: ArrayLike<number>,
  columns: number,
): void {
  let isDown = false;
  for (let i = 0; i < columns; i++) {
    const low = numbers[2 * i] ?? NaN;
    const high = numbers[2 * i + 1] ?? NaN;
    if (!Number.isFinite(low) || !Number.isFinite(high)) {
      isDown = false;
      continue;
    }
    const at = x(sampleOfColumn(about, i));
    if (isDown) context.lineTo(at, y(low));
    else context.moveTo(at, y(low));
    context.lineTo(at, y(high));
    isDown = true;
  }
}

/** More samples than pixels: one vertical line a pixel. */
function strokeDense(plot: Plot, { window }: Preview, numbers: ArrayLike<number>): void {
  const { context, x, y } = plot;
  const first = window[0] ?? 0;
  let column = NaN;
  let [low, high] = [Infinity, -Infinity];
  const flush = (): void => {
    if (low > high) return;
    context.lineTo(column, y(low));
    context.lineTo(column, y(high));
  };
  for (let i = 0; i < numbers.length; i++) {
    const at = Math.round(x(first + i));
    if (at !== column) {
      flush();
      column = at;
      [low, high] = [Infinity, -Infinity];
    }
    const value = numbers[i] ?? NaN;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  flush();
}

/** The cursor: a ring on the line, and a dotted line down. */
export function drawCursor(plot: Plot, sample: number, value: number | undefined, color: string): void {
  const { context, ratio, x, y, top, height } = plot;
  const at = Math.round(x(sample));
  context.save();
  context.strokeStyle = color;
  context.lineWidth = ratio;
  context.setLineDash([2 * ratio, 3 * ratio]);
  context.beginPath();
  context.moveTo(at, top);
  context.lineTo(at, top + height);
  context.stroke();
  context.setLineDash([]);
  if (value !== undefined && Number.isFinite(value)) {
    context.lineWidth = 1.5 * ratio;
    context.beginPath();
    context.arc(at, y(value), 3.5 * ratio, 0, 2 * Math.PI);
    context.stroke();
  }
  context.restore();
}
