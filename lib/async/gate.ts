// One promise that many wait for: made when the first one asks, settled for all of them.

/** A gate for senders: all that wait at it go on together. */
export class Gate {
  private closed: Promise<void> | undefined;
  private resolve: () => void = () => undefined;
  private reject: (err: Error) => void = () => undefined;

  /** What a slave's `acceptFrame` returns until {@link release}. */
  wait(): Promise<void> {
    this.closed ??= new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    return this.closed;
  }

  /** Lets the source go on, or tells it what went wrong. */
  release(error?: Error): void {
    if (this.closed === undefined) return;
    this.closed = undefined;
    if (error === undefined) this.resolve();
    else this.reject(error);
  }
}
