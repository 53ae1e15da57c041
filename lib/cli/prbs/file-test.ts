// The PRBS check of `prbs rx` for frames that were recorded.

import { Prbs, type Frame } from '../../index';
import { Checker } from './checker';
import type { PrbsLimits } from './link-test';
import { report } from './report';
import { lineOf } from '../support/errors';
import { showProgress } from '../support/progress';
import { Interruption } from '../support/run';
import { fileShare, filesText, readFiles, sizeOf } from '../support/frame-source';
import { grouped, plural } from '../support/text';

export interface FileTestOptions extends PrbsLimits {
  readonly width: number;
  readonly channel?: number[];
}

/** Checks the frames of data files, and reports. @throws {Failure} when one is wrong, or not all were read. */
export async function checkFiles(files: readonly string[], options: FileTestOptions): Promise<void> {
  const { channel, width, duration, count = Infinity } = options;
  const rx = new Prbs();
  rx.width = width;
  const seen = new Checker(rx);
  const interruption = new Interruption();
  const isEnough = (): boolean => seen.frames >= count;
  const totalBytes = await sizeOf(files);
  const endProgress = showProgress(() => ({
    share: fileShare(totalBytes, seen.frames, seen.bytes),
    text: `${plural(rx.rxErrors, 'error')}, ${grouped(seen.frames)} checked`,
  }));
  const started = performance.now();
  let shortfall: string | undefined;
  try {
    const accept = (frame: Frame): boolean | Promise<boolean> => {
      const accepted = seen.accept(frame);
      return accepted === undefined ? isEnough() : accepted.then(isEnough);
    };
    const isEarly = await readFiles(files, interruption, accept, { channel, duration });
    const hasLasted = performance.now() - started >= (duration ?? Infinity) * 1000;
    if (isEarly && !hasLasted) shortfall = 'interrupted before its end';
    else if (options.count !== undefined && !isEnough()) {
      shortfall = `${grouped(seen.frames)} of ${plural(count, 'frame')} are in ${filesText(files)}`;
    }
  } catch (err) {
    // What was read before counts all the same.
    if (seen.frames === 0) throw err;
    shortfall = lineOf(err);
  } finally {
    endProgress();
  }
  report({ direction: 'rx', tx: new Prbs(), rx, seen }, { shortfall, unsent: undefined });
}
