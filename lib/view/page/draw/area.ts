// A line with the ground below it filled: histograms and profiles.

import type { Plot } from './chart';

export interface AreaDrawing {
  readonly values: ArrayLike<number>;
  /** x of the first value, and from one value to the next. */
  readonly first: number;
  readonly width: number;
  /** Histograms: each value is a step as wide as its bin. */
  readonly isStepped: boolean;
  readonly base: number;
  readonly color: string;
  readonly opacity: number;
  readonly fill: number;
}

export function drawArea({ context, ratio, x, y }: Plot, drawing: AreaDrawing): void {
  const { values, first, width, isStepped, base, color, opacity, fill } = drawing;
  if (values.length === 0) return;
  const floor = y(base);
  const line = new Path2D();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    const height = Number.isFinite(value) && value > base ? y(value) : floor;
    const left = x(first + i * width);
    if (i === 0) line.moveTo(left, height);
    else line.lineTo(left, height);
    if (isStepped) line.lineTo(x(first + (i + 1) * width), height);
  }
  const ground = new Path2D(line);
  ground.lineTo(x(first + (isStepped ? values.length : values.length - 1) * width), floor);
  ground.lineTo(x(first), floor);
  ground.closePath();
  context.globalAlpha = fill * opacity;
  context.fillStyle = color;
  context.fill(ground);
  context.globalAlpha = opacity;
  context.strokeStyle = color;
  context.lineWidth = 1.25 * ratio;
  context.lineJoin = 'round';
  context.stroke(line);
  context.globalAlpha = 1;
}
