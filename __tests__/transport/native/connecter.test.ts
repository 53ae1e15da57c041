// How long a client waits between two attempts.

import { reconnectDelayMs } from '../../../lib/transport/native/connecter';

const RANDOM = [0, 0.25, 0.5, 0.999];

test('without a maximum: the interval and up to as much again, for ever, as libzmq', () => {
  for (const failures of [0, 1, 2, 50]) {
    for (const random of RANDOM) {
      expect(reconnectDelayMs({ reconnectMs: 100, reconnectMaxMs: undefined }, failures, random)).toBe(
        100 + 100 * random,
      );
    }
  }
});

test('with a maximum it doubles with every failure, and never exceeds it', () => {
  const delays = [0, 1, 2, 3, 4, 5, 60].map((failures) =>
    reconnectDelayMs({ reconnectMs: 100, reconnectMaxMs: 800 }, failures, 0),
  );
  expect(delays).toEqual([100, 100, 200, 400, 800, 800, 800]);
  for (const failures of [0, 1, 2, 3, 4, 5, 60]) {
    for (const random of RANDOM) {
      const delay = reconnectDelayMs({ reconnectMs: 100, reconnectMaxMs: 800 }, failures, random);
      expect(delay).toBeGreaterThanOrEqual(100);
      expect(delay).toBeLessThanOrEqual(800);
    }
  }
});

test('at the maximum many clients still do not come at once', () => {
  const delays = RANDOM.map((random) =>
    reconnectDelayMs({ reconnectMs: 100, reconnectMaxMs: 800 }, 20, random),
  );
  expect(new Set(delays).size).toBe(RANDOM.length);
});

test('a maximum below the interval changes nothing', () => {
  expect(reconnectDelayMs({ reconnectMs: 100, reconnectMaxMs: 50 }, 9, 0.5)).toBe(150);
});
