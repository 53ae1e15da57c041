// What a receiver knows of the frames that came: none of them may be wrong, or come twice, or out of order.

import type { Frame } from '../../lib/index';
import { PrbsFormat } from '../../lib/utilities/prbs-format';

const WIDTH_BITS = 32;
const TAPS = [1, 2, 6, 31];
// Numbers this far back are remembered, to tell a frame that came twice from one that came late.
const REMEMBERED = 65_536;

const format = new PrbsFormat(WIDTH_BITS, TAPS);

/** A PRBS frame whose flags say which life of the sender it is from. */
export function prbsPayload(sizeBytes: number, sequence: number): Buffer {
  return format.make(sizeBytes, sequence, 'lfsr');
}

/** Counts of one receiver. */
export class Tally {
  frames = 0;
  bytes = 0;
  /** A wrong byte, size, or error field: changed or torn on the way. */
  corrupted = 0;
  duplicated = 0;
  reordered = 0;
  /** Of a sender that had been killed, when its successor's had come already: another connection, so no disorder. */
  late = 0;
  /** Numbers that did not come. */
  missing = 0;
  private life = -1;
  private last = -1;
  private recent = new Set<number>();

  add({ payload, flags, channel, error, size }: Frame): void {
    this.frames += 1;
    this.bytes += size;
    if (!format.isSize(size)) {
      this.corrupted += 1;
      return;
    }
    const { sequence, expectedSize } = format.readHeader(payload);
    const intact =
      expectedSize === size &&
      error === 0 &&
      channel === (sequence & 0xff) &&
      format.findWrongByte(payload, sequence, 'lfsr') === undefined;
    if (!intact) {
      this.corrupted += 1;
      return;
    }
    this.note(flags, sequence);
  }

  private note(life: number, sequence: number): void {
    if (life > this.life) {
      // What a sender had sent before we came is not missing; what a new one has, is.
      this.last = this.life < 0 ? sequence - 1 : -1;
      this.life = life;
      this.recent = new Set();
    }
    if (life < this.life) {
      this.late += 1;
      return;
    }
    if (sequence > this.last) {
      this.missing += sequence - this.last - 1;
      this.last = sequence;
    } else if (this.recent.has(sequence)) this.duplicated += 1;
    else {
      this.reordered += 1;
      // It had been counted as missing.
      this.missing -= 1;
    }
    this.recent.add(sequence);
    if (this.recent.size > REMEMBERED) this.recent.delete(this.recent.values().next().value!);
  }
}
