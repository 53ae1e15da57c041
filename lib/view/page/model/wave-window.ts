// The part of a waveform that is seen.

export const SMALLEST_WINDOW = 8;

export type SampleWindow = readonly [from: number, to: number];

/**
 * The window after fingers have parted by `ratio` and moved from one place to another, as shares of the plot's width: the
 * sample between them stays between them.
 */
export function pinchedWindow(
  [from, to]: SampleWindow,
  samples: number,
  ratio: number,
  fromShare: number,
  toShare: number,
): SampleWindow {
  const before = to - from;
  const span = Math.min(samples, Math.max(Math.min(SMALLEST_WINDOW, samples), before / ratio));
  const held = from + fromShare * before;
  const first = Math.max(0, Math.min(samples - span, held - toShare * span));
  return [Math.round(first), Math.round(first + span)];
}
