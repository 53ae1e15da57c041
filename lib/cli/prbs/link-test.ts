// The PRBS link test of `prbs`: sending and checking.

import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Prbs } from '../../index';
import type { Checker } from './checker';
import { Pace } from '../support/pace';
import { shareOf, showProgress, type Limits } from '../support/progress';
import type { Interruption } from '../support/run';
import { grouped, plural } from '../support/text';

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
  /** What came, good and bad. */
  readonly seen: Checker;
  readonly size: number;
  readonly options: PrbsLimits;
  readonly interruption: Interruption;
}

/**
 * Sends, checks, or both, until it is over.
 * @param hasPeer whether there is somebody who could take what is sent.
 * @returns what keeps it from being all that was asked for.
 */
export async function exchange(test: PrbsTest, hasPeer: () => boolean): Promise<string | undefined> {
  const { direction, tx, rx, seen, interruption, options } = test;
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
  const { count = Infinity, duration = Infinity } = options;
  const hasLasted = (): boolean => performance.now() - started >= duration * 1000;
  const isOver = (): boolean => signal.aborted || done() >= count || hasLasted();
  let isSending = direction !== 'rx';
  try {
    if (direction === 'rx') while (!isOver()) await interruption.wait(LOOK_MS / 1000);
    else {
      const sending = sendUntil(isOver, test).finally(() => (isSending = false));
      // A frame that nobody takes must not keep us; it ends with its bridge.
      sending.catch(() => undefined);
      await Promise.race([sending, interruption.wait(options.duration)]);
    }
    const end = {
      wasInterrupted: signal.aborted && !interruption.isAtEnd && !hasLasted(),
      isLeft: isSending && !hasPeer(),
    };
    if (direction === 'loop') await settle(test, () => isSending);
    return shortfall(test, done(), end);
  } finally {
    endProgress();
  }
}

/** Where neither a count nor a time was given, Ctrl-C is the end that was asked for. */
function shortfall(
  { direction, options: { count, duration } }: PrbsTest,
  frames: number,
  { wasInterrupted, isLeft }: { readonly wasInterrupted: boolean; readonly isLeft: boolean },
): string | undefined {
  if (count === undefined ? duration === undefined : frames >= count) return undefined;
  if (wasInterrupted) return 'interrupted before its end';
  if (count === undefined) return isLeft ? 'the peer had left' : undefined;
  const reason = direction === 'rx' ? 'no more came' : 'the peer took no more';
  return `${grouped(frames)} of ${plural(count, 'frame')}: ${isLeft ? 'the peer had left' : reason}`;
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
