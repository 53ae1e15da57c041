// An image on a canvas: by WebGL2 where the browser has it, else by the 2D canvas.

import type { ImageGeometry } from '../model/image-geometry';
import type { Pixels } from '../model/pixels';
import type { ColorMap } from '../model/settings';
import { CanvasPainter } from './image-canvas';
import { GlPainter } from './image-gl';

export interface Scene {
  readonly pixels: Pixels;
  readonly geometry: ImageGeometry;
  /** Canvas pixels of a CSS pixel. */
  readonly ratio: number;
  readonly map: ColorMap;
  /** Values of the first and the last color. */
  readonly low: number;
  readonly high: number;
}

export interface Painter {
  readonly kind: 'WebGL2' | 'canvas';
  paint(scene: Scene): void;
  destroy(): void;
}

export function painterFor(canvas: HTMLCanvasElement): Painter {
  return GlPainter.for(canvas) ?? new CanvasPainter(canvas);
}

/** What levels are in the numbers that the pixels have. */
export function rawLevels({ pixels, low, high }: Scene): readonly [low: number, perUnit: number] {
  const from = (low - pixels.offset) / (pixels.scale || 1);
  const to = (high - pixels.offset) / (pixels.scale || 1);
  return [from, to > from ? 1 / (to - from) : 1];
}
