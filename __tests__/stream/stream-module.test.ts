// A stream module of one's own, and waiting for frames at anything that takes them.

import { Filter, Frame, Master, Prbs, Slave, StreamModule } from '../../lib';
import { Collector, makePair, stopBridges } from '../helpers/bridges';

afterEach(stopBridges);

/** Passes on every second frame, twice, the second time without its payload's first byte. */
class Doubler extends StreamModule {
  protected override async pass(frame: Frame): Promise<void> {
    if (frame.channel % 2 === 0) {
      this.drop();
      return;
    }
    await this.deliver(frame);
    await this.sendFrame(new Frame(frame.payload.subarray(1), frame));
  }
}

test('a subclass says what becomes of a frame; the rest is there', async () => {
  const source = new Master();
  const doubler = source.to(new Doubler());
  const collector = doubler.to(new Collector());
  for (let channel = 0; channel < 4; channel++)
    await source.sendFrame(new Frame(Buffer.of(7, channel), { channel }));
  expect(collector.frames.map(({ payload }) => [...payload])).toEqual([[7, 1], [1], [7, 3], [3]]);
  expect([doubler.frameCount, doubler.byteCount, doubler.dropCount]).toEqual([4, 8, 2]);
  await doubler.stop();
  await source.sendFrame(new Frame(Buffer.of(7, 1), { channel: 1 }));
  expect([collector.frames.length, doubler.dropCount]).toEqual([4, 3]);
});

test('waitFrameCount: of a slave, a module, a Prbs and a bridge; false where no more will come', async () => {
  const source = new Master();
  const { server, client } = await makePair();
  const prbs = new Prbs();
  const slaves = [
    source.to(new Slave()),
    source.to(new Filter(false, 0)),
    client.to(prbs),
    source.to(server),
  ];
  const counts = [1, 2].map((count) =>
    slaves.map((slave) => slave.waitFrameCount(count, { timeoutMs: 20_000 })),
  );
  for (let i = 0; i < 2; i++) await source.sendFrame(new Frame(8));
  for (const waits of counts) expect(await Promise.all(waits)).toEqual([true, true, true, true]);
  expect(await Promise.all(slaves.map((slave) => slave.waitFrameCount(2)))).toEqual([true, true, true, true]);
  expect(await slaves[0]!.waitFrameCount(3, { timeoutMs: 1 })).toBe(false);
  const ending = slaves.slice(1).map((slave) => slave.waitFrameCount(3));
  await Promise.all([slaves[1] as Filter, prbs, server].map((slave) => slave.stop()));
  expect(await Promise.all(ending)).toEqual([false, false, false]);
  expect(await slaves[1]!.waitFrameCount(3)).toBe(false);
});

test.each<[what: string, args: unknown[], message: string]>([
  ['a count that is none', [-1], 'count is -1, but must be'],
  ['a misspelt option', [1, { timeout: 1 }], "'timeout'"],
])('waitFrameCount refuses %s', async (_what, args, message) => {
  await expect(new Slave().waitFrameCount(...(args as [number]))).rejects.toThrow(message);
});
