// Over the image: the axes, the region, and the line of the profile.

import { placeOf, type ImageGeometry } from '../model/image-geometry';
import type { Four } from '../model/settings';
import { FONT, palette } from './palette';

export interface Margins {
  readonly left: number;
  readonly top: number;
}

export interface Marks {
  readonly geometry: ImageGeometry;
  readonly margins: Margins;
  readonly ratio: number;
  readonly region: Four | undefined;
  readonly line: Four | undefined;
  readonly hasAxes: boolean;
}

const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

export function drawMarks(canvas: HTMLCanvasElement, marks: Marks): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { ratio, margins, geometry, region, line } = marks;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (marks.hasAxes) drawAxes(context, marks);
  context.translate(margins.left, margins.top);
  context.save();
  context.beginPath();
  context.rect(0, 0, geometry.width, geometry.height);
  context.clip();
  if (region !== undefined) {
    const [row, column, rows, columns] = region;
    const [x, y] = placeOf(geometry, row, column);
    const outline = new Path2D();
    outline.rect(x, y, columns * geometry.scale, rows * geometry.scale);
    strokeHalo(context, outline);
    textHalo(context, 'region', x, y - 8);
  }
  if (line !== undefined) {
    const [ax, ay] = placeOf(geometry, line[0] + 0.5, line[1] + 0.5);
    const [bx, by] = placeOf(geometry, line[2] + 0.5, line[3] + 0.5);
    const path = new Path2D();
    path.moveTo(ax, ay);
    path.lineTo(bx, by);
    strokeHalo(context, path);
    textHalo(context, 'A', ax - 18, ay + 14);
    textHalo(context, 'B', bx + 9, by - 7);
  }
  context.restore();
}

/** White on a black halo: seen on every color. */
function strokeHalo(context: CanvasRenderingContext2D, path: Path2D): void {
  for (const [color, width] of [
    ['#000', 4],
    ['#fff', 1.75],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke(path);
  }
}

function textHalo(context: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  context.font = `700 12px ${FONT}`;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.lineJoin = 'round';
  context.strokeStyle = '#000';
  context.lineWidth = 3.5;
  const top = Math.max(y, 12);
  const left = Math.max(x, 2);
  context.strokeText(text, left, top);
  context.fillStyle = '#fff';
  context.fillText(text, left, top);
}

function drawAxes(context: CanvasRenderingContext2D, { geometry, margins }: Marks): void {
  const { scale, row, column, width, height, rows, columns } = geometry;
  const { text3, edge } = palette.value;
  context.strokeStyle = edge;
  context.lineWidth = 1;
  context.strokeRect(margins.left - 0.5, margins.top - 0.5, width + 1, height + 1);
  context.font = `11px ${FONT}`;
  context.fillStyle = text3;
  context.beginPath();
  context.textBaseline = 'alphabetic';
  for (const value of ticksOf(column, width / scale, columns, scale, 64)) {
    const x = margins.left + (value - column) * scale;
    context.moveTo(x + 0.5, margins.top - 5);
    context.lineTo(x + 0.5, margins.top - 1);
    context.textAlign = value === 0 ? 'left' : 'center';
    context.fillText(value === 0 ? 'column 0' : String(value), x, margins.top - 9);
  }
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const value of ticksOf(row, height / scale, rows, scale, 40)) {
    const y = margins.top + (value - row) * scale;
    context.moveTo(margins.left - 5, y + 0.5);
    context.lineTo(margins.left - 1, y + 0.5);
    context.fillText(value === 0 ? 'row 0' : String(value), margins.left - 8, Math.max(y, margins.top + 7));
  }
  context.stroke();
}

function ticksOf(first: number, seen: number, all: number, scale: number, space: number): number[] {
  const step = STEPS.find((one) => one * scale >= space) ?? all;
  const ticks: number[] = [];
  for (let value = Math.ceil(first / step) * step; value < Math.min(all, first + seen); value += step) {
    ticks.push(value);
  }
  return ticks;
}
