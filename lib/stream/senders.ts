// Senders that a module holds back because its slaves do.

/** Waits for slaves, until {@link end}. */
export class Senders {
  private readonly waiting = new Set<() => void>();
  private ended = false;

  /** @param onLateFailure is told what a slave failed with after its sender had been let go. */
  constructor(private readonly onLateFailure: (reason: unknown) => void) {}

  /** Settles as `accepted` does; resolves at {@link end}, and at once after it. */
  wait(accepted: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.ended) resolve();
      else this.waiting.add(resolve);
      accepted.then(
        () => {
          this.waiting.delete(resolve);
          resolve();
        },
        (reason: unknown) => {
          // Passed on as it is.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          if (this.waiting.delete(resolve)) reject(reason);
          else this.onLateFailure(reason);
        },
      );
    });
  }

  /** Lets all of them go. */
  end(): void {
    this.ended = true;
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
