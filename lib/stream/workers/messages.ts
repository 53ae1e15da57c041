// What goes to a thread and comes back.

import type { FrameOptions } from '../frame';

/** The function that runs in the threads, and what it is given besides frames. */
export interface ThreadData {
  /** The `file:` URL of the module whose default export it is. */
  readonly url: string;
  /** Its second argument. */
  readonly data: unknown;
}

/** A frame on its way. */
export interface FrameMessage extends Required<FrameOptions> {
  readonly payload: Uint8Array;
}
