// The events of writers and readers of a log.

import { SafeEmitter } from '../async/safe-emitter';

/** The events of a writer or reader, and what their listeners are given. */
export interface LogEvents {
  /** The connection to a server is back; the one of the beginning has no event. */
  connect: [server: string];
  /** The connection to a server is gone; another one is looked for. */
  disconnect: [server: string];
  /** Something failed that no call of yours can report; a writer goes on trying where that makes sense. Also in `stats.lastError`. */
  error: [err: Error];
}

export type LogListener<E extends keyof LogEvents> = (...args: LogEvents[E]) => void;

export class LogEmitter extends SafeEmitter<LogEvents> {}
