// The one libzmq context of this process: one I/O thread for all bridges, its socket limit raised.

import { Context } from 'zeromq';
import { hasSpareDescriptors, shortageError } from '../descriptors';

// What a context and its threads open with their first socket (measured: 6), and then some. libzmq ends the
// process where it cannot make its epoll descriptors, so this is asked before.
const CONTEXT_DESCRIPTORS = 16;

let context: Context | undefined;

/**
 * The shared context, made at the first call and kept for the life of the process: libzmq ends one only at exit.
 *
 * @throws {GeneralError} `ERR_TOO_MANY_OPEN_FILES` when there are too few descriptors to make it.
 */
export function sharedContext(): Context {
  if (context !== undefined) return context;
  const created = new Context();
  // 1023 by default, which is 511 bridges; 65535 in today's libzmq.
  created.maxSockets = created.maxSocketsLimit;
  if (!hasSpareDescriptors(CONTEXT_DESCRIPTORS)) throw shortageError('starting ZeroMQ', created.maxSockets);
  context = created;
  return context;
}
