// The clock that is read once a turn of the event loop.

import { thisTurn } from '../../lib/async/turn-clock';
import { turns, waitFor } from '../helpers/wait';

test('a turn has one time, also behind promises; the next one has a later one', async () => {
  const before = Date.now();
  const first = thisTurn();
  expect(thisTurn()).toBe(first);
  await Promise.resolve();
  expect(thisTurn()).toBe(first);
  expect(first.epochMs).toBeGreaterThanOrEqual(before);
  expect(first.epochMs).toBeLessThanOrEqual(Date.now());
  await turns(2);
  const second = thisTurn();
  expect(second).not.toBe(first);
  expect(second.monotonicMs).toBeGreaterThanOrEqual(first.monotonicMs);
});

test('a silence is not slept through with the time before it', async () => {
  // Asked for in each of the phases of the loop that come before it waits.
  for (const phase of [setImmediate, (act: () => void) => setTimeout(act, 0), queueMicrotask]) {
    const asked = await new Promise<number>((resolve) => phase(() => resolve(thisTurn().monotonicMs)));
    await waitFor('a later moment', () => performance.now() > asked + 5);
    await turns(1);
    expect(thisTurn().monotonicMs).toBeGreaterThan(asked);
  }
});
