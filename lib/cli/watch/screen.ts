// A terminal that is drawn anew, and the keys pressed in it.

// The screen of its own that editors use too, without a cursor.
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CTRL_C = '\x03';
const DEFAULT_SIZE = { columns: 80, rows: 24 };

/** The terminal at standard output, until {@link close}. */
export class Screen {
  private readonly onKeys = (keys: Buffer): void => {
    const text = keys.toString();
    if (text.includes('q') || text.includes('Q') || text.includes(CTRL_C)) this.onQuit();
  };

  /** @param onQuit called for q and Ctrl-C. */
  constructor(private readonly onQuit: () => void) {
    process.stdout.write(ENTER);
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.on('data', this.onKeys).resume();
    }
    // However the process ends, the terminal is left as it was.
    process.once('exit', this.leave);
  }

  get size(): { columns: number; rows: number } {
    const { columns, rows } = process.stdout;
    // A terminal that does not say how large it is says 0.
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  }

  draw(lines: readonly string[]): void {
    process.stdout.write(`${HOME}${lines.join(`${CLEAR_LINE}\r\n`)}${CLEAR_LINE}${CLEAR_BELOW}`);
  }

  close(): void {
    process.off('exit', this.leave);
    this.leave();
    process.stdin.off('data', this.onKeys).pause();
  }

  private readonly leave = (): void => {
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdout.write(LEAVE);
  };
}
