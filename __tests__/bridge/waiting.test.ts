// Waiting for a peer leaves nothing behind.

import { getEventListeners } from 'node:events';
import { makePair, stopBridges } from '../helpers/bridges';
import { collectGarbage } from '../helpers/gc';

afterEach(stopBridges);

test('waitForPeer on a connected bridge keeps nothing, however often it is called', async () => {
  const { server } = await makePair();
  const controller = new AbortController();
  const { signal } = controller;
  const wait = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await server.waitForPeer({ signal, timeoutMs: 60_000 });
  };
  await wait(2_000);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const times = 30_000;
  await wait(times);
  collectGarbage();
  // 58 bytes a call were kept once.
  expect((process.memoryUsage().heapUsed - before) / times).toBeLessThan(30);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('waitForPeer refuses a signal that is none', async () => {
  const { server } = await makePair();
  await expect(server.waitForPeer({ signal: {} as AbortSignal })).rejects.toThrow('must be an AbortSignal');
});
