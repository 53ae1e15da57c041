// The garbage collector, for tests that look at what is still referenced.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pause, turns, waitFor } from './wait';

const STEADY_LOOKS = 5;

/** Collects what is not referenced, but for the targets of WeakRefs made or read in this turn. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** How many of these are still referenced, once everything that is not has been collected. */
export async function countAlive(refs: readonly WeakRef<object>[]): Promise<number> {
  // A WeakRef holds its target until the turn in which it was made or read is over.
  for (let i = 0; i < 3; i++) {
    await turns(2);
    collectGarbage();
  }
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

/** Bytes of ArrayBuffers and SharedArrayBuffers that are referenced now. */
export async function bufferBytes(): Promise<number> {
  let bytes = look();
  // Another thread frees the memory, some time after its buffer has been collected.
  for (let steady = 0; steady < STEADY_LOOKS; steady++) {
    await pause();
    const next = look();
    if (next < bytes) steady = 0;
    bytes = next;
  }
  return bytes;
}

/** Waits until no more than `mostBytes` are left of what was allocated since {@link bufferBytes} said `beforeBytes`. */
export async function waitForHeldBytes(beforeBytes: number, mostBytes: number): Promise<void> {
  const held = (): number => look() - beforeBytes;
  await waitFor(`no more than ${mostBytes} bytes to be held`, () => held() <= mostBytes, 10_000, held);
}

function look(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}
