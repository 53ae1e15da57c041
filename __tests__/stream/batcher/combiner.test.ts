// Combiners as stream modules: what waits, what is sent, what is refused, and whose the memory is.

import {
  CombinerV1,
  CombinerV2,
  Frame,
  Logging,
  Master,
  poolStats,
  reqFrame,
  SplitterV1,
  SplitterV2,
  type CombinerOptions,
  type StreamModule,
} from '../../../lib';
import { splitterOf } from '../../helpers/batches';
import { rejection } from '../../helpers/errors';
import { collectLog } from '../../helpers/log';
import { testReuse } from '../../helpers/pool';
import { makeGate, turns } from '../../helpers/wait';

afterEach(() => Logging.setSink(undefined));

type Combiner = Pick<CombinerV1, 'acceptFrame' | 'count' | 'sendBatch' | 'to'>;

const frameOf = (channel: number, size = 20): Frame => new Frame(Buffer.alloc(size, channel), { channel });

/** A combiner and what it has sent, taken apart again. */
function makeCombiner(options?: CombinerOptions): {
  combiner: CombinerV2;
  batches: Frame[];
  records: () => Promise<number[][]>;
} {
  const combiner = new CombinerV2(options);
  const batches: Frame[] = [];
  combiner.to((frame) => batches.push(frame));
  const records = async (): Promise<number[][]> => {
    const got: number[][] = [];
    const splitter = new SplitterV2();
    splitter.to(({ channel, payload }) => got.push([channel, payload.length, payload[0] ?? 0]));
    for (const frame of batches) await splitter.acceptFrame(frame);
    return got;
  };
  return { combiner, batches, records };
}

test('frames wait for sendBatch, which sends them in order; without any it does nothing', async () => {
  const { combiner, batches, records } = makeCombiner();
  await combiner.sendBatch();
  for (const channel of [3, 1, 2]) expect(combiner.acceptFrame(frameOf(channel))).toBeUndefined();
  expect([combiner.count, combiner.frameCount, combiner.byteCount, batches.length]).toEqual([3, 3, 60, 0]);
  await combiner.sendBatch();
  await combiner.sendBatch();
  expect([combiner.count, batches.length, combiner.dropCount]).toEqual([0, 1, 0]);
  expect(await records()).toEqual([
    [3, 20, 3],
    [1, 20, 1],
    [2, 20, 2],
  ]);
  // The first one is number 0.
  expect([...batches[0]!.payload.subarray(0, 2)]).toEqual([2, 0]);
});

test('the sequence number goes from 255 to 0', async () => {
  const { combiner, batches } = makeCombiner();
  for (let i = 0; i < 300; i++) {
    await combiner.acceptFrame(frameOf(1));
    await combiner.sendBatch();
  }
  expect(batches.map(({ payload }) => payload[1])).toEqual(Array.from({ length: 300 }, (_, i) => i % 256));
});

test('empty frames become records without data, and the error field is lost', async () => {
  const combiner = new CombinerV1(0);
  const got: unknown[] = [];
  combiner
    .to(new SplitterV1())
    .to(({ size, channel, flags, error }) => got.push([size, channel, flags, error]));
  for (const channel of [1, 2]) {
    await combiner.acceptFrame(new Frame(0, { channel, flags: 0x0201, error: 7 }));
  }
  await combiner.sendBatch();
  expect(got).toEqual([
    [0, 1, 0x0201, 0],
    [0, 2, 0x0201, 0],
  ]);
});

test('sendBatch settles when the slaves have accepted, and rejects with what they failed with', async () => {
  const [combiner, gate] = [new CombinerV2(), makeGate()];
  combiner.to(() => gate.opened);
  await combiner.acceptFrame(frameOf(1));
  let settled = false;
  const sent = combiner.sendBatch().then(() => (settled = true));
  await turns();
  expect([settled, combiner.count]).toEqual([false, 0]);
  gate.open();
  await sent;
  combiner.to(() => {
    throw new Error('no room');
  });
  await combiner.acceptFrame(frameOf(2));
  expect(await rejection(combiner.sendBatch())).toMatchObject({ message: 'no room' });
  expect(combiner.count).toBe(0);
});

