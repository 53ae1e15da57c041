// What must end after a test, whatever the test did.

/** Something that a test has started. */
export interface Ending {
  /** Ends it. Does nothing if it has ended already. */
  end(): Promise<void> | void;
}

const started = new Set<Ending>();

/** Has {@link endNats} end this; `forget` takes it off the list. */
export function endLater(one: Ending): void {
  started.add(one);
}

export function forget(one: Ending): void {
  started.delete(one);
}

/** Ends the clients, proxies and servers that were started, the newest first, and removes their folders. */
export async function endNats(): Promise<void> {
  const failures: unknown[] = [];
  for (const one of [...started].reverse()) {
    started.delete(one);
    try {
      await one.end();
    } catch (err) {
      // The other ones must end as well.
      failures.push(err);
    }
  }
  if (failures.length > 0) throw failures[0];
}
