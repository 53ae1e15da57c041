// The garbage collector, for tests that look at what is still referenced.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { turns } from './wait';

/** How many of these are still referenced, once everything that is not has been collected. */
export async function countAlive(refs: readonly WeakRef<object>[]): Promise<number> {
  await collectGarbage();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

/** Collects everything that is not referenced any more. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // A WeakRef holds its target until the turn in which it was made or read is over.
  for (let i = 0; i < 3; i++) {
    await turns(2);
    gc();
  }
}