/** A combiner and the splitter for what it sends; V2 without a width. */
function makePair(width?: number): { combiner: Combiner; splitter: StreamModule; got: number[] } {
  const combiner: Combiner = width === undefined ? new CombinerV2() : new CombinerV1(width);
  const splitter = splitterOf(width === undefined ? 2 : 1);
  const got: number[] = [];
  combiner.to(splitter).to(({ size }) => got.push(size));
  return { combiner, splitter, got };
}

describe('a batch that every splitter would drop', () => {
  test.each([
    [0, 4, 'a batch of 14 bytes was not sent: splitters drop fewer than 16'],
    [0, 0, 'a batch of 10 bytes was not sent: splitters drop fewer than 16'],
    [1, 0, 'a batch of 12 bytes was not sent: splitters drop fewer than 16'],
    [undefined, 0, 'a batch of 9 bytes was not sent: splitters drop fewer than 10'],
  ])(
    'width %p, one record of %d bytes: is refused, and goes with the next frame',
    async (width, size, text) => {
      const { combiner, splitter, got } = makePair(width);
      await combiner.acceptFrame(frameOf(1, size));
      const err = await rejection(combiner.sendBatch());
      expect(err).toMatchObject({ code: 'ERR_BATCH_TOO_SMALL' });
      expect(err.message).toContain(text);
      expect(err.message.includes('a larger width')).toBe(width !== undefined);
      expect([combiner.count, got]).toEqual([1, []]);
      await combiner.acceptFrame(frameOf(2, size));
      await combiner.sendBatch();
      expect([combiner.count, got, splitter.dropCount]).toEqual([0, [size, size], 0]);
    },
  );

  test.each([
    [0, 5],
    [1, 1],
    [2, 0],
    [undefined, 1],
  ])('width %p, one record of %d bytes: is not one of them', async (width, size) => {
    const { combiner, splitter, got } = makePair(width);
    await combiner.acceptFrame(frameOf(1, size));
    await combiner.sendBatch();
    expect([got, splitter.dropCount]).toEqual([[size], 0]);
  });
});

test('a frame that does not fit is refused, stays its sender’s, and fits into the next batch', async () => {
  // 2 bytes of header, 27 for each record.
  const { combiner, batches, records } = makeCombiner({ maxBytes: 56 });
  const source = new Master();
  source.to(combiner);
  for (const channel of [1, 2]) await source.sendFrame(frameOf(channel));
  const err = await rejection(source.sendFrame(frameOf(3)));
  expect(err).toMatchObject({
    code: 'ERR_FRAME_TOO_LARGE',
    message:
      'a frame of 20 bytes would make a batch of 83 bytes with the 2 that wait, more than 56: call sendBatch() first',
  });
  expect(combiner.count).toBe(2);
  await combiner.sendBatch();
  await source.sendFrame(frameOf(3));
  await combiner.sendBatch();
  expect(batches.map(({ size }) => size)).toEqual([56, 29]);
  expect((await records()).map(([channel]) => channel)).toEqual([1, 2, 3]);
  expect((await rejection(source.sendFrame(frameOf(4, 48)))).message).toMatch(
    /more than 56: a larger maxBytes$/,
  );
});

test('stop() drops what waits, counts it, and says so', async () => {
  const log = collectLog();
  const { combiner, batches } = makeCombiner();
  for (const channel of [1, 2]) await combiner.acceptFrame(frameOf(channel));
  await combiner.stop();
  await combiner.acceptFrame(frameOf(3));
  await combiner.sendBatch();
  expect([combiner.count, combiner.dropCount, batches]).toEqual([0, 3, []]);
  expect(log).toEqual(['2 frames dropped: stop() came before sendBatch()']);
});

test('a frame is referenced until sendBatch: its own changes count', async () => {
  const { combiner, records } = makeCombiner();
  const frame = frameOf(1);
  await combiner.acceptFrame(frame);
  frame.channel = 5;
  frame.payload.fill(5);
  await combiner.sendBatch();
  frame.payload.fill(9);
  expect(await records()).toEqual([[5, 20, 5]]);
});

