// Where the event loop calls the gateway: whatever goes wrong there is logged, and ends neither the process nor the page.

import { LogLimit } from '../log-limit';
import { describeError } from '../errors';
import { Logging } from '../logging';

const log = Logging.create('view.ViewServer');
const lines = new LogLimit((text) => log.error(text));

/** Calls `act`. @param what for the log: what failed. */
export function guarded(what: string, act: () => void): void {
  try {
    act();
  } catch (err) {
    logFault(what, err);
  }
}

/** Logs what a promise was rejected with. */
export function logFault(what: string, err: unknown): void {
  lines.note(`${what} failed: ${describeError(err)}`);
}
