// How fast something comes, and whether it has stopped. Pure: fed four times a second.

/** A stall: no frame for this time, or for `STALL_GAPS` times the usual gap if that is longer. */
export const STALL_MS = 3_000;
const STALL_GAPS = 5;
/** Samples of the last second. */
const SAMPLES = 4;
// The weight of the newest gap.
const NEWEST = 0.25;

interface Sample {
  readonly at: number;
  readonly frames: number;
  readonly bytes: number;
}

export class Pace {
  framesPerSecond = 0;
  bytesPerSecond = 0;
  isStalled = false;
  /** Frames a second when it last ran. */
  rateBefore = 0;
  private readonly samples: Sample[] = [];
  private gapMs = 0;
  private last: { readonly frames: number; readonly lastFrame: number } | undefined;

  /** @param at now, @param lastFrame when the last frame came, both in ms since 1970. */
  sample(at: number, frames: number, bytes: number, lastFrame: number): void {
    const { samples } = this;
    samples.push({ at, frames, bytes });
    if (samples.length > SAMPLES + 1) samples.shift();
    const first = samples[0]!;
    const seconds = (at - first.at) / 1000;
    this.framesPerSecond = seconds > 0 ? (frames - first.frames) / seconds : 0;
    this.bytesPerSecond = seconds > 0 ? (bytes - first.bytes) / seconds : 0;
    this.noteGap(frames, lastFrame);
    this.isStalled = frames > 0 && at - lastFrame > Math.max(STALL_MS, STALL_GAPS * this.gapMs);
    // A second with frames at both ends, so that the last one before a stall does not count as slow.
    if (samples.length > SAMPLES && frames > samples[SAMPLES - 1]!.frames)
      this.rateBefore = this.framesPerSecond;
  }

  private noteGap(frames: number, lastFrame: number): void {
    const { last } = this;
    if (last !== undefined && frames > last.frames && last.frames > 0) {
      const gap = (lastFrame - last.lastFrame) / (frames - last.frames);
      this.gapMs = this.gapMs === 0 ? gap : (1 - NEWEST) * this.gapMs + NEWEST * gap;
    }
    if (last === undefined || frames > last.frames) this.last = { frames, lastFrame };
  }
}
