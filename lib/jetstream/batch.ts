// Small frames on their way into a log, gathered as data-file records. Pure.

import type { Frame } from '../stream/frame';
import { copyBytes } from '../memory/payload-memory';
import { HEADER_BYTES, writeHeader } from '../utilities/fileio/record';
import type { BufferPool } from '../memory/buffer-pool';
import type { Run } from './format';

/** Frames of one channel in a row. */
interface Stretch {
  readonly channel: number;
  frames: number;
  /** Where its records end. */
  end: number;
}

/** The records of one channel in a batch. */
export interface BatchPart {
  readonly channel: number;
  readonly count: number;
  /** Number of its first frame, counted from the beginning of the batch. */
  readonly offset: number;
  readonly gaps: readonly Run[];
  readonly payload: Buffer;
}

/** Records of frames in the order in which they came. */
export class Batch {
  frames = 0;
  bytes = 0;
  private readonly memory: Buffer;
  private readonly stretches: Stretch[] = [];

  constructor(private readonly pool: BufferPool) {
    this.memory = pool.take();
  }

  hasRoomFor(size: number): boolean {
    return this.bytes + HEADER_BYTES + size <= this.memory.length;
  }

  /** Copies the frame; {@link hasRoomFor} must be true. */
  add(frame: Frame): void {
    const { payload, channel } = frame;
    const at = writeHeader(this.memory, this.bytes, frame, channel);
    copyBytes(payload, this.memory, at);
    this.bytes = at + payload.length;
    this.frames += 1;
    const last = this.stretches.at(-1);
    if (last?.channel === channel) {
      last.frames += 1;
      last.end = this.bytes;
    } else this.stretches.push({ channel, frames: 1, end: this.bytes });
  }

  /** The records by channel, in the order of their first frames. Those of a single channel are not copied. */
  parts(): readonly BatchPart[] {
    const { stretches, frames: count } = this;
    const [first] = stretches;
    if (first === undefined) return [];
    if (stretches.length === 1) {
      const payload = this.memory.subarray(0, this.bytes);
      return [{ channel: first.channel, count, offset: 0, gaps: [{ gap: 0, count }], payload }];
    }
    const gatherers = new Map<number, Gatherer>();
    let [frame, start] = [0, 0];
    for (const { channel, frames, end } of stretches) {
      let gatherer = gatherers.get(channel);
      if (gatherer === undefined) gatherers.set(channel, (gatherer = new Gatherer(channel, frame)));
      gatherer.add(frame, frames, this.memory.subarray(start, end));
      frame += frames;
      start = end;
    }
    return [...gatherers.values()].map((one) => one.part);
  }

  /** Its messages are stored, or never will be: its memory can be used again. */
  release(): void {
    this.pool.give(this.memory);
  }
}

/** Gathers the records of one channel. */
class Gatherer {
  private count = 0;
  /** Number of the frame behind the last one, counted from the beginning of the batch. */
  private next = 0;
  private readonly gaps: { gap: number; count: number }[] = [];
  private readonly pieces: Buffer[] = [];

  constructor(
    private readonly channel: number,
    private readonly offset: number,
  ) {}

  add(frame: number, frames: number, records: Buffer): void {
    this.note(frame - this.next, 1);
    if (frames > 1) this.note(0, frames - 1);
    this.next = frame + frames;
    this.count += frames;
    this.pieces.push(records);
  }

  get part(): BatchPart {
    const { channel, count, offset, gaps } = this;
    return { channel, count, offset, gaps, payload: Buffer.concat(this.pieces) };
  }

  private note(gap: number, count: number): void {
    const last = this.gaps.at(-1);
    if (last?.gap === gap) last.count += count;
    else this.gaps.push({ gap, count });
  }
}
