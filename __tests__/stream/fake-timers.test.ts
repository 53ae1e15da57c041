// Stream modules in the tests of a program whose clock stands still: Jest's fake timers, everything faked. Rates, RateDrop
// and the limits of log lines follow that clock on purpose: there it is the time that goes by.

import { pipeline } from 'node:stream/promises';
import { Fifo, Frame, Master, Prbs, RateDrop, Slave, StreamReader, StreamWriter } from '../../lib';
import { fileName, numberedFrame, removeFiles, write } from '../helpers/files';
import { waitFor } from '../helpers/wait';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
  removeFiles();
});

const FRAMES = Array.from({ length: 200 }, (_, i) => numberedFrame(i, 100));

test('Fifo gives up on a slave after lingerMs', async () => {
  const fifo = new Fifo(0);
  fifo.addSlave(() => new Promise(() => undefined));
  for (let i = 0; i < 3; i++) fifo.acceptFrame(new Frame(1));
  await fifo.stop({ lingerMs: 20 });
  expect(fifo.dropCount).toBe(2);
});

test.each([0, 100])('Prbs sends in the background, %d us apart', async (txPeriod) => {
  const [tx, rx] = [new Prbs(), new Prbs()];
  tx.to(rx);
  tx.txPeriod = txPeriod;
  tx.enable(1000);
  await waitFor('frames', () => rx.rxCount > 50);
  await tx.disable();
  expect(rx.rxErrors).toBe(0);
});

test('StreamWriter and StreamReader pass a file through Node streams, and waits for a count end in their time', async () => {
  const [first, second] = [fileName('first.dat'), fileName('second.dat')];
  await write(first, FRAMES);
  const reader = new StreamReader();
  const writer = new StreamWriter();
  await writer.open(second);
  const done = pipeline(reader.readable(), writer.getChannel(0).writable());
  await reader.open(first);
  expect(await writer.waitFrameCount(FRAMES.length, { timeoutMs: 20_000 })).toBe(true);
  expect(await writer.waitFrameCount(FRAMES.length + 1, { timeoutMs: 20 })).toBe(false);
  await done;
  await writer.close();
  await reader.close();
});

test('a readable whose source has failed is destroyed behind its last frame', async () => {
  class Source extends Master {
    fail(): void {
      this.finish(new Error('the source is gone'));
    }
  }
  const source = new Source();
  const readable = source.readable();
  await source.sendFrame(new Frame(1));
  source.fail();
  const seen: unknown[] = [];
  const reading = (async (): Promise<void> => {
    for await (const frame of readable) seen.push(frame);
  })();
  await expect(reading).rejects.toThrow('the source is gone');
  expect(seen).toHaveLength(1);
});

test('RateDrop goes by the clock of the test', async () => {
  const [drop, slave] = [new RateDrop(true, 10), new Slave()];
  drop.to(slave);
  for (let i = 0; i < 5; i++) {
    await drop.acceptFrame(new Frame(1));
    jest.advanceTimersByTime(10_001);
    await drop.acceptFrame(new Frame(1));
  }
  expect(slave.frameCount).toBe(5);
});
