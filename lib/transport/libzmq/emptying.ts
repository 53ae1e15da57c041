// Those who wait until libzmq has no more. One timer looks for all of them: under a flood of connections thousands wait
// at once, and a timer each would take the thread's time from the frames that they wait for.

import { monotonicMs, setTimeout } from '../../async/clock';
import { Quiet } from './quiet';

/** Waiting for this long without anything coming, libzmq has nothing. */
export const LOOK_MS = 3;

/** What is looked at. */
export interface Emptied {
  /** Messages taken so far. */
  readonly taken: number;
  /** Whether a message is waited for, so that there is none. */
  readonly isWaiting: boolean;
  /** Whether nothing will be taken any more. */
  readonly isClosed: boolean;
}

interface Waiter {
  readonly quiet: Quiet;
  /** Enough when so many have been taken in all. */
  readonly last: number;
  readonly done: () => void;
}

/** The waiters of a socket. */
export class Emptying {
  private waiters: Waiter[] = [];
  private takenBefore = 0;

  constructor(private readonly socket: Emptied) {}

  /** Calls `done` when nothing has come for `idleMs`, when `messages` more have been taken, or when it is closed. */
  whenEmptied(messages: number, done: () => void, idleMs = LOOK_MS): void {
    const { taken, isClosed } = this.socket;
    if (isClosed || messages <= 0) {
      done();
      return;
    }
    const quiet = new Quiet(idleMs, LOOK_MS);
    quiet.isOver(monotonicMs(), true);
    this.waiters.push({ quiet, last: taken + messages, done });
    if (this.waiters.length === 1) this.lookSoon();
  }

  private lookSoon(): void {
    this.takenBefore = this.socket.taken;
    setTimeout(() => this.look(), LOOK_MS);
  }

  private look(): void {
    const { taken, isWaiting, isClosed } = this.socket;
    const isBusy = !isWaiting || taken !== this.takenBefore;
    const now = monotonicMs();
    const waiters = this.waiters;
    this.waiters = [];
    const over: Waiter[] = [];
    for (const waiter of waiters) {
      const isOver = waiter.quiet.isOver(now, isBusy) || isClosed || taken >= waiter.last;
      (isOver ? over : this.waiters).push(waiter);
    }
    if (this.waiters.length > 0) this.lookSoon();
    for (const { done } of over) done();
  }
}
