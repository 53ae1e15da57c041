// The PRBS link test of `prbs`: sending, checking, and what is said of it.

import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Prbs } from '../../index';
import { upperLimit } from './error-rate';
import { Failure } from '../support/errors';
import { Pace } from '../support/pace';
import { shareOf, showProgress, type Limits } from '../support/progress';
import type { Interruption } from '../support/run';
import { grouped, plural, sizeText } from '../support/text';

const TURN_MS = 5;
// What is under way at the end has this long to arrive, from the last frame that did.
const QUIET_MS = 1_000;
const LOOK_MS = 20;

export type PrbsDirection = 'tx' | 'rx' | 'loop';

/** When it is over, and how fast it may be. */
export interface PrbsLimits extends Limits {
  /** Frames a second. */
  readonly rate?: number;
}

/** One test, and what it has come to. */
export interface PrbsTest {
  readonly direction: PrbsDirection;
  readonly tx: Prbs;
  readonly rx: Prbs;
  /** Frames that came, good and bad. */
  readonly seen: { readonly frames: number; readonly bytes: number };
  readonly size: number;
  readonly options: PrbsLimits;
  readonly interruption: Interruption;
}

/** Sends, checks, or both, until it is over. */
export async function exchange(test: PrbsTest): Promise<void> {
  const { direction, tx, rx, seen, interruption, options } = test;
  const { count = Infinity, duration } = options;
  const { signal } = interruption;
  const started = performance.now();
  const done = (): number => (direction === 'rx' ? seen.frames : tx.txCount);
  const endProgress = showProgress(() => ({
    share: shareOf(options, started, done()),
    // Errors first: the end of the line is what a narrow terminal cuts.
    text: [
      ...(direction === 'tx' ? [] : [plural(rx.rxErrors, 'error'), `${grouped(seen.frames)} checked`]),
      ...(direction === 'rx' ? [] : [`${grouped(tx.txCount)} sent`]),
    ].join(', '),
  }));
  const isOver = (): boolean =>
    signal.aborted ||
    done() >= count ||
    (duration !== undefined && performance.now() - started >= duration * 1000);
  try {
    if (direction === 'rx') while (!isOver()) await interruption.wait(LOOK_MS / 1000);
    else {
      let isSending = true;
      const sending = sendUntil(isOver, test).finally(() => (isSending = false));
      // A frame that nobody takes must not keep us; it ends with its bridge.
      sending.catch(() => undefined);
      await Promise.race([sending, interruption.wait(duration)]);
      if (direction === 'loop') await settle(test, () => isSending);
    }
  } finally {
    endProgress();
  }
}

async function sendUntil(
  isOver: () => boolean,
  { tx, size, options, interruption }: PrbsTest,
): Promise<void> {
  const pace = new Pace(options.rate);
  let turnEnds = performance.now() + TURN_MS;
  try {
    while (!isOver()) {
      await pace.next(interruption.signal);
      await tx.genFrame(size);
      if (performance.now() < turnEnds) continue;
      await nextTurn();
      turnEnds = performance.now() + TURN_MS;
    }
  } catch (err) {
    if (!interruption.signal.aborted) throw err;
  }
}

/** Waits for what is under way, while any of it arrives; after Ctrl-C, too, or it would be missed in the report. */
async function settle({ tx, seen }: PrbsTest, isSending: () => boolean): Promise<void> {
  let before = -1;
  let since = performance.now();
  while ((isSending() || seen.frames < tx.txCount) && performance.now() - since < QUIET_MS) {
    if (seen.frames !== before) since = performance.now();
    before = seen.frames;
    await pause(LOOK_MS);
  }
}

/** What came of it, to standard output. @throws {Failure} when the link did not pass. */
export function report({ direction, tx, rx, seen }: PrbsTest, discarded: number): void {
  const lines: string[] = [];
  const faults: string[] = [];
  if (direction !== 'rx') {
    lines.push(`sent      ${plural(tx.txCount, 'frame')}, ${sizeText(tx.txBytes)}`);
    if (tx.txCount === 0) faults.push('no frame was taken');
    if (discarded > 0) faults.push(`${plural(discarded, 'frame')} did not leave before the peer did`);
  }
  if (direction !== 'tx') {
    const bits = seen.bytes * 8;
    const least = rx.rxErrors === 0 ? 0 : Math.max(1, rx.rxBitErrors);
    lines.push(
      `checked   ${plural(seen.frames, 'frame')}, ${sizeText(seen.bytes)}, ${grouped(bits)} bits`,
      `errors    ${plural(rx.rxErrors, 'frame')}, ${plural(rx.rxBitErrors, 'wrong bit')}`,
    );
    if (bits > 0) {
      const rate = (least / bits).toExponential(2);
      lines.push(
        `bit error rate  ${least === 0 ? '0' : rate}, below ${(upperLimit(least) / bits).toExponential(2)} (95 %)`,
      );
    }
    if (seen.frames === 0) faults.push('no frame came');
    if (rx.rxErrors > 0) faults.push(`${plural(rx.rxErrors, 'frame')} with an error`);
    const missing = tx.txCount - seen.frames;
    if (direction === 'loop' && missing > 0) faults.push(`${plural(missing, 'frame')} did not come back`);
  }
  // Whether what was sent is right, the other side knows.
  const passed = direction === 'tx' ? 'SENT' : 'PASS';
  process.stdout.write([...lines, faults.length === 0 ? passed : 'FAIL', ''].join('\n'));
  if (faults.length > 0) throw new Failure(faults.join('; '));
}
