// Where the pixels of an image are on its canvas. In CSS pixels, from the canvas's upper left corner.

import type { Zoom } from './settings';

export interface Extent {
  readonly rows: number;
  readonly columns: number;
}

export interface ImageGeometry extends Extent {
  /** CSS pixels of a pixel's side. */
  readonly scale: number;
  /** Image coordinates of the upper left corner. */
  readonly row: number;
  readonly column: number;
  /** Of the part of the canvas that shows the image. */
  readonly width: number;
  readonly height: number;
}

/** @param center row and column that stay in the middle when not all fits. */
export function geometry(
  { rows, columns }: Extent,
  zoom: Zoom,
  space: { readonly width: number; readonly height: number },
  center: readonly [number, number] | undefined,
): ImageGeometry {
  const fit = Math.min(space.width / columns, space.height / rows);
  const scale = Math.max(1e-6, zoom === 'fit' ? fit : zoom);
  const width = Math.min(space.width, columns * scale);
  const height = Math.min(space.height, rows * scale);
  const [middleRow, middleColumn] = center ?? [rows / 2, columns / 2];
  const place = (middle: number, seen: number, all: number): number =>
    Math.max(0, Math.min(all - seen, middle - seen / 2));
  return {
    rows,
    columns,
    scale,
    row: place(middleRow, height / scale, rows),
    column: place(middleColumn, width / scale, columns),
    width,
    height,
  };
}

export const ZOOMS: readonly Zoom[] = ['fit', 1, 2, 4];
/** Fingers that pan never keep quite the same distance. */
const PANNING = 1.15;

/** The step of the zoom for fingers that have parted by `ratio`; `fit` is the smallest. */
export function pinchedZoom(before: Zoom, scale: number, fit: number, ratio: number): Zoom {
  if (ratio < PANNING && ratio > 1 / PANNING) return before;
  const off = (zoom: Zoom): number => Math.abs(Math.log((zoom === 'fit' ? fit : zoom) / (scale * ratio)));
  const steps = ZOOMS.filter((zoom) => zoom === 'fit' || zoom > fit);
  return steps.reduce((best, zoom) => (off(zoom) < off(best) ? zoom : best));
}

/** The visible part: row, column, rows, columns. */
export function visibleWindow({
  row,
  column,
  width,
  height,
  scale,
  rows,
  columns,
}: ImageGeometry): [number, number, number, number] {
  const firstRow = Math.floor(row);
  const firstColumn = Math.floor(column);
  return [
    firstRow,
    firstColumn,
    Math.min(rows, Math.ceil(row + height / scale)) - firstRow,
    Math.min(columns, Math.ceil(column + width / scale)) - firstColumn,
  ];
}

/** The pixel at a place; undefined outside the image. */
export function pixelAt(
  { row, column, scale, width, height }: ImageGeometry,
  x: number,
  y: number,
): readonly [row: number, column: number] | undefined {
  if (x < 0 || y < 0 || x >= width || y >= height) return undefined;
  return [Math.floor(row + y / scale), Math.floor(column + x / scale)];
}

/** Where a point of the image is. */
export function placeOf(
  { row, column, scale }: ImageGeometry,
  atRow: number,
  atColumn: number,
): [x: number, y: number] {
  return [(atColumn - column) * scale, (atRow - row) * scale];
}
