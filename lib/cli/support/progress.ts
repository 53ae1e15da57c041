// A bar on standard error for whoever watches a terminal; nothing anywhere else. By cli-progress.

import { Presets, SingleBar } from 'cli-progress';
import { timeText } from './text';

const PERIOD_MS = 200;

/** How far something is: a share from 0 to 1, or undefined where nobody knows, and a few words. */
export interface Progress {
  readonly share: number | undefined;
  readonly text: string;
}

/** What a test or a recording ends at. */
export interface Limits {
  /** Seconds. */
  readonly duration?: number;
  /** Frames. */
  readonly count?: number;
}

/** How far `frames` are, begun at `startedAt` (as `performance.now()`); undefined where there is no end. */
export function shareOf({ duration, count }: Limits, startedAt: number, frames: number): number | undefined {
  if (duration !== undefined) return (performance.now() - startedAt) / 1000 / duration;
  return count === undefined ? undefined : frames / count;
}

/** Shows it from now on, until the function that is returned is called. */
export function showProgress(look: () => Progress): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  const started = performance.now();
  const isKnown = look().share !== undefined;
  const bar = new SingleBar(
    {
      format: isKnown ? '{bar} {percentage} %  {left} left  {text}' : '{elapsed}  {text}',
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      barsize: Math.max(10, Math.min(30, process.stderr.columns - 70)),
    },
    Presets.rect,
  );
  const payload = (): { left: string; elapsed: string; text: string } => {
    const { share = 0, text } = look();
    const elapsed = (performance.now() - started) / 1000;
    return {
      left: share > 0 ? timeText((elapsed * (1 - share)) / share) : '-:--',
      elapsed: timeText(elapsed),
      text,
    };
  };
  bar.start(1, 0, payload());
  const timer = setInterval(() => bar.update(Math.min(1, look().share ?? 0), payload()), PERIOD_MS);
  return () => {
    clearInterval(timer);
    bar.stop();
  };
}
