// What the subcommands do with the frames that come.

import type { Frame, FrameSlave } from '../../index';

/** A slave that uses no frame after it has accepted it, so that the memory of large ones is used again. */
export function passing(acceptFrame: (frame: Frame) => void | Promise<void>): FrameSlave {
  return { retainsFrames: true, acceptFrame };
}
