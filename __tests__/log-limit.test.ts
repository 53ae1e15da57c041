// Log lines that come over and over are bounded, and what is left out is told.

import { Frame, Logging, Prbs, Slave } from '../lib';
import { LogLimit } from '../lib/log-limit';
import { Fifo } from '../lib/stream/fifo';
import { collectLog } from './helpers/log';

afterEach(() => {
  jest.useRealTimers();
  Logging.setSink(undefined);
});

test('so many a period, then a line that says how many were left out', () => {
  jest.useFakeTimers();
  const lines: string[] = [];
  const limit = new LogLimit((text) => lines.push(text), 3);
  for (let i = 0; i < 10; i++) limit.note(`line ${i}`);
  expect(lines).toEqual(['line 0', 'line 1', 'line 2']);
  jest.advanceTimersByTime(9_999);
  limit.note('line 10');
  expect(lines).toHaveLength(3);
  jest.advanceTimersByTime(1);
  limit.note('line 11');
  limit.note('line 12');
  expect(lines.slice(3)).toEqual(['line 11 (and 8 more like it before, not logged)', 'line 12']);
});

test('of a slave behind a Fifo that throws, and of a PRBS checker that gets noise, at every frame', async () => {
  Logging.setFilter('prbs.rx', Logging.Warning);
  const lines = collectLog();
  class Thrower extends Slave {
    override acceptFrame(): Promise<void> {
      return Promise.reject(new Error('no'));
    }
  }
  const fifo = new Fifo(0, 0, false);
  fifo.to(new Thrower());
  for (let i = 0; i < 100; i++) fifo.acceptFrame(new Frame(5));
  await fifo.stop();
  expect(lines).toHaveLength(10);
  const prbs = new Prbs();
  for (let i = 0; i < 100; i++) void prbs.acceptFrame(new Frame(5));
  expect(prbs.rxErrors).toBe(100);
  expect(lines).toHaveLength(20);
});
