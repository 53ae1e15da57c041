// What a master makes for a reader of its frames: an iterator, a Node stream.

import type { FrameSlave } from './slave';

/** A slave that its master has made, and ends when it is stopped. */
export interface Tap extends FrameSlave {
  /** No more frames will come: because of `error`, if one is given. */
  end(error?: Error): void;
}

/** What a tap asks of its master. */
export interface TapOwner {
  /** Nobody reads this tap any more. */
  remove(tap: Tap): void;
  /** Frames that were accepted, and that its reader did not take. */
  unread(frames: number): void;
}

/** Holds a source back: every sender that waits here waits for the same thing. */
export class Hold {
  private held: Promise<void> | undefined;
  private resolve: () => void = () => undefined;
  private reject: (err: Error) => void = () => undefined;

  /** What a slave's `acceptFrame` returns until {@link release}. */
  wait(): Promise<void> {
    this.held ??= new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    return this.held;
  }

  /** Lets the source go on, or tells it what went wrong. */
  release(error?: Error): void {
    if (this.held === undefined) return;
    this.held = undefined;
    if (error === undefined) this.resolve();
    else this.reject(error);
  }
}
