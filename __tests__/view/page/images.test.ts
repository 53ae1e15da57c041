// The numbers and the place of an image's pixels. No browser is needed.

import type { Preview } from '../../../lib/view/protocol';
import { geometry, pixelAt, visibleWindow } from '../../../lib/view/page/model/image-geometry';
import { Levels, pixelsOf, valueAt } from '../../../lib/view/page/model/pixels';
import { profile, summarize } from '../../../lib/view/page/model/statistics';

const PREVIEW: Preview = {
  op: 'preview',
  id: 0,
  channel: 1,
  number: 5,
  time: 0,
  size: 4,
  flags: 0,
  error: 0,
  view: 'wave',
  packing: 'u2',
  samples: 2,
  window: [0, 2],
  step: 0,
  notShown: 3,
  kept: 1,
};

describe('images', () => {
  const about = { ...PREVIEW, view: 'image', rows: 2, columns: 2, step: 2, window: [0, 0, 4, 4] } as const;

  test('values come from the preview, with its step, sign and scale', () => {
    const plain = pixelsOf({
      about: { ...about, packing: 'i2', scale: 1, offset: 0 },
      numbers: Int16Array.of(-5, 0, 7, 9),
    });
    expect([valueAt(plain)(0, 0), valueAt(plain)(1, 3), valueAt(plain)(3, 3)]).toEqual([-5, 0, 9]);
    expect(valueAt(plain)(4, 0)).toBeNaN();
    const scaled = pixelsOf({
      about: { ...about, packing: 'u2', scale: 0.5, offset: 10 },
      numbers: Uint16Array.of(0, 2, 4, 0xffff),
    });
    expect(valueAt(scaled)(0, 2)).toBe(11);
    expect(valueAt(scaled)(2, 2)).toBeNaN();
    expect(new Levels(scaled).range).toEqual([10, 12]);
    expect(new Levels(plain).quantile(0.5)).toBe(0);
  });

  test('regions and profiles', () => {
    const at = (row: number, column: number): number => (row < 0 || row > 9 ? NaN : 10 * row + column);
    expect(summarize(at, [0, 0, 2, 2])).toMatchObject({
      count: 4,
      min: 0,
      max: 11,
      sum: 22,
      mean: 5.5,
      zeros: 1,
    });
    expect(summarize(at, [1, 1, 3, 3], 2)).toMatchObject({ count: 1, min: 22 });
    expect(profile(at, [5, 0, 5, 3])).toEqual([50, 51, 52, 53]);
    expect(profile(at, [0, 0, 0, 1])).toEqual([5, 6]);
  });

  test('zoom keeps the center within the image', () => {
    const space = { width: 400, height: 100 };
    expect(geometry({ rows: 100, columns: 100 }, 'fit', space, undefined)).toMatchObject({
      scale: 1,
      width: 100,
    });
    const zoomed = geometry({ rows: 100, columns: 1000 }, 2, space, [0, 999]);
    expect(visibleWindow(zoomed)).toEqual([0, 800, 50, 200]);
    expect(pixelAt(zoomed, 3, 5)).toEqual([2, 801]);
    expect(pixelAt(zoomed, -1, 0)).toBeUndefined();
  });
});
