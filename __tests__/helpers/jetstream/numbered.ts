// Frames that depend on their number alone, and a slave that expects them in order.

import { Frame } from '../../../lib';
import { JetStreamReader, type LogPlace } from '../../../lib/jetstream';
import { contentOf, faultOf } from '../../peers/log-frames.cjs';

export function numberedFrame(number: number): Frame {
  const { payload, fields } = contentOf(number);
  return new Frame(payload, fields);
}

/** Expects frames 0, 1, 2, ...; the first wrong one ends the reading. */
export class InOrder {
  /** Frames that were right: the number that comes next. */
  count = 0;

  /** @param onFrame called with the count. */
  constructor(private readonly onFrame: (count: number) => void = () => undefined) {}

  acceptFrame(frame: Frame): void {
    const fault = faultOf(this.count, frame);
    if (fault !== undefined) throw new Error(`in the place of frame ${this.count}: ${fault}`);
    this.count += 1;
    this.onFrame(this.count);
  }
}

/** What a log holds, read in order: each frame must be what its number says, and no number may come twice. */
export interface Held {
  /** The number of the last frame, and 1. */
  readonly end: number;
  /** Numbers that no frame has: those of a batch that its writer did not live to store whole. */
  readonly missing: readonly number[];
  /** Frames in chunks that their writers did not live to store whole. */
  readonly abandoned: number;
}

export async function readAll(url: string, stream: string): Promise<Held> {
  const options = { servers: url, stream, from: 'first', untilEnd: true } as const;
  await using reader = await JetStreamReader.create(options);
  let end = 0;
  const missing: number[] = [];
  reader.to((frame: Frame) => {
    const { number } = frame as Frame & LogPlace;
    if (number < end) throw new Error(`frame ${number} comes after frame ${end - 1}`);
    const fault = faultOf(number, frame);
    if (fault !== undefined) throw new Error(fault);
    for (; end < number; end++) missing.push(end);
    end += 1;
  });
  await reader.finished();
  return { end, missing, abandoned: reader.stats.abandoned };
}
