// Splitters as stream modules: order, back-pressure, failures, stop(), and whose the memory is.

import {
  CombinerV1,
  CombinerV2,
  Fifo,
  Filter,
  Frame,
  Logging,
  Master,
  poolStats,
  reqFrame,
  Slave,
  SplitterV1,
  SplitterV2,
  type FrameSlave,
} from '../../../lib';
import { ownedFrame } from '../../../lib/stream/req-frame';
import { rejection } from '../../helpers/errors';
import { collectLevels, collectLog } from '../../helpers/log';
import { testReuse } from '../../helpers/pool';
import { turns, waitFor, waitForEnd } from '../../helpers/wait';

afterEach(() => Logging.setSink(undefined));

/** A V2 super-frame whose records have these bytes as their channels and as all of their data. */
function batchOf(bytes: readonly number[], size = 50): Buffer {
  const combiner = new CombinerV2();
  let batch: Buffer | undefined;
  combiner.to(({ payload }) => (batch = payload));
  for (const byte of bytes) void combiner.acceptFrame(new Frame(Buffer.alloc(size, byte), { channel: byte }));
  void combiner.sendBatch();
  return batch!;
}

const isReleased = (frame: Frame): boolean => {
  try {
    return frame.payload.length < 0;
  } catch (err) {
    return (err as { code?: string }).code === 'ERR_FRAME_RELEASED';
  }
};

/** A slave that takes each frame when the test says so. */
class Turnstile implements FrameSlave {
  readonly retainsFrames = true;
  readonly frames: Frame[] = [];
  private readonly waiting: { accept: () => void; fail: (err: Error) => void }[] = [];

  acceptFrame(frame: Frame): Promise<void> {
    this.frames.push(frame);
    return new Promise((accept, fail) => this.waiting.push({ accept, fail }));
  }

  get channels(): number[] {
    return this.frames.map(({ channel }) => channel);
  }

  /** Lets the oldest frame in; waits for the next one. */
  async next(error?: Error): Promise<void> {
    const { accept, fail } = this.waiting.shift()!;
    if (error === undefined) accept();
    else fail(error);
    await turns();
  }
}

