// Asserting on failures: the class, the code and the words, never "it threw".

/** What `promise` rejects with; fails when it does not. */
export async function rejection(
  promise: Promise<unknown> | void,
): Promise<Error & { code?: string; port?: number }> {
  let value: unknown;
  try {
    value = await promise;
  } catch (err) {
    return err as Error;
  }
  throw new Error(`expected a rejection, got ${String(value)}`);
}
