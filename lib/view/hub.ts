// What comes in: the channels, their frames and their rates. Knows nothing of browsers.

import { thisTurn } from '../async/turn-clock';
import type { Frame } from '../stream/frame';
import { Channel } from './channel';
import { History } from './history';
import { LinkWatch, type StreamSource } from './link';
import { Pace } from './pace';
import type { ChannelStatus, HistoryPoint, Status } from './protocol';
import type { Ring } from './ring';

/** The channel field of a Rogue frame has 8 bits. */
const CHANNELS = 256;
const TICKS_A_SECOND = 4;

interface Counted {
  readonly frames: number;
  readonly bytes: number;
  readonly errors: number;
}

const NOTHING: Counted = { frames: 0, bytes: 0, errors: 0 };

export class Hub {
  readonly history = new History();
  /** Of large frames: the newest alone is kept while no browser looks. */
  largeEveryMs = Infinity;
  readonly link: LinkWatch;
  private readonly slots: (Channel | undefined)[] = new Array<Channel | undefined>(CHANNELS).fill(undefined);
  /** Those that have had a frame, in the order of their first one. */
  private readonly seen: Channel[] = [];
  private readonly pace = new Pace();
  private keptBytes = 0;
  /** Of the newest frame, among those of all channels. */
  private order = 0;
  private ticks = 0;
  private readonly atLastSecond = new Map<number, Counted>();

  /** @param maxKeptBytes of all frames that are kept; the newest is kept whatever its size. */
  constructor(
    source: StreamSource,
    private readonly maxKeptBytes: number,
  ) {
    this.link = new LinkWatch(source, thisTurn().epochMs);
  }

  channel(number: number): Channel | undefined {
    return this.slots[number];
  }

  get channels(): readonly Channel[] {
    return this.seen;
  }

  /** Of all channels. Added up when it is asked for: for each frame it would cost as much as a tenth of the rest. */
  private get totals(): Counted {
    let [frames, bytes, errors] = [0, 0, 0];
    for (const channel of this.seen) {
      frames += channel.frames;
      bytes += channel.bytes;
      errors += channel.errors;
    }
    return { frames, bytes, errors };
  }

  private get lastFrame(): number {
    return this.seen.reduce((last, channel) => Math.max(last, channel.lastFrame), 0);
  }

  /** Counts a frame and keeps it. */
  note(frame: Frame): Channel {
    const channel = this.slots[frame.channel] ?? this.add(frame);
    this.order += 1;
    this.keptBytes += channel.note(frame, thisTurn().epochMs, this.order, this.largeEveryMs);
    if (this.keptBytes > this.maxKeptBytes) this.makeRoom();
    return channel;
  }

  /** Four times a second. @returns the newest point of the history, once a second. */
  tick(): HistoryPoint | undefined {
    const now = thisTurn().epochMs;
    const totals = this.totals;
    this.pace.sample(now, totals.frames, totals.bytes, this.lastFrame);
    for (const { pace, frames, bytes, lastFrame } of this.seen) pace.sample(now, frames, bytes, lastFrame);
    this.link.update(now, totals.frames > 0, this.pace.isStalled);
    this.ticks += 1;
    if (this.ticks % TICKS_A_SECOND !== 0) return undefined;
    const point = this.second(now);
    this.history.push(point);
    return point;
  }

  /** Without the channels, which are told as they change. */
  status(): Omit<Status, 'op' | 'channels'> {
    const { link, pace } = this;
    const { frames, errors } = this.totals;
    const isDown = link.state === 'stalled' || link.state === 'lost';
    return {
      now: thisTurn().epochMs,
      link: link.state,
      linkSince: link.since,
      lastFrame: this.lastFrame,
      framesPerSecond: isDown ? pace.rateBefore : pace.framesPerSecond,
      bytesPerSecond: isDown ? 0 : pace.bytesPerSecond,
      malformed: link.malformed,
      errors,
      frames,
      channelCount: this.seen.length,
      ...link.fileStatus,
    };
  }

  /** Those whose numbers differ from what `known` says; it is brought up to date. */
  changed(known: Map<number, string>): ChannelStatus[] {
    const changed: ChannelStatus[] = [];
    for (const channel of this.seen) {
      const { number, revision } = channel;
      if (known.get(number) === revision) continue;
      known.set(number, revision);
      changed.push(channel.status());
    }
    return changed;
  }

  /** Lets go of all frames. */
  close(): void {
    for (const { ring } of this.seen) ring.clear();
    this.keptBytes = 0;
  }

  private add(first: Frame): Channel {
    const channel = new Channel(first.channel, first);
    this.slots[first.channel] = channel;
    this.seen.push(channel);
    return channel;
  }

  /** Lets the oldest frames go, of whichever channel; the one that came now stays. */
  private makeRoom(): void {
    while (this.keptBytes > this.maxKeptBytes) {
      let oldest: Ring | undefined;
      let kept = 0;
      for (const { ring } of this.seen) {
        kept += ring.length;
        if (oldest === undefined || ring.oldestOrder < oldest.oldestOrder) oldest = ring;
      }
      if (oldest === undefined || kept < 2) return;
      this.keptBytes -= oldest.dropOldest();
    }
  }

  private second(now: number): HistoryPoint {
    const rows: HistoryPoint['channels'][number][] = [];
    for (const { number, frames, bytes, errors } of this.seen) {
      const before = this.atLastSecond.get(number) ?? NOTHING;
      const count = frames - before.frames;
      if (count === 0) continue;
      this.atLastSecond.set(number, { frames, bytes, errors });
      rows.push([
        number,
        count,
        bytes - before.bytes,
        errors - before.errors,
        (bytes - before.bytes) / count,
      ]);
    }
    return { at: Math.round(now / 1000), link: this.link.takeWasUp(), channels: rows };
  }
}
