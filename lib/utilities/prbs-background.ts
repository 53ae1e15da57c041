// The background mode of Prbs: one run of it, and its end.

import { settlesWithin } from '../async/linger';

/** One time that the background mode is on. */
export class Background {
  /** Settles as what it runs does. */
  readonly done: Promise<void>;
  private on = true;
  private wake: (() => void) | undefined;

  constructor(run: (background: Background) => Promise<void>) {
    this.done = run(this);
  }

  /** False from {@link end} on; a frame may still be under way. */
  get running(): boolean {
    return this.on;
  }

  end(): void {
    this.on = false;
    this.wake?.();
  }

  /** Resolves after `ms`, or when this is ended. */
  async pause(ms: number): Promise<void> {
    if (!this.on) return;
    await settlesWithin(ms, new Promise<void>((resolve) => (this.wake = resolve)));
    this.wake = undefined;
  }
}
