// Asynchronous actions that must not overlap.

/** Runs one asynchronous action after the other, in the order in which they were given. */
export class Mutex {
  private last: Promise<unknown> = Promise.resolve();
  private count = 0;

  /** Actions that are not done yet. */
  get pending(): number {
    return this.count;
  }

  /** Runs `act` behind all actions before it, whether they succeed or fail; settles as it does. */
  runExclusive<T>(act: () => Promise<T>): Promise<T> {
    this.count += 1;
    const result = this.last.then(act).finally(() => (this.count -= 1));
    this.last = result.catch(() => undefined);
    return result;
  }
}
