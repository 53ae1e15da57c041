// What has come over a bridge, by channel. Counting costs a frame next to nothing.

import type { Frame } from '../../index';

const CHANNELS = 256;
const HISTORY_S = 60;

/** One channel's frames. */
export interface ChannelFlow {
  frames: number;
  bytes: number;
  /** Frames whose error field is not 0. */
  errors: number;
  /** Of the last frame. */
  flags: number;
  minBytes: number;
  maxBytes: number;
}

/** One second or so of it. */
export interface Rates {
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Counts frames, and their rates whenever {@link sample} is called. */
export class Flow {
  frames = 0;
  bytes = 0;
  errors = 0;
  last: Frame | undefined;
  now: Rates = { framesPerSecond: 0, bytesPerSecond: 0 };
  /** Frames a second of the last minute, a sample each, the newest last. */
  readonly history: number[] = [];
  private readonly channels: (ChannelFlow | undefined)[] = new Array<undefined>(CHANNELS).fill(undefined);
  private readonly started = performance.now();
  private before = { at: performance.now(), frames: 0, bytes: 0 };

  note(frame: Frame): void {
    const { channel, error, flags } = frame;
    const { length } = frame.payload;
    this.frames += 1;
    this.bytes += length;
    this.last = frame;
    const flow = (this.channels[channel] ??= newChannel());
    flow.frames += 1;
    flow.bytes += length;
    flow.flags = flags;
    if (length < flow.minBytes) flow.minBytes = length;
    if (length > flow.maxBytes) flow.maxBytes = length;
    if (error !== 0) {
      flow.errors += 1;
      this.errors += 1;
    }
  }

  /** Seconds since the beginning. */
  get elapsed(): number {
    return (performance.now() - this.started) / 1000;
  }

  get average(): Rates {
    const { elapsed } = this;
    return { framesPerSecond: this.frames / elapsed, bytesPerSecond: this.bytes / elapsed };
  }

  /** The channels that have had frames, lowest first. */
  get byChannel(): (readonly [channel: number, flow: ChannelFlow])[] {
    return this.channels.flatMap((flow, channel) => (flow === undefined ? [] : [[channel, flow] as const]));
  }

  /** Takes the rates since the last sample. */
  sample(): void {
    const at = performance.now();
    const seconds = (at - this.before.at) / 1000;
    this.now = {
      framesPerSecond: (this.frames - this.before.frames) / seconds,
      bytesPerSecond: (this.bytes - this.before.bytes) / seconds,
    };
    this.before = { at, frames: this.frames, bytes: this.bytes };
    this.history.push(this.now.framesPerSecond);
    if (this.history.length > HISTORY_S) this.history.shift();
  }
}

function newChannel(): ChannelFlow {
  return { frames: 0, bytes: 0, errors: 0, flags: 0, minBytes: Infinity, maxBytes: 0 };
}
