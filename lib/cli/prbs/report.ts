// What is said of a link test.

import { upperLimit } from './error-rate';
import type { PrbsTest } from './link-test';
import { Failure } from '../support/errors';
import { grouped, plural, sizeText } from '../support/text';

/** What came of it besides the counts. */
export interface PrbsEnd {
  /** What keeps it from being all that was asked for. */
  readonly shortfall: string | undefined;
  /** What has not left, or may be lost. */
  readonly unsent: string | undefined;
}

/** What came of it, to standard output. @throws {Failure} when the link did not pass, or not all of the test. */
export function report(
  { direction, tx, rx, seen }: Pick<PrbsTest, 'direction' | 'tx' | 'rx' | 'seen'>,
  { shortfall, unsent }: PrbsEnd,
): void {
  const lines: string[] = [];
  const faults: string[] = [];
  if (direction !== 'rx') {
    lines.push(`sent      ${plural(tx.txCount, 'frame')}, ${sizeText(tx.txBytes)}`);
    if (tx.txCount === 0) faults.push('no frame was taken');
    if (unsent !== undefined) faults.push(unsent);
  }
  if (direction !== 'tx') {
    // The expected bits of a frame that fails as a whole are unknown, so it has no part in the rate.
    const bits = seen.comparedBytes * 8;
    const { rxErrors, rxFrameErrors, rxBitErrors } = rx;
    const whole = rxFrameErrors === 0 ? '' : `, ${grouped(rxFrameErrors)} of them as a whole`;
    lines.push(
      `checked   ${plural(seen.frames, 'frame')}, ${sizeText(seen.bytes)}, ${grouped(bits)} bits`,
      `errors    ${plural(rxErrors, 'frame')}${whole}, ${plural(rxBitErrors, 'wrong bit')}`,
    );
    if (bits > 0) {
      const rate = (rxBitErrors / bits).toExponential(2);
      lines.push(
        `bit error rate  ${rxBitErrors === 0 ? '0' : rate}, below ${(upperLimit(rxBitErrors) / bits).toExponential(2)} (95 %)`,
      );
    } else if (seen.frames > 0) lines.push('bit error rate  none: no frame could be compared');
    if (seen.guess !== undefined)
      lines.push(`${plural(rxFrameErrors, 'frame')} failed as a whole: ${seen.guess}`);
    if (seen.frames === 0) faults.push('no frame came');
    if (rx.rxErrors > 0) faults.push(`${plural(rx.rxErrors, 'frame')} with an error`);
    const missing = tx.txCount - seen.frames;
    if (direction === 'loop' && missing > 0) faults.push(`${plural(missing, 'frame')} did not come back`);
  }
  // Whether what was sent is right, the other side knows.
  const passed = direction === 'tx' ? 'SENT' : 'PASS';
  const soFar = shortfall === undefined ? '' : ' so far';
  process.stdout.write([...lines, faults.length === 0 ? `${passed}${soFar}` : 'FAIL', ''].join('\n'));
  if (shortfall !== undefined) faults.push(shortfall);
  if (faults.length > 0) throw new Failure(faults.join('; '));
}
