// One strip of the rates: a line a channel, or bars for errors; hatched where no peer was there.

import type { HistoryPoint } from '../../protocol';
import { duration } from '../model/format';
import { outagesOf, valueOf, type Measure } from '../model/history';
import type { Plot } from './chart';
import { FONT, palette, seriesColor } from './palette';

export interface StripDrawing {
  readonly points: readonly HistoryPoint[];
  readonly channels: readonly { readonly number: number; readonly color: number }[];
  readonly selected: number | undefined;
  readonly measure: Measure;
  readonly isLogarithmic: boolean;
  /** Says how long the link was lost. */
  readonly hasOutageLabels: boolean;
}

const LABEL_HEIGHT = 11;
const HATCH_STEP = 5;

export function drawStrip(plot: Plot, drawing: StripDrawing): void {
  drawOutages(plot, drawing);
  const { channels, selected } = drawing;
  // The selected one last, on top.
  const order = [...channels].sort((a, b) => Number(a.number === selected) - Number(b.number === selected));
  for (const { number, color } of order) {
    plot.context.strokeStyle = plot.context.fillStyle = seriesColor(color);
    if (drawing.measure === 'errors') drawBars(plot, drawing, number);
    else drawLine(plot, drawing, number);
  }
  if (drawing.measure !== 'errors') drawLabels(plot, drawing);
}

function drawLine(
  plot: Plot,
  { points, measure, selected, isLogarithmic }: StripDrawing,
  channel: number,
): void {
  const { context, ratio, x, y } = plot;
  context.lineWidth = (channel === selected ? 2 : 1.25) * ratio;
  context.lineJoin = 'round';
  context.beginPath();
  let isDown = false;
  for (const point of points) {
    const value = valueOf(point, channel, measure);
    if (value === null || (isLogarithmic && value <= 0)) {
      isDown = false;
      continue;
    }
    if (isDown) context.lineTo(x(point.at), y(value));
    else context.moveTo(x(point.at), y(value));
    isDown = true;
  }
  context.stroke();
}

function drawBars(
  { context, ratio, x, y, top, height }: Plot,
  { points }: StripDrawing,
  channel: number,
): void {
  const width = 3 * ratio;
  for (const point of points) {
    const value = valueOf(point, channel, 'errors');
    if (value === null || value === 0) continue;
    const from = Math.max(top, y(value));
    context.fillRect(x(point.at) - width / 2, from, width, top + height - from);
  }
}

function drawOutages(plot: Plot, { points, hasOutageLabels }: StripDrawing): void {
  const { context, ratio, x, top, height, left, width } = plot;
  for (const { from, to } of outagesOf(points)) {
    const start = Math.max(left, x(from));
    const end = Math.min(left + width, Math.max(x(to), start + 2 * ratio));
    context.save();
    context.beginPath();
    context.rect(start, top, end - start, height);
    context.clip();
    context.globalAlpha = 0.55;
    context.strokeStyle = palette.value.edge;
    context.lineWidth = 1.5 * ratio;
    context.beginPath();
    for (let at = start - height; at < end; at += HATCH_STEP * ratio) {
      context.moveTo(at, top + height);
      context.lineTo(at + height, top);
    }
    context.stroke();
    context.restore();
    if (!hasOutageLabels || to - from < 2) continue;
    const text = `link lost ${duration(to - from)}`;
    context.font = `${11 * ratio}px ${FONT}`;
    context.fillStyle = palette.value.text3;
    context.textBaseline = 'top';
    const fits = end + 4 * ratio + context.measureText(text).width < left + width;
    context.textAlign = fits ? 'left' : 'right';
    context.fillText(text, fits ? end + 4 * ratio : start - 4 * ratio, top + 2 * ratio);
  }
}

/** Each line ends in its channel's number; numbers keep clear of each other. */
function drawLabels(plot: Plot, { points, channels, measure, selected, isLogarithmic }: StripDrawing): void {
  const { context, ratio, y, left, top, width, height } = plot;
  const newest = points.at(-1);
  if (newest === undefined) return;
  const labels = channels
    .flatMap(({ number, color }) => {
      const value = lastValue(points, number, measure);
      if (value === undefined || (isLogarithmic && value <= 0)) return [];
      return [{ number, color, at: Math.min(top + height, Math.max(top, y(value))) }];
    })
    // Where there is no room for all, the selected one stays.
    .sort((a, b) => Number(b.number === selected) - Number(a.number === selected))
    .slice(0, Math.max(1, Math.floor(height / (LABEL_HEIGHT * ratio)) + 1))
    .sort((a, b) => b.at - a.at);
  let next = top + height - ratio;
  for (const label of labels) {
    label.at = Math.min(label.at, next);
    next = label.at - LABEL_HEIGHT * ratio;
  }
  let least = top;
  for (const label of labels.reverse()) {
    label.at = Math.max(label.at, least);
    least = label.at + LABEL_HEIGHT * ratio;
  }
  // Outside the plotting area, to its right.
  context.restore();
  context.save();
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const { number, color, at } of labels) {
    context.font = `${number === selected ? 700 : 400} ${11 * ratio}px ${FONT}`;
    context.fillStyle = seriesColor(color);
    context.fillText(String(number), left + width + 6 * ratio, at);
  }
}

function lastValue(points: readonly HistoryPoint[], channel: number, measure: Measure): number | undefined {
  for (let i = points.length - 1; i >= Math.max(0, points.length - 10); i--) {
    const point = points[i];
    const value = point === undefined ? null : valueOf(point, channel, measure);
    if (value !== null) return value;
  }
  return undefined;
}

/** The largest value of the drawn channels, and the smallest above 0. */
export function spanOf({ points, channels, measure }: StripDrawing): {
  readonly least: number;
  readonly most: number;
} {
  let [least, most] = [Infinity, 0];
  for (const point of points) {
    for (const { number } of channels) {
      const value = valueOf(point, number, measure);
      if (value === null || value <= 0) continue;
      if (value > most) most = value;
      if (value < least) least = value;
    }
  }
  return { least, most };
}
