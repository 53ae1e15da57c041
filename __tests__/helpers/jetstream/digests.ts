// What frames were, as a few bytes each, and slaves that compare.

import { createHash } from 'node:crypto';
import type { Frame } from '../../../lib';
import type { LogPlace } from '../../../lib/jetstream';

const DIGEST_BYTES = 6;

function digestOf({ channel, flags, error, payload }: Frame): number {
  const hash = createHash('sha1').update(Buffer.from([channel, flags & 0xff, flags >> 8, error]));
  return hash.update(payload).digest().readUIntBE(0, DIGEST_BYTES);
}

/** By number, from 0, what each frame was when it was sent. */
export class Digests {
  readonly channels: number[] = [];
  private readonly values: number[] = [];

  get count(): number {
    return this.values.length;
  }

  add(frame: Frame): void {
    this.values.push(digestOf(frame));
    this.channels.push(frame.channel);
  }

  /** @throws {Error} for a frame that is not, as a whole, the one with this number. */
  check(frame: Frame, number: number): void {
    const { channel, flags, error, size } = frame;
    if (digestOf(frame) === this.values[number]) return;
    throw new Error(
      `another frame is in the place of ${number}: ${JSON.stringify({ channel, flags, error, size })}`,
    );
  }
}

/** Expects the frames with these numbers in this order. The first wrong one fails the reading. */
export class Sequel {
  /** Frames that were right. */
  count = 0;

  constructor(
    private readonly digests: Digests,
    /** Ascending. */
    private readonly numbers: readonly number[],
  ) {}

  get isComplete(): boolean {
    return this.count === this.numbers.length;
  }

  acceptFrame(frame: Frame): void {
    const expected = this.numbers[this.count];
    if (expected === undefined)
      throw new Error(`a frame of ${frame.size} bytes comes after all that were expected`);
    const { number } = frame as Frame & Partial<LogPlace>;
    // Behind a bridge it has no number any more.
    if (number !== undefined && number !== expected)
      throw new Error(`frame ${number} comes in the place of frame ${expected}`);
    this.digests.check(frame, expected);
    this.count += 1;
  }
}

/** Where frames are in the log, by number. */
export class Places {
  /** Of the message that a frame is in; of one in chunks, of the last. */
  readonly sequences: number[] = [];
  /** ms since 1970. */
  readonly storedAt: number[] = [];

  acceptFrame(frame: Frame): void {
    const { sequence, storedAt } = frame as Frame & LogPlace;
    this.sequences.push(sequence);
    this.storedAt.push(storedAt);
  }
}
