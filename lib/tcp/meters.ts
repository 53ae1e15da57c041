// What metrics know of a bridge beside its counters: when the last frame was there, and, on request, frames by channel.

import { monotonicMs } from '../async/clock';
import { thisTurn, type Turn } from '../async/turn-clock';
import type { Direction } from '../transport/socket';

const CHANNELS = 256;

/** Frames and payload bytes of one direction, by channel. */
export class ChannelCounts {
  readonly frames = new Float64Array(CHANNELS);
  readonly bytes = new Float64Array(CHANNELS);

  note(channel: number, bytes: number): void {
    this.frames[channel]! += 1;
    this.bytes[channel]! += bytes;
  }
}

/** One direction of a bridge. */
export class Meter {
  /** The turn in which the last frame was there; undefined before the first. */
  lastFrame: Turn | undefined;
  /** Undefined until the first request for metrics by channel. Until then a frame costs one comparison. */
  channels: ChannelCounts | undefined;

  /** A frame was there. In the frame path. */
  note(channel: number, bytes: number): void {
    this.lastFrame = thisTurn();
    if (this.channels !== undefined) this.channels.note(channel, bytes);
  }
}

/** Both directions of a bridge. */
export class Meters implements Readonly<Record<Direction, Meter>> {
  readonly send = new Meter();
  readonly receive = new Meter();
  private readonly startedMs = monotonicMs();

  /** For `TcpStats.lastFrameAt`. */
  get lastFrameAt(): Record<Direction, Date | undefined> {
    return { send: dateOf(this.send.lastFrame), receive: dateOf(this.receive.lastFrame) };
  }

  /** Milliseconds since the last frame of this direction, or since the bridge was made where there was none. */
  silentMs(direction: Direction): number {
    return monotonicMs() - (this[direction].lastFrame?.monotonicMs ?? this.startedMs);
  }

  /** Counts by channel from now on. Idempotent. */
  countChannels(): void {
    this.send.channels ??= new ChannelCounts();
    this.receive.channels ??= new ChannelCounts();
  }
}

function dateOf(turn: Turn | undefined): Date | undefined {
  return turn === undefined ? undefined : new Date(turn.epochMs);
}
