// Whole frames for a program in a browser: as records of a data file, as many bytes as it has asked for.

import { setImmediate } from '../async/clock';
import type { Frame } from '../stream/frame';
import { HEADER_BYTES, writeHeader } from '../utilities/fileio/record';
import { guarded } from './guard';
import type { Frames, Subscribe } from './protocol';

/** Records of small frames go out together, at most this many bytes. */
const PACK_BYTES = 256 * 1024;

/** The way out: a JSON message, then a binary one of these pieces; `sent` is called when their memory is free again. */
export type SendFrames = (message: Frames, pieces: readonly Buffer[], sent: () => void) => void;

/** Frames that wait for credit, or for the end of this turn. */
export class Subscription {
  readonly id: number;
  private readonly mode: Subscribe['mode'];
  private readonly channels: ReadonlySet<number> | undefined;
  private credit: number;
  private waiting: Frame[] = [];
  private waitingBytes = 0;
  private skipped = 0;
  private isScheduled = false;
  private resume: (() => void) | undefined;
  private held: Promise<void> | undefined;
  private hasEnded = false;

  constructor(
    { id, mode, channels, credit }: Subscribe,
    private readonly send: SendFrames,
  ) {
    this.id = id;
    this.mode = mode;
    this.channels = channels && new Set(channels);
    this.credit = credit;
  }

  /** Takes a frame. @returns in mode `all`, without credit, a promise of the time when there is some again. */
  offer(frame: Frame): Promise<void> | undefined {
    if (this.hasEnded || this.channels?.has(frame.channel) === false) return undefined;
    if (this.mode === 'latest') this.forget(frame.channel);
    this.waiting.push(frame.retain());
    this.waitingBytes += HEADER_BYTES + frame.size;
    this.schedule();
    if (this.mode === 'latest' || this.credit - this.waitingBytes > 0) return undefined;
    this.held ??= new Promise((resolve) => (this.resume = resolve));
    return this.held;
  }

  grant(bytes: number): void {
    this.credit += bytes;
    this.schedule();
    // Otherwise what waits is sent first.
    if (this.waiting.length === 0 && this.credit > 0) this.release();
  }

  end(): void {
    this.hasEnded = true;
    for (const frame of this.waiting) frame.release();
    this.waiting = [];
    this.waitingBytes = 0;
    this.release();
  }

  /** Of a channel only the newest waits. */
  private forget(channel: number): void {
    const index = this.waiting.findIndex((frame) => frame.channel === channel);
    if (index < 0) return;
    this.waitingBytes -= HEADER_BYTES + this.waiting[index]!.size;
    this.waiting[index]!.release();
    this.waiting.splice(index, 1);
    this.skipped += 1;
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0 || this.credit <= 0) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      guarded('sending frames to a page', () => this.flush());
    });
  }

  private flush(): void {
    while (this.credit > 0 && this.waiting.length > 0 && !this.hasEnded) this.sendPack();
    if (this.credit > 0) this.release();
  }

  private sendPack(): void {
    let bytes = 0;
    let count = 0;
    while (count < this.waiting.length && this.credit > bytes) {
      const next = HEADER_BYTES + this.waiting[count]!.size;
      if (bytes > 0 && bytes + next > PACK_BYTES) break;
      count += 1;
      bytes += next;
    }
    // At once: taking one after the other from the front of a long list moves all others each time.
    const frames = this.waiting.splice(0, count);
    this.credit -= bytes;
    // Sizes may have changed: another slave may transfer memory away.
    this.waitingBytes = this.waiting.length === 0 ? 0 : this.waitingBytes - bytes;
    const { id, skipped } = this;
    this.skipped = 0;
    this.send({ op: 'frames', id, count: frames.length, skipped }, piecesOf(frames, bytes), () => {
      for (const frame of frames) frame.release();
    });
  }

  private release(): void {
    this.resume?.();
    this.resume = undefined;
    this.held = undefined;
  }
}

/** Records of these frames: copied together where they are small, else the payload as it is. */
function piecesOf(frames: readonly Frame[], bytes: number): Buffer[] {
  const [first] = frames;
  if (first !== undefined && bytes > PACK_BYTES) {
    const header = Buffer.alloc(HEADER_BYTES);
    writeHeader(header, 0, first, first.channel);
    return first.size === 0 ? [header] : [header, first.payload];
  }
  const pack = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const frame of frames) {
    at = writeHeader(pack, at, frame, frame.channel);
    frame.payload.copy(pack, at);
    at += frame.size;
  }
  return [pack];
}
