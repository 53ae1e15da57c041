// Rates over the last whole second or more, as Rogue's Prbs keeps them.

const WINDOW_MS = 1000;

/** Turns two running totals into rates, brought up to date once a second. */
export class RateMeter {
  /** Frames a second. */
  rate = 0;
  /** Bytes a second. */
  bandwidth = 0;
  private since = performance.now();
  private frames = 0;
  private bytes = 0;

  /** @param frames total so far. @param bytes total so far. */
  update(frames: number, bytes: number): void {
    const now = performance.now();
    const elapsedMs = now - this.since;
    if (elapsedMs <= WINDOW_MS) return;
    this.rate = ((frames - this.frames) * 1000) / elapsedMs;
    this.bandwidth = ((bytes - this.bytes) * 1000) / elapsedMs;
    this.since = now;
    this.frames = frames;
    this.bytes = bytes;
  }

  /** Starts over: the totals are zero again. */
  reset(): void {
    this.frames = 0;
    this.bytes = 0;
  }
}
