// Statistics of a region and of a line across an image.

export interface Summary {
  readonly count: number;
  readonly nan: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly mean: number;
  readonly deviation: number;
  /** Pixels whose value is 0. */
  readonly zeros: number;
}

/** A value at a row and a column; NaN where there is none. */
export type PixelAt = (row: number, column: number) => number;

/** Of a rectangle, looking at every `step`th pixel of every `step`th row. */
export function summarize(
  at: PixelAt,
  [row, column, rows, columns]: readonly [number, number, number, number],
  step = 1,
): Summary {
  let [count, nan, sum, squares, zeros] = [0, 0, 0, 0, 0];
  let [min, max] = [Infinity, -Infinity];
  let origin: number | undefined;
  // From the grid of a thinned preview: the first of its rows at or after the region's.
  const firstRow = Math.ceil(row / step) * step;
  const firstColumn = Math.ceil(column / step) * step;
  for (let y = firstRow; y < row + rows; y += step) {
    for (let x = firstColumn; x < column + columns; x += step) {
      const value = at(y, x);
      if (!Number.isFinite(value)) {
        nan++;
        continue;
      }
      // Differences from the first value, so that a large offset costs no digits.
      origin ??= value;
      const difference = value - origin;
      count++;
      sum += difference;
      squares += difference * difference;
      if (value < min) min = value;
      if (value > max) max = value;
      if (value === 0) zeros++;
    }
  }
  const mean = count === 0 ? NaN : sum / count;
  return {
    count,
    nan,
    min,
    max,
    sum: (origin ?? 0) * count + sum,
    mean: (origin ?? 0) + mean,
    deviation: count === 0 ? NaN : Math.sqrt(Math.max(0, squares / count - mean * mean)),
    zeros,
  };
}

/** Values along a line from A to B, one a pixel of its length, each the mean over 3 px across. */
export function profile(
  at: PixelAt,
  [rowA, columnA, rowB, columnB]: readonly [number, number, number, number],
): number[] {
  const down = rowB - rowA;
  const right = columnB - columnA;
  const length = Math.max(1, Math.hypot(down, right));
  const across = [-right / length, down / length] as const;
  const values: number[] = [];
  for (let i = 0; i <= Math.round(length); i++) {
    const row = rowA + (down * i) / length;
    const column = columnA + (right * i) / length;
    let sum = 0;
    let count = 0;
    for (let side = -1; side <= 1; side++) {
      const value = at(Math.round(row + side * across[0]), Math.round(column + side * across[1]));
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
    }
    values.push(count === 0 ? NaN : sum / count);
  }
  return values;
}
