// Memory for payloads: where it lies, that it is used again, that it is given back.

import { MessageChannel } from 'node:worker_threads';
import { Logging } from '../../lib';
import { PayloadPool, type PayloadSlot } from '../../lib/memory/payload-pool';
import { collectLog } from '../helpers/log';
import { waitFor } from '../helpers/wait';

const MEGABYTE = 1_000_000;

afterEach(() => Logging.setSink(undefined));

function takeAll(pool: PayloadPool, sizes: readonly number[]): PayloadSlot[] {
  return sizes.map((size) => pool.take(size)!);
}

test('payloads have the size that was asked for, lie at multiples of 8, and apart from each other', () => {
  const pool = new PayloadPool(false);
  const sizes = Array.from({ length: 400 }, (_, i) => 1 + ((i * 977) % 40_000));
  const slots = takeAll(pool, sizes);
  slots.forEach(({ payload }, i) => payload.fill(i));
  slots.forEach(({ payload }, i) => {
    expect(payload.length).toBe(sizes[i]);
    expect(payload.byteOffset % 8).toBe(0);
    expect(payload.every((byte) => byte === (i & 0xff))).toBe(true);
  });
});

test('what has come back is used again, for any size of its class', () => {
  const pool = new PayloadPool(false);
  for (const [first, next] of [
    [100, 110],
    [MEGABYTE, MEGABYTE - 10],
  ] as const) {
    const slot = pool.take(first)!;
    pool.give(slot);
    const again = pool.take(next)!;
    expect(again).toBe(slot);
    expect(again.payload.length).toBe(next);
  }
  expect(pool.stats).toEqual({ spareBytes: 0, taken: 4, reused: 2, returned: 2 });
});

test('memory of less than its class is not given out for more than it has', () => {
  const pool = new PayloadPool(false);
  pool.give(pool.take(MEGABYTE - 10)!);
  const slot = pool.take(MEGABYTE)!;
  expect(slot.payload.length).toBe(MEGABYTE);
  slot.payload.fill(1);
  expect(pool.stats.reused).toBe(0);
});

test('who asks for an ArrayBuffer of just that size gets one', () => {
  const pool = new PayloadPool(false);
  pool.give(pool.take(MEGABYTE)!);
  expect(pool.take(MEGABYTE - 10, true)!.payload.buffer.byteLength).toBe(MEGABYTE - 10);
  expect(pool.take(MEGABYTE, true)!.payload.buffer.byteLength).toBe(MEGABYTE);
  expect(pool.stats.reused).toBe(1);
});

test('memory that was transferred away is not used again', () => {
  const pool = new PayloadPool(false);
  const slot = pool.take(MEGABYTE)!;
  structuredClone(slot.payload, { transfer: [slot.payload.buffer as ArrayBuffer] });
  pool.give(slot);
  expect(pool.take(MEGABYTE)!.payload.length).toBe(MEGABYTE);
  expect(pool.stats.reused).toBe(0);
});

test('memory that several payloads share cannot be transferred to a worker', () => {
  const pool = new PayloadPool(false);
  const [first, second] = [pool.take(100)!.payload, pool.take(100)!.payload];
  expect(first.buffer).toBe(second.buffer);
  const { port1, port2 } = new MessageChannel();
  try {
    // Node 20 copies what is marked, later ones throw.
    port1.postMessage(first, [first.buffer as ArrayBuffer]);
  } catch (err) {
    expect(String(err)).toContain('DataCloneError');
  }
  port1.close();
  port2.close();
  expect([first.length, second.length]).toEqual([100, 100]);
});

test('nothing is kept for no payload, and for one of more than 64 MiB', () => {
  const pool = new PayloadPool(false);
  expect([pool.take(0), pool.take(2 ** 26 + 1)]).toEqual([undefined, undefined]);
});

test('what is not needed is bounded, and given back after a while', async () => {
  const pool = new PayloadPool(false);
  const slots = takeAll(
    pool,
    Array.from({ length: 200 }, () => MEGABYTE),
  );
  for (const slot of slots) pool.give(slot);
  expect(pool.stats.spareBytes).toBe(134 * MEGABYTE);
  await waitFor(
    'the memory to be given back',
    () => pool.stats.spareBytes === 0,
    30_000,
    () => pool.stats,
  );
  pool.give(pool.take(MEGABYTE)!);
  expect(pool.stats).toMatchObject({ spareBytes: MEGABYTE, reused: 0 });
});

describe('in check mode', () => {
  test('memory is overwritten as it comes back, and waits behind other memory', () => {
    const pool = new PayloadPool(true);
    const slot = pool.take(100)!;
    const { payload } = slot;
    payload.fill(1);
    pool.give(slot);
    expect(payload.every((byte) => byte === 0xa5)).toBe(true);
    expect(pool.take(100)).not.toBe(slot);
  });

  test('a write to memory that came back is said, with the place where its frame was sent', () => {
    const lines = collectLog();
    const pool = new PayloadPool(true);
    const slots = takeAll(
      pool,
      Array.from({ length: 40 }, () => MEGABYTE),
    );
    slots.forEach((slot, i) => {
      slot.place = `place ${i}`;
      pool.give(slot);
    });
    slots[1]!.payload[MEGABYTE - 1] = 0;
    for (let i = 0; i < 3; i++) pool.take(MEGABYTE);
    expect(lines).toEqual([expect.stringMatching(/was written to after its frame was released.*\nplace 1$/)]);
  });
});
