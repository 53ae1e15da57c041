// What slaves failed with, in the log: for frames whose sender does not wait for them, or no longer does.

import { describeError, systemCode } from '../errors';
import { LogLimit } from '../log-limit';
import type { Logging } from '../logging';

/** Lines about frames that a slave did not accept. */
export class FailureLog {
  private readonly stops: LogLimit;
  private readonly errors: LogLimit;

  constructor(log: Logging) {
    this.stops = new LogLimit((text) => log.info(text));
    this.errors = new LogLimit((text) => log.error(text));
  }

  /** Logs `what` and the reason: at Info where a bridge was stopped, which is how streams end, else at Error. */
  note(what: string, reason: unknown): void {
    (isOrdinaryStop(reason) ? this.stops : this.errors).note(`${what}: ${textOf(reason)}`);
  }
}

/** Whether all that is wrong is that a bridge was stopped. */
export function isOrdinaryStop(reason: unknown): boolean {
  if (reason instanceof AggregateError) return reason.errors.every(isOrdinaryStop);
  return systemCode(reason) === 'ERR_BRIDGE_STOPPED';
}

function textOf(reason: unknown): string {
  if (!(reason instanceof AggregateError)) return describeError(reason);
  return `${reason.message}: ${reason.errors.map(textOf).join('; ')}`;
}
