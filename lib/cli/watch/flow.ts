// What has come over a bridge, by channel. Counting costs a frame next to nothing.

import type { Frame } from '../../index';

const CHANNELS = 256;
const HISTORY_S = 60;

/** One channel's frames. */
export interface ChannelFlow {
  readonly frames: number;
  readonly bytes: number;
  /** Frames whose error field is not 0. */
  readonly errors: number;
  /** Of the last frame. */
  readonly flags: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** One second or so of it. */
export interface Rates {
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Counts frames, and their rates whenever {@link sample} is called. */
export class Flow {
  last: Frame | undefined;
  now: Rates = { framesPerSecond: 0, bytesPerSecond: 0 };
  /** Frames a second of the last minute, a sample each, the newest last. */
  readonly history: number[] = [];
  // By channel: a frame touches a few numbers, and nothing is made for it.
  private readonly frameCounts = new Float64Array(CHANNELS);
  private readonly byteCounts = new Float64Array(CHANNELS);
  private readonly errorCounts = new Float64Array(CHANNELS);
  private readonly lastFlags = new Uint16Array(CHANNELS);
  private readonly least = new Float64Array(CHANNELS).fill(Infinity);
  private readonly most = new Float64Array(CHANNELS);
  private readonly started = performance.now();
  private before = { at: performance.now(), frames: 0, bytes: 0 };

  note(frame: Frame): void {
    const { channel } = frame;
    const { length } = frame.payload;
    this.frameCounts[channel]! += 1;
    this.byteCounts[channel]! += length;
    this.lastFlags[channel] = frame.flags;
    if (length < this.least[channel]!) this.least[channel] = length;
    if (length > this.most[channel]!) this.most[channel] = length;
    if (frame.error !== 0) this.errorCounts[channel]! += 1;
    this.last = frame;
  }

  get frames(): number {
    return sum(this.frameCounts);
  }

  get bytes(): number {
    return sum(this.byteCounts);
  }

  /** Frames whose error field is not 0. */
  get errors(): number {
    return sum(this.errorCounts);
  }

  /** Seconds since the beginning. */
  get elapsed(): number {
    return (performance.now() - this.started) / 1000;
  }

  /** Seconds since the last {@link sample}. */
  get sinceSample(): number {
    return (performance.now() - this.before.at) / 1000;
  }

  get average(): Rates {
    const { elapsed } = this;
    return { framesPerSecond: this.frames / elapsed, bytesPerSecond: this.bytes / elapsed };
  }

  /** The channels that have had frames, lowest first. */
  get byChannel(): (readonly [channel: number, flow: ChannelFlow])[] {
    return [...this.frameCounts.keys()]
      .filter((channel) => this.frameCounts[channel]! > 0)
      .map((channel) => [
        channel,
        {
          frames: this.frameCounts[channel]!,
          bytes: this.byteCounts[channel]!,
          errors: this.errorCounts[channel]!,
          flags: this.lastFlags[channel]!,
          minBytes: this.least[channel]!,
          maxBytes: this.most[channel]!,
        },
      ]);
  }

  /** Takes the rates since the last sample. */
  sample(): void {
    const at = performance.now();
    const { frames, bytes } = this;
    const seconds = (at - this.before.at) / 1000;
    this.now = {
      framesPerSecond: (frames - this.before.frames) / seconds,
      bytesPerSecond: (bytes - this.before.bytes) / seconds,
    };
    this.before = { at, frames, bytes };
    this.history.push(this.now.framesPerSecond);
    if (this.history.length > HISTORY_S) this.history.shift();
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
