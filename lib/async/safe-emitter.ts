// An emitter of typed events whose listeners cannot break what emits.

import { EventEmitter } from 'node:events';
import { queueMicrotask } from './clock';

export class SafeEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter<Events> {
  /** Calls the listeners; an `error` without any is not thrown. @returns whether there are any. */
  emitSafely<E extends keyof Events & string>(event: E, ...args: Events[E]): boolean {
    if (this.listenerCount(event as never) === 0) return false;
    try {
      this.emit(event as never, ...(args as never));
    } catch (err) {
      // The listener's own error is its owner's, and becomes an uncaught exception; the emitter goes on.
      queueMicrotask(() => {
        throw err;
      });
    }
    return true;
  }
}
