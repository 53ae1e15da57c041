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
