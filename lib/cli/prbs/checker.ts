// What `prbs` makes of the frames that come: counts, and what they may be where they are no PRBS frames of this width.

import { Prbs, type Frame } from '../../index';

const WORD_BITS = 32;
const MAX_WIDTH = 65_536;
// Whole words a frame has at least.
const MIN_WORDS = 3;

/** Counts what comes besides what `Prbs` counts. */
export class Checker {
  /** Frames and payload bytes that came, good and bad. */
  frames = 0;
  bytes = 0;
  /** Bytes of frames whose every bit was compared. */
  comparedBytes = 0;
  /** What the first frame that failed as a whole looks like. */
  guess: string | undefined;

  constructor(private readonly rx: Prbs) {}

  accept(frame: Frame): void | Promise<void> {
    this.frames += 1;
    this.bytes += frame.size;
    const before = this.rx.rxFrameErrors;
    const accepted = this.rx.acceptFrame(frame);
    if (this.rx.rxFrameErrors === before) this.comparedBytes += frame.size;
    else this.guess ??= guessOf(frame, this.rx.width);
    return accepted;
  }
}

/** What a frame may be that is no PRBS frame of this width. */
function guessOf(frame: Frame, width: number): string {
  if (frame.error !== 0) return 'the sender has set the error field of the first of them';
  const other = widthOf(frame);
  if (other === undefined) return 'the first of them is no PRBS frame of any width';
  if (other !== width) return `the first of them is a PRBS frame of another width: try --width ${other}`;
  return 'the first of them is out of sequence: frames were lost, or went to another client';
}

/** The width, in bits, of which this is a PRBS frame. */
function widthOf(frame: Frame): number | undefined {
  const { payload, size } = frame;
  for (let width = WORD_BITS; width <= MAX_WIDTH; width += WORD_BITS) {
    const wordBytes = width / 8;
    if (size < MIN_WORDS * wordBytes) return undefined;
    // The second word is the size in words less one.
    if ((payload.readUInt32LE(wordBytes) + 1) * wordBytes !== size) continue;
    const prbs = new Prbs();
    prbs.width = width;
    void prbs.acceptFrame(frame);
    if (prbs.rxErrors === 0) return width;
  }
  return undefined;
}
