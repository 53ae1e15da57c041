// A line on standard error that is rewritten in place for whoever watches a terminal; nothing anywhere else.

const PERIOD_MS = 1_000;
// What the terminal writes behind the line when somebody ends it: `^C` must not begin a new one.
const CTRL_C_COLUMNS = 2;
const ERASE_LINE = '\r\u001b[2K';

/** Shows one line a second, cut to the width of the terminal. Plain text, so that NO_COLOR has nothing to say. */
export class LiveLine {
  private readonly live = process.stderr.isTTY;
  private timer: NodeJS.Timeout | undefined;

  /** @param look called once a second from now on, whether somebody watches or not. */
  start(look: () => string): void {
    this.timer = setInterval(() => this.show(look()), PERIOD_MS);
  }

  /** Says something that stays. */
  say(text: string): void {
    process.stderr.write(`${this.live ? ERASE_LINE : ''}${text}\n`);
  }

  end(): void {
    clearInterval(this.timer);
    if (this.live) process.stderr.write(ERASE_LINE);
  }

  private show(text: string): void {
    if (!this.live) return;
    const width = process.stderr.columns - CTRL_C_COLUMNS - 1;
    process.stderr.write(`${ERASE_LINE}${text.slice(0, width)}`);
  }
}
