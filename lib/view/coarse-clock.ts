// The time of day, read once a turn of the event loop: reading it for every frame would cost as much as the rest of what a
// view does with it.

import { dateNow, setImmediate } from '../async/clock';

export class CoarseClock {
  private ms = 0;
  private readonly forget = (): void => {
    this.ms = 0;
  };

  /** Milliseconds since 1970, as of this turn. */
  now(): number {
    if (this.ms === 0) {
      this.ms = dateNow().getTime();
      setImmediate(this.forget);
    }
    return this.ms;
  }
}
