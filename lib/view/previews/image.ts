// An image: a window of it in 8 or 16 bits a pixel, every pixel or one of each k by k.

import { bytesOfType, sampleCount, type Interpretation } from '../interpretation';
import { MAX_PREVIEW_BYTES, type Watch } from '../protocol';
import type { Made } from './preview';
import { arrayOfPacking, PACKINGS, pickSamples, type Samples } from './samples';
import { Sums } from './statistics';

/** The number of a pixel that has no value, where values are scaled. */
export const NO_VALUE = 0xffff;
const MAX_SCALED = NO_VALUE - 1;

interface Box {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

export function makeImage(payload: Uint8Array, watch: Watch): Made {
  const [rows, columns] = shapeOf(watch, payload.length);
  const box = boxOf(watch.window, rows, columns);
  const packing = PACKINGS[watch.type];
  const pixelBytes = bytesOfType(watch.type) === 1 ? 1 : 2;
  const step = stepOf(box, pixelBytes);
  const picked = pick(payload, watch, columns, box, step);
  const sums = new Sums();
  sums.add(picked);
  const { result } = sums;
  const about = {
    samples: rows * columns,
    window: [box.row, box.column, box.rows, box.columns],
    step,
    rows: Math.ceil(box.rows / step),
    columns: Math.ceil(box.columns / step),
    ...(result === undefined ? {} : { statistics: result }),
  };
  const isPlain = packing === 'u1' || packing === 'i1' || packing === 'u2' || packing === 'i2';
  if (isPlain) return { numbers: picked, about: { ...about, packing, scale: 1, offset: 0 } };
  const offset = result?.min ?? 0;
  const range = (result?.max ?? 0) - offset;
  // Beyond the numbers of JavaScript there is no scale.
  const scale = range > 0 && Number.isFinite(range) ? range / MAX_SCALED : 0;
  return { numbers: scaled(picked, offset, scale), about: { ...about, packing: 'u2', scale, offset } };
}

/** Rows and columns; without a shape, one row. */
function shapeOf(how: Interpretation, size: number): readonly [number, number] {
  return how.shape ?? [1, sampleCount(how, size)];
}

function boxOf(window: readonly number[] | undefined, rows: number, columns: number): Box {
  const [row = 0, column = 0, height = rows, width = columns] = (window ?? []).map(Math.floor);
  const isInside = row >= 0 && column >= 0 && row < rows && column < columns && height > 0 && width > 0;
  if (!isInside) return { row: 0, column: 0, rows, columns };
  return { row, column, rows: Math.min(height, rows - row), columns: Math.min(width, columns - column) };
}

function stepOf({ rows, columns }: Box, pixelBytes: number): number {
  let step = 1;
  while (Math.ceil(rows / step) * Math.ceil(columns / step) * pixelBytes > MAX_PREVIEW_BYTES) step += 1;
  return step;
}

/** Every `step`th pixel of every `step`th row, row by row. */
function pick(payload: Uint8Array, how: Interpretation, width: number, box: Box, step: number): Samples {
  const perRow = Math.ceil(box.columns / step);
  const count = Math.ceil(box.rows / step);
  const picked = arrayOfPacking(PACKINGS[how.type], perRow * count);
  for (let i = 0; i < count; i++) {
    const from = (box.row + i * step) * width + box.column;
    picked.set(pickSamples(payload, how, from, perRow, step), i * perRow);
  }
  return picked;
}

function scaled(samples: Samples, offset: number, scale: number): Uint16Array {
  const numbers = new Uint16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (!Number.isFinite(value)) numbers[i] = NO_VALUE;
    else numbers[i] = scale === 0 ? 0 : Math.round((value - offset) / scale);
  }
  return numbers;
}
