// The one libzmq context of this process: one I/O thread for all bridges, its socket limit raised.

import { Context } from 'zeromq';
import { requireDescriptors } from './workarounds/descriptors';

let context: Context | undefined;

/**
 * The shared context, made at the first call and kept for the life of the process: libzmq ends one only at exit.
 *
 * @param what for the error.
 * @throws {GeneralError} `ERR_TOO_MANY_OPEN_FILES` when there are too few descriptors for it, and for what comes next.
 */
export function sharedContext(what: string): Context {
  const shared = context ?? new Context();
  // 1023 by default, which is 170 bridges; 65535 in today's libzmq.
  if (context === undefined) shared.maxSockets = shared.maxSocketsLimit;
  requireDescriptors(what, shared);
  context = shared;
  return shared;
}
