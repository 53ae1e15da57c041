// zeromq/libzmq src/epoll.cpp, src/signaler.cpp (4.3.5): it ends the process where there is no descriptor left to make a
// context, bind or connect with. So there have to be some before it is asked. To be deleted once libzmq returns EMFILE.

import type { Context } from 'zeromq';
import { hasSpareDescriptors, shortageError } from '../../../system/descriptors';

// A context and its threads open 6 with their first socket, a bridge with its monitors 8, and two connections 2.
const SPARE_DESCRIPTORS = 24;

/** @throws {GeneralError} `ERR_TOO_MANY_OPEN_FILES` when there are too few for `what`. */
export function requireDescriptors(what: string, context: Context): void {
  if (!hasSpareDescriptors(SPARE_DESCRIPTORS)) throw shortageError(what, context.maxSockets);
}
