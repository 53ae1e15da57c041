// Where the numbers of an image come from: the preview while live, the whole frame while paused.

import { useComputed, type ReadonlySignal } from '@preact/signals';
import { whole } from '../model/decode';
import { ordinal } from '../model/format';
import { valueAt } from '../model/pixels';
import type { PixelAt } from '../model/statistics';
import { usePage } from './context';

export interface ImageNumbers {
  readonly at: PixelAt;
  readonly rows: number;
  readonly columns: number;
  /** One pixel of each `step` by `step` is known. */
  readonly step: number;
  /** All of the image, or the part that is zoomed into. */
  readonly isWhole: boolean;
  /** "from every 4th pixel", "whole frame", or nothing. */
  readonly origin: string;
}

export function useImageNumbers(): ReadonlySignal<ImageNumbers | undefined> {
  const { app, stage } = usePage();
  return useComputed((): ImageNumbers | undefined => {
    const settings = app.selection.settings.value;
    const state = stage.value?.state.value;
    if (settings === undefined || state === undefined) return undefined;
    const paused = app.pausing.paused.value;
    const frame = paused?.frames[paused.index];
    const { pixels } = state;
    const [rows, columns] = settings.reading.shape ?? [pixels.rows, pixels.columns * pixels.step];
    const newest = app.wholes.newest.value;
    if (paused !== undefined && frame !== undefined) {
      if (newest?.channel === paused.channel && newest.number === frame.number) {
        const { at, samples } = whole(newest.payload, settings.reading);
        const pixel: PixelAt = (row, column) => {
          const index = row * columns + column;
          const isInside = row >= 0 && column >= 0 && row < rows && column < columns && index < samples;
          return isInside ? at(index) : NaN;
        };
        return { at: pixel, rows, columns, step: 1, isWhole: true, origin: 'whole frame' };
      }
      void app.wholes.load(paused.channel, frame.number);
    }
    const { step } = pixels;
    const origin = step > 1 ? `from every ${ordinal(step)} pixel` : '';
    const isWhole = pixels.rows * step >= rows && pixels.columns * step >= columns;
    return { at: valueAt(pixels), rows, columns, step, isWhole, origin };
  });
}
