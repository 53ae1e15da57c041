// What a slave's acceptFrame may return.

/** Whether it is worth waiting for: a function used as a slave may return anything. */
export function isPromise(accepted: unknown): accepted is Promise<void> {
  return (
    typeof accepted === 'object' &&
    accepted !== null &&
    typeof (accepted as Promise<void>).then === 'function'
  );
}
