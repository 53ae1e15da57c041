// Log lines that a peer or a slave can cause over and over, kept to so many a period. What is left out is counted.

const PERIOD_MS = 10_000;
const LINES = 10;

/** One kind of line. */
export class LogLimit {
  private since = -Infinity;
  private written = 0;
  private leftOut = 0;

  /** @param write writes one line. @param lines how many of this kind in ten seconds. */
  constructor(
    private readonly write: (text: string) => void,
    private readonly lines = LINES,
  ) {}

  /** Writes the line; or counts it, and the first line of a later period says how many there were. */
  note(text: string): void {
    const now = performance.now();
    if (now - this.since >= PERIOD_MS) {
      this.since = now;
      this.written = 0;
    }
    if (this.written === this.lines) {
      this.leftOut += 1;
      return;
    }
    this.written += 1;
    this.write(this.leftOut === 0 ? text : `${text} (and ${this.leftOut} more like it before, not logged)`);
    this.leftOut = 0;
  }
}
