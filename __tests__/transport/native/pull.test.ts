// The receiving end alone: what it keeps of what it has handed over.

import type { Connection } from '../../../lib/transport/native/connection';
import { PullEnd } from '../../../lib/transport/native/pull';
import { countAlive } from '../../helpers/gc';

test.each([
  [true, [0, 1, 2, 3, 10, 11]],
  [false, [0, 1, 10, 2, 11, 3]],
])(
  'with one peer at a time (%s) what a connection left comes before the next one',
  async (onePeer, order) => {
    const gates: (() => void)[] = [];
    const seen: number[] = [];
    const frame = (payload: Buffer): Promise<void> => {
      seen.push(payload[0]!);
      return new Promise((resolve) => gates.push(resolve));
    };
    const pull = new PullEnd(100, { frame, malformed: () => undefined }, onePeer);
    pull.start();
    const arrive = (connection: object, ...numbers: number[]): void => {
      for (const number of numbers) pull.frame(connection as Connection, Buffer.of(number), 0, 0, 0);
    };
    const first = { ready: true };
    const second = { ready: true };
    arrive(first, 0, 1, 2);
    first.ready = false;
    pull.left(first as unknown as Connection, () => undefined);
    arrive(second, 10, 11);
    // What it held back is decoded after its end.
    arrive(first, 3);
    while (seen.length < 6) {
      gates.shift()!();
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(seen).toEqual(order);
  },
);

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