describe('records', () => {
  test('are views of the super-frame: nothing is copied', async () => {
    const [source, splitter] = [new Master(), new SplitterV2()];
    const got: Frame[] = [];
    source.to(splitter).to((frame) => got.push(frame));
    const payload = batchOf([1, 2, 3]);
    await source.sendFrame(new Frame(payload, { channel: 9, flags: 0x1234 }));
    expect(got.map(({ size }) => size)).toEqual([50, 50, 50]);
    payload[2] = 77;
    expect(got[0]!.payload[0]).toBe(77);
    expect(got.every((frame) => frame.payload.buffer === payload.buffer)).toBe(true);
    expect(got[1]!.payload).toBe(got[1]!.payload);
    expect([splitter.frameCount, splitter.byteCount, splitter.dropCount]).toEqual([1, payload.length, 0]);
  });

  test('have frames of their own, which slaves may change and clone', async () => {
    const [source, splitter] = [new Master(), new SplitterV2()];
    const [first, second]: [number[], Frame[]] = [[], []];
    source.to(splitter).to((frame) => first.push(frame.channel));
    splitter.to((frame) => {
      second.push(frame.clone());
      frame.channel += 100;
    });
    await source.sendFrame(new Frame(batchOf([1, 2])));
    expect(first).toEqual([101, 102]);
    expect(second.map(({ channel, payload }) => [channel, payload[49]])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('of batches within batches come out of a splitter behind a splitter', async () => {
    const outer = new CombinerV1(3);
    const batches: Frame[] = [];
    outer.to((frame) => batches.push(frame));
    for (const bytes of [[1, 2], [3], [4, 5, 6]]) await outer.acceptFrame(new Frame(batchOf(bytes)));
    await outer.sendBatch();
    const [source, splitter] = [new Master(), new SplitterV1()];
    const got: number[][] = [];
    source
      .to(splitter)
      .to(new SplitterV2())
      .to(({ channel, payload }) => got.push([channel, payload[49]!, payload.length]));
    await source.sendFrame(batches[0]!);
    expect(got).toEqual([1, 2, 3, 4, 5, 6].map((byte) => [byte, byte, 50]));
  });

  test('a splitter without slaves sends into nothing, and still tells damaged batches', async () => {
    collectLog();
    const splitter = new SplitterV2();
    await splitter.acceptFrame(new Frame(batchOf([1])));
    await splitter.acceptFrame(new Frame(batchOf([1]).subarray(1)));
    expect(splitter.dropCount).toBe(1);
    splitter.clearCount();
    expect(splitter.dropCount).toBe(0);
  });
});

describe('the log', () => {
  test('has at most ten lines of a kind in ten seconds; all are counted', async () => {
    const lines = collectLevels();
    const splitter = new SplitterV1();
    for (let i = 0; i < 40; i++) {
      await splitter.acceptFrame(new Frame(3));
      await splitter.acceptFrame(new Frame(16));
    }
    expect(lines.filter((line) => line === 'Warning Dropping small frame size = 3')).toHaveLength(10);
    expect(lines.filter((line) => line === 'Error Version mismatch. Got 0')).toHaveLength(10);
    expect([lines.length, splitter.dropCount]).toEqual([20, 80]);
  });
});

describe('back-pressure', () => {
  test('a slave gets the next record when it has taken the one before', async () => {
    const [source, splitter, slave] = [new Master(), new SplitterV2(), new Turnstile()];
    source.to(splitter).to(slave);
    let accepted = false;
    const sent = source.sendFrame(new Frame(batchOf([1, 2, 3]))).then(() => (accepted = true));
    await turns();
    expect(slave.channels).toEqual([1]);
    await slave.next();
    expect(slave.channels).toEqual([1, 2]);
    await slave.next();
    expect([slave.channels, accepted]).toEqual([[1, 2, 3], false]);
    await slave.next();
    await sent;
    expect(accepted).toBe(true);
  });

  test('nothing waits on a promise where every slave accepts at once', () => {
    const splitter = new SplitterV2();
    const got: number[] = [];
    splitter.to(({ channel }) => void got.push(channel));
    expect(splitter.acceptFrame(new Frame(batchOf([1, 2, 3])))).toBeUndefined();
    expect(got).toEqual([1, 2, 3]);
  });

  test('super-frames that come meanwhile wait their turn, and settle each for itself', async () => {
    const log = collectLog();
    const [splitter, slave] = [new SplitterV2(), new Turnstile()];
    splitter.to(slave);
    const settled: number[] = [];
    const frames = [batchOf([1, 2]), batchOf([3]).subarray(2), batchOf([4]), batchOf([5])];
    const sent = frames.map((payload, i) =>
      Promise.resolve(splitter.acceptFrame(new Frame(payload))).then(() => settled.push(i)),
    );
    await turns();
    expect([slave.channels, splitter.dropCount]).toEqual([[1], 0]);
    await slave.next();
    await slave.next();
    expect([slave.channels, new Set(settled), splitter.dropCount]).toEqual([[1, 2, 4], new Set([0, 1]), 1]);
    expect(log).toEqual(['Version mismatch. Got 3']);
    await slave.next();
    await slave.next();
    await Promise.all(sent);
    expect([slave.channels, new Set(settled)]).toEqual([[1, 2, 4, 5], new Set([0, 1, 2, 3])]);
  });

  test('a super-frame that a slave sends while it takes a record comes behind the others', async () => {
    const [source, splitter] = [new Master(), new SplitterV2()];
    source.to(splitter);
    const got: number[] = [];
    const sent: Promise<void>[] = [];
    splitter.to(({ channel }) => {
      got.push(channel);
      if (channel === 1) sent.push(source.sendFrame(new Frame(batchOf([7, 8]))));
    });
    await source.sendFrame(new Frame(batchOf([1, 2])));
    await Promise.all(sent);
    expect([got, sent.length]).toEqual([[1, 2, 7, 8], 1]);
  });
});

describe('a slave that fails', () => {
  test.each([
    ['throws', 'at once'],
    ['rejects', 'later'],
  ])('and %s %s keeps no other record from anyone', async (how) => {
    const [source, splitter] = [new Master(), new SplitterV2()];
    const got: number[] = [];
    splitter.to(({ channel }) => void got.push(channel));
    splitter.to(({ channel }) => {
      if (channel !== 2) return undefined;
      if (how === 'throws') throw new Error('no room');
      return turns().then(() => Promise.reject(new Error('no room')));
    });
    source.to(splitter);
    expect(await rejection(source.sendFrame(new Frame(batchOf([1, 2, 3]))))).toMatchObject({
      message: 'no room',
    });
    expect([got, splitter.dropCount]).toEqual([[1, 2, 3], 0]);
    // The next one is not affected.
    await source.sendFrame(new Frame(batchOf([4])));
    expect(got).toEqual([1, 2, 3, 4]);
  });

  test('on several records is told once for each kind of failure', async () => {
    const splitter = new SplitterV2();
    splitter.to(({ channel }) => {
      throw new Error(`no room for ${channel < 100 ? channel % 3 : channel}`);
    });
    const channels = Array.from({ length: 200 }, (_, i) => i);
    const err = (await rejection(splitter.acceptFrame(new Frame(batchOf(channels))))) as AggregateError;
    expect(err).toBeInstanceOf(AggregateError);
    expect(err.message).toBe('slaves failed to accept 200 of 200 records');
    expect(err.errors.map(({ message }: Error) => message)).toEqual(
      [0, 1, 2, 100, 101, 102, 103, 104, 105, 106].map((i) => `no room for ${i}`),
    );
  });

  test('because it is not a frame, or one whose memory is gone: the sender is told', async () => {
    const splitter = new SplitterV1();
    expect(() => splitter.acceptFrame(batchOf([1]) as never)).toThrow(TypeError);
    const frame = reqFrame(100);
    frame.release();
    expect(() => splitter.acceptFrame(frame)).toThrow('retain() or clone()');
    const source = new Master();
    source.to(splitter);
    expect(await rejection(source.sendFrame(frame))).toMatchObject({ code: 'ERR_FRAME_RELEASED' });
  });
});

test('a slave that transfers the memory of a record away: the others are not lost in silence', async () => {
  const [source, splitter] = [new Master(), new SplitterV2()];
  const got: number[] = [];
  source.to(splitter).to((frame) => {
    got.push(frame.channel);
    const { payload } = frame;
    if (frame.channel === 2) structuredClone(payload, { transfer: [payload.buffer as ArrayBuffer] });
  });
  const bytes = batchOf([1, 2, 3, 4]);
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  expect(await rejection(source.sendFrame(new Frame(own)))).toMatchObject({
    code: 'ERR_PAYLOAD_DETACHED',
    message: expect.stringContaining('2 of 4 were not passed on') as string,
  });
  expect([got, splitter.dropCount]).toEqual([[1, 2], 1]);
  await source.sendFrame(new Frame(batchOf([5])));
  expect(got).toEqual([1, 2, 5]);
});

test('a record that was never looked at is empty once its memory was transferred away', async () => {
  const splitter = new SplitterV2();
  const kept: Frame[] = [];
  splitter.to((frame) => kept.push(frame));
  const own = Buffer.allocUnsafeSlow(batchOf([1, 2]).length);
  batchOf([1, 2]).copy(own);
  await splitter.acceptFrame(new Frame(own));
  structuredClone(own, { transfer: [own.buffer] });
  expect(kept.map(({ payload }) => payload.length)).toEqual([0, 0]);
});

describe('stop()', () => {
  test('lets senders go, drops and counts what no slave was given, and says so', async () => {
    const log = collectLog();
    const [splitter, slave] = [new SplitterV2(), new Turnstile()];
    splitter.to(slave);
    const sent = [[1, 2, 3], [4], [5]].map((bytes) => splitter.acceptFrame(new Frame(batchOf(bytes))));
    await splitter.stop();
    await waitForEnd('the senders', Promise.all(sent));
    expect([slave.channels, splitter.dropCount]).toEqual([[1], 3]);
    expect(log).toEqual([
      '2 records of a super-frame dropped: stop() came before the slaves had taken them',
      '2 super-frames dropped: stop() came before the slaves had taken them',
    ]);
    // The record under way is the slave's; no other comes behind it.
    await slave.next();
    await splitter.acceptFrame(new Frame(batchOf([6])));
    await splitter.stop();
    expect([slave.channels, splitter.dropCount, log.length]).toEqual([[1], 4, 2]);
  });

  test('from within a slave ends the batch', async () => {
    collectLog();
    const splitter = new SplitterV2();
    const got: number[] = [];
    splitter.to(({ channel }) => {
      got.push(channel);
      if (channel === 2) void splitter.stop();
    });
    await splitter.acceptFrame(new Frame(batchOf([1, 2, 3, 4])));
    expect([got, splitter.dropCount]).toEqual([[1, 2], 1]);
  });

  test('what a slave fails with afterwards is in the log', async () => {
    const log = collectLog();
    const [splitter, slave] = [new SplitterV2(), new Turnstile()];
    splitter.to(slave);
    const sent = splitter.acceptFrame(new Frame(batchOf([1])));
    await splitter.stop();
    await sent;
    await slave.next(new Error('no room'));
    expect(log).toEqual(['A frame that was under way at stop() was not accepted: no room']);
    expect(splitter.dropCount).toBe(0);
  });
});

describe.each([
  ['of the pool that slaves keep', ownedFrame],
  ['of reqFrame', reqFrame],
])('a super-frame in memory %s', (_, make) => {
  const SIZES = [100, 5_000];
  const pooled = (bytes: readonly number[], size: number): Frame => {
    const batch = batchOf(bytes, size);
    const frame = make(batch.length);
    batch.copy(frame.payload);
    return frame;
  };
  const promising = (acceptFrame: (frame: Frame) => void): FrameSlave => ({
    retainsFrames: true,
    acceptFrame,
  });

  test.each(SIZES)(
    'records of %d bytes: goes back when every record is done, and no earlier',
    async (size) => {
      const [source, splitter] = [new Master(), new SplitterV2()];
      const kept: Frame[] = [];
      source.to(splitter).to(promising((frame) => frame.channel !== 2 && kept.push(frame.retain())));
      const frame = pooled([1, 2, 3], size);
      const { returned } = poolStats();
      await source.sendFrame(frame);
      expect([isReleased(frame), poolStats().returned - returned]).toEqual([false, 0]);
      // Others get memory meanwhile.
      for (let i = 0; i < 50; i++) await source.sendFrame(pooled([2, 2, 2], size));
      expect(kept.map(({ payload }) => [...new Set(payload)])).toEqual([[1], [3]]);
      kept[0]!.release();
      kept[0]!.release();
      expect([isReleased(kept[0]!), isReleased(kept[1]!), isReleased(frame)]).toEqual([true, false, false]);
      expect(kept[1]!.payload[size - 1]).toBe(3);
      kept[1]!.release();
      expect([isReleased(kept[1]!), isReleased(frame)]).toEqual([true, true]);
      expect(poolStats().returned - returned).toBe(51);
      expect(() => kept[1]!.payload).toThrow(`the payload of this frame (${size} bytes) is gone`);
      expect(kept[1]!.size).toBe(size);
    },
  );

  test.each(SIZES)('records of %d bytes wait for a slow slave, and stay as they are', async (size) => {
    const [source, splitter, slave] = [new Master(), new SplitterV2(), new Turnstile()];
    source.to(splitter).to(slave);
    const sent = [
      [1, 2],
      [3, 4],
    ].map((bytes) => source.sendFrame(pooled(bytes, size)));
    for (const byte of [1, 2, 3, 4]) {
      await waitFor(`record ${byte}`, () => slave.frames.length === byte);
      expect([...new Set(slave.frames.at(-1)!.payload)]).toEqual([byte]);
      await slave.next();
      expect(isReleased(slave.frames[byte - 1]!)).toBe(true);
    }
    await Promise.all(sent);
  });

  test('is kept by modules behind the splitter, which may stop before their slaves are done', async () => {
    const [source, splitter, filter, slave] = [
      new Master(),
      new SplitterV2(),
      new Filter(false, 1),
      new Turnstile(),
    ];
    source.to(splitter).to(filter).to(slave);
    const frame = pooled([1, 2], 5_000);
    const sent = source.sendFrame(frame);
    await filter.stop();
    await sent;
    expect(isReleased(frame)).toBe(false);
    expect(slave.frames[0]!.payload[4_999]).toBe(1);
    await slave.next();
    expect(isReleased(frame)).toBe(true);
  });

  test('waits in a Fifo without being copied', async () => {
    const [source, splitter, fifo, slave] = [
      new Master(),
      new SplitterV2(),
      new Fifo(0, 0, true),
      new Turnstile(),
    ];
    source.to(splitter).to(fifo).to(slave);
    const frame = pooled([1, 2, 3], 5_000);
    await source.sendFrame(frame);
    expect([fifo.size, isReleased(frame)]).toEqual([2, false]);
    for (const byte of [1, 2, 3]) {
      expect([...new Set(slave.frames.at(-1)!.payload)]).toEqual([byte]);
      await slave.next();
    }
    expect(isReleased(frame)).toBe(true);
  });

  test('goes back when it is dropped, and when stop() drops the rest of it', async () => {
    collectLog();
    const [source, splitter, slave] = [new Master(), new SplitterV2(), new Turnstile()];
    source.to(splitter).to(slave);
    const damaged = make(100);
    damaged.payload.fill(0);
    await source.sendFrame(damaged);
    expect(isReleased(damaged)).toBe(true);
    const frames = [pooled([1, 2], 100), pooled([3], 100)];
    const sent = frames.map((frame) => source.sendFrame(frame));
    await splitter.stop();
    await Promise.all(sent);
    expect(frames.map(isReleased)).toEqual([false, true]);
    await slave.next();
    expect(frames.map(isReleased)).toEqual([true, true]);
  });

  test('is whole when its turn comes, whatever its sender releases meanwhile', async () => {
    const [splitter, slave] = [new SplitterV2(), new Turnstile()];
    splitter.to(slave);
    const frames = [pooled([1], 100), pooled([2], 100)];
    const sent = frames.map((frame) => splitter.acceptFrame(frame));
    for (const frame of frames) frame.release();
    await slave.next();
    expect(slave.frames[1]!.payload[99]).toBe(2);
    await slave.next();
    await Promise.all(sent);
    expect(frames.map(isReleased)).toEqual([true, true]);
  });

  test('is whole to the last record where its sender keeps nothing', async () => {
    const splitter = new SplitterV2();
    const got: number[] = [];
    splitter.to(promising(({ payload }) => got.push(payload[99]!)));
    const frame = pooled([1, 2, 3], 100);
    await splitter.acceptFrame(frame);
    expect([got, isReleased(frame)]).toEqual([[1, 2, 3], true]);
  });

  testReuse('is used again at once by slaves that keep nothing', async () => {
    const [source, splitter] = [new Master(), new SplitterV2()];
    source.to(splitter).to(promising(({ payload }) => expect(payload[0]).toBeDefined()));
    const { reused } = poolStats();
    for (let i = 0; i < 10; i++) await source.sendFrame(pooled([1, 2, 3], 20_000));
    expect(poolStats().reused - reused).toBeGreaterThanOrEqual(9);
  });
});

test('records of a super-frame from reqFrame are lent to slaves, as the super-frame itself would be', async () => {
  const [source, splitter] = [new Master(), new SplitterV2()];
  const kept: Frame[] = [];
  source.to(splitter).to((frame) => kept.push(frame.channel === 2 ? frame.retain() : frame));
  const bytes = batchOf([1, 2, 3], 1_000);
  const frame = reqFrame(bytes.length);
  bytes.copy(frame.payload);
  await source.sendFrame(frame);
  expect(kept.map(isReleased)).toEqual([true, false, true]);
  kept[1]!.release();
  expect([isReleased(kept[1]!), isReleased(frame)]).toEqual([true, true]);
});

test('records of a received super-frame are their slaves’, who may keep them without a word', async () => {
  const [source, splitter] = [new Master(), new SplitterV2()];
  const kept: Frame[] = [];
  source.to(splitter).to((frame) => kept.push(frame));
  splitter.to(new Slave());
  const bytes = batchOf([1, 2, 3], 1_000);
  const frame = ownedFrame(bytes.length);
  bytes.copy(frame.payload);
  await source.sendFrame(frame);
  for (let i = 0; i < 50; i++) {
    const other = ownedFrame(bytes.length);
    other.payload.fill(9);
    other.release();
  }
  expect(kept.map(({ payload }) => [...new Set(payload)])).toEqual([[1], [2], [3]]);
  for (const record of kept) record.release();
  // The Slave beside it has not released them.
  expect([isReleased(frame), ...kept.map(isReleased)]).toEqual([false, false, false, false]);
});
