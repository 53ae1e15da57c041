// What a receiver knows of the frames that came: none of them may be wrong, or come twice, or out of order.

import type { Frame } from '../../lib/index';
import { PrbsFormat } from '../../lib/utilities/prbs-format';

const WIDTH_BITS = 32;
const TAPS = [1, 2, 6, 31];
// Numbers this far back are remembered, to tell a frame that came twice from one that came late.
const REMEMBERED = 65_536;
// The flags of our frames: this, and the life of the sender they are from.
const MARK = 0x5a00;
const LIVES = 0xff;

const format = new PrbsFormat(WIDTH_BITS, TAPS);

/** Makes it a PRBS frame's payload; the same again for the same number. */
export function fillPrbs(payload: Buffer, sequence: number): void {
  format.fill(payload, sequence, 'lfsr');
}

/** The flags of the frames of a sender in this life of its. */
export function markOf(life: number): number {
  return MARK | (life & LIVES);
}

/** What a {@link Tally} has counted. */
export type Counts = Record<
  | 'frames'
  | 'bytes'
  /** A wrong byte, size, or error field: changed or torn on the way. */
  | 'corrupted'
  | 'duplicated'
  | 'reordered'
  /** Of a sender that had been killed, when its successor's had come already: another connection, so no disorder. */
  | 'late'
  /** Numbers that did not come. */
  | 'missing'
  /** Frames of somebody else, where these are expected; in none of the others. */
  | 'strange',
  number
>;

/** Counts of one receiver. */
export class Tally {
  readonly counts: Counts = {
    frames: 0,
    bytes: 0,
    corrupted: 0,
    duplicated: 0,
    reordered: 0,
    late: 0,
    missing: 0,
    strange: 0,
  };
  /** The last number of the sender's life before this one. */
  lastBefore = -1;
  /** Of the last frame in order: the life of its sender, and its number. */
  life: number;
  last: number;
  private recent = new Set<number>();

  /**
   * @param strangers whether somebody else may send as well; then a frame of ours that lost its mark is missing.
   * @param from what a process before this one had received last.
   */
  constructor(
    private readonly strangers: boolean,
    private readonly onIntact: (life: number, last: number, missing: number) => void,
    from: { readonly life: number; readonly last: number },
  ) {
    this.life = from.life;
    this.last = from.last;
  }

  get frames(): number {
    return this.counts.frames;
  }

  add({ payload, flags, channel, error, size }: Frame): void {
    const { counts } = this;
    const isOurs = (flags & ~LIVES) === MARK;
    if (!isOurs && this.strangers) {
      counts.strange += 1;
      return;
    }
    counts.frames += 1;
    counts.bytes += size;
    if (!isOurs || !format.isSize(size)) {
      counts.corrupted += 1;
      return;
    }
    const { sequence, expectedSize } = format.readHeader(payload);
    const intact =
      expectedSize === size &&
      error === 0 &&
      channel === (sequence & 0xff) &&
      format.findWrongByte(payload, sequence, 'lfsr') === undefined;
    if (!intact) {
      counts.corrupted += 1;
      return;
    }
    this.note(this.lifeOf(flags), sequence);
    this.onIntact(this.life, this.last, counts.missing);
  }

  /** The flags have 8 bits of it: the one next to what we know. */
  private lifeOf(flags: number): number {
    if (this.life < 0) return flags & LIVES;
    const ahead = ((flags - this.life) << 24) >> 24;
    return this.life + ahead;
  }

  private note(life: number, sequence: number): void {
    const { counts } = this;
    if (life > this.life) {
      this.lastBefore = this.last;
      this.last = -1;
      this.life = life;
      this.recent = new Set();
    }
    if (life < this.life) {
      counts.late += 1;
      this.lastBefore = Math.max(this.lastBefore, sequence);
      return;
    }
    if (sequence > this.last) {
      counts.missing += sequence - this.last - 1;
      this.last = sequence;
    } else if (this.recent.has(sequence)) counts.duplicated += 1;
    else {
      counts.reordered += 1;
      // It had been counted as missing.
      counts.missing -= 1;
    }
    this.recent.add(sequence);
    if (this.recent.size > REMEMBERED) this.recent.delete(this.recent.values().next().value!);
  }
}
