// zeromq/zeromq.js issue 411 (6.8.0): the addon aborts the process when a worker thread with an open socket ends. So this
// engine refuses to run there. To be deleted once the issue is closed.

import { isMainThread } from 'node:worker_threads';
import { GeneralError } from '../../../errors';

/** @throws {GeneralError} `ERR_TRANSPORT` in a worker thread. */
export function refuseInWorker(): void {
  if (isMainThread) return;
  throw new GeneralError(
    'ERR_TRANSPORT',
    "the libzmq engine does not run in worker threads: the zeromq package ends the process when such a thread ends. Use engine: 'native', or a process of its own",
  );
}