test('a frame whose payload is transferred away before sendBatch is left out, counted and logged', async () => {
  const log = collectLog();
  const { combiner, records } = makeCombiner();
  const own = Buffer.allocUnsafeSlow(20).fill(2);
  for (const frame of [frameOf(1), new Frame(own, { channel: 2 }), frameOf(3)])
    await combiner.acceptFrame(frame);
  structuredClone(own, { transfer: [own.buffer] });
  await combiner.sendBatch();
  expect((await records()).map(([channel]) => channel)).toEqual([1, 3]);
  expect([combiner.dropCount, log]).toEqual([
    1,
    [
      '1 of 3 frames dropped: their payloads were transferred away before sendBatch(); give a worker frame.clone()',
    ],
  ]);
});

test('frames of the pool are kept until sendBatch, and go back then', async () => {
  const { combiner, records } = makeCombiner();
  const source = new Master();
  source.to(combiner);
  const { taken, returned } = poolStats();
  for (const byte of [1, 2, 3]) {
    const frame = reqFrame(5_000, { channel: byte });
    frame.payload.fill(byte);
    await source.sendFrame(frame);
  }
  expect(poolStats().returned - returned).toBe(0);
  await combiner.sendBatch();
  expect([poolStats().taken - taken, poolStats().returned - returned]).toEqual([4, 3]);
  expect(await records()).toEqual([1, 2, 3].map((byte) => [byte, 5_000, byte]));
});

testReuse('batches lie in memory that is used again', async () => {
  const [source, combiner] = [new Master(), new CombinerV1(3)];
  source
    .to(combiner)
    .to({ retainsFrames: true, acceptFrame: ({ payload }) => expect(payload[0]).toBe(0x31) });
  const { reused } = poolStats();
  for (let i = 0; i < 10; i++) {
    for (const channel of [1, 2]) await source.sendFrame(frameOf(channel, 10_000));
    await combiner.sendBatch();
  }
  expect(poolStats().reused - reused).toBeGreaterThanOrEqual(9);
});

test.each([0, 1, 2, 3, 4, 5])(
  'width %d: memory that was used before leaves no trace in the padding',
  async (width) => {
    const used = reqFrame(1_000);
    used.payload.fill(0xff);
    used.release();
    const combiner = new CombinerV1(width);
    let sum = 0;
    combiner.to(({ payload }) => (sum = payload.reduce((total, byte) => total + byte, 0)));
    await combiner.acceptFrame(frameOf(1, 5));
    await combiner.sendBatch();
    // Version and width, five ones, and the tail: size 5, channel 1, width.
    expect(sum).toBe(1 + 16 * width + 5 + 5 + 1 + width);
  },
);

test.each([
  [
    6,
    RangeError,
    'batcher::CombinerV1::CombinerV1: General Error: Invalid width 6: width must be a whole number',
  ],
  [-1, RangeError, 'Invalid width -1'],
  [1.5, RangeError, 'Invalid width 1.5'],
  ['2', TypeError, "width is '2', but must be a whole number from 0 to 5"],
])('refuses the width %p', (width, type, message) => {
  expect(() => new CombinerV1(width as number)).toThrow(type);
  expect(() => new CombinerV1(width as number)).toThrow(message);
});

test.each([
  [
    { maxBytes: 2 ** 32 },
    RangeError,
    'maxBytes is 4294967296, but must be a whole number from 10 to 4294967295',
  ],
  [{ maxByte: 3 }, TypeError, "unknown option 'maxByte' in the options of CombinerV2"],
])('refuses the options %p', (options, type, message) => {
  expect(() => new CombinerV2(options as CombinerOptions)).toThrow(type);
  expect(() => new CombinerV2(options as CombinerOptions)).toThrow(message);
});

test('a frame whose memory is gone is refused', () => {
  const frame = reqFrame(100);
  frame.release();
  const combiner = new CombinerV2();
  expect(() => combiner.acceptFrame(frame)).toThrow(
    expect.objectContaining({ code: 'ERR_FRAME_RELEASED' }) as Error,
  );
  expect(combiner.count).toBe(0);
});
