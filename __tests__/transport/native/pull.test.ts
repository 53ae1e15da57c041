// The receiving end alone: what it keeps of what it has handed over.

import type { Connection } from '../../../lib/transport/native/connection';
import { PullEnd } from '../../../lib/transport/native/pull';
import { countAlive } from '../../helpers/gc';

test('a frame that was handed over is not kept, although others wait behind it', async () => {
  const gates: (() => void)[] = [];
  const pull = new PullEnd(4, {
    frame: () => new Promise<void>((resolve) => gates.push(resolve)),
    malformed: () => undefined,
  });
  const connection = { resume: () => undefined } as unknown as Connection;
  pull.start();
  const refs: WeakRef<object>[] = [];
  const arrive = (): void => {
    const payload = Buffer.alloc(10_000);
    refs.push(new WeakRef(payload));
    pull.frame(connection, payload, 0, 0, 0);
  };
  for (let i = 0; i < 4; i++) arrive();
  for (let i = 0; i < 200; i++) {
    arrive();
    gates.shift()!();
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(refs).toHaveLength(204);
  // Three or four wait, one is in the slave's hands.
  expect(await countAlive(refs)).toBeLessThan(10);
});
