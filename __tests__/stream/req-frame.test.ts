// Frames whose memory is used again: when it is, and who may keep it.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Fifo,
  Filter,
  type Frame,
  GeneralError,
  Master,
  poolStats,
  Prbs,
  RateDrop,
  readFrames,
  reqFrame,
  StreamReader,
  StreamWriter,
  type FrameSlave,
} from '../../lib';
import { ownedFrame } from '../../lib/stream/req-frame';
import { testReuse } from '../helpers/pool';
import { waitFor } from '../helpers/wait';

const SIZES = [64, 5_000, 100_000];

const isReleased = (frame: Frame): boolean => {
  try {
    return frame.payload.length < 0;
  } catch (err) {
    return err instanceof GeneralError && err.code === 'ERR_FRAME_RELEASED';
  }
};

function filled(size: number, byte = 7): Frame {
  const frame = reqFrame(size);
  frame.payload.fill(byte);
  return frame;
}

/** A slave whose acceptance ends when the test says so. */
function waitingSlave(): { slave: () => Promise<void>; accept: () => void; fail: (err: Error) => void } {
  let accept!: () => void;
  let fail!: (err: Error) => void;
  const accepted = new Promise<void>((resolve, reject) => {
    accept = resolve;
    fail = reject;
  });
  return { slave: () => accepted, accept, fail };
}

describe.each(SIZES)('a frame of %d bytes', (size) => {
  test('has just the bytes and the metadata that were asked for, at a multiple of 8', () => {
    const frame = reqFrame(size, { flags: 0x0201, channel: 3, error: 1 });
    expect([frame.size, frame.payload.length]).toEqual([size, size]);
    expect([frame.flags, frame.channel, frame.error]).toEqual([0x0201, 3, 1]);
    expect(frame.payload.byteOffset % 8).toBe(0);
    expect(frame.dataView.byteLength).toBe(size);
  });

  testReuse('is used again once every slave has accepted it, and not before', async () => {
    const source = new Master();
    const { slave, accept } = waitingSlave();
    const seen: number[] = [];
    source.to(slave);
    source.to(({ payload }: Frame) => void seen.push(payload[0]!));
    const frame = filled(size);
    const { payload } = frame;
    const sent = source.sendFrame(frame);
    expect([seen, isReleased(frame)]).toEqual([[7], false]);
    expect(reqFrame(size).payload.byteOffset === payload.byteOffset && size < 16_384).toBe(false);
    accept();
    await sent;
    expect(isReleased(frame)).toBe(true);
    const next = reqFrame(size).payload;
    expect([next.buffer, next.byteOffset]).toEqual([payload.buffer, payload.byteOffset]);
  });

  test('is still its sender’s when a slave has failed, to be sent again', async () => {
    const source = new Master();
    const { slave, fail } = waitingSlave();
    source.to(slave);
    const frame = filled(size);
    const sent = source.sendFrame(frame);
    fail(new Error('no'));
    await expect(sent).rejects.toThrow('no');
    source.removeSlave(slave);
    const seen: number[] = [];
    source.to(({ payload }: Frame) => void seen.push(payload[size - 1]!));
    await source.sendFrame(frame);
    expect(seen).toEqual([7]);
  });

  test('lasts as long as a slave retains it', async () => {
    const source = new Master();
    const kept: Frame[] = [];
    source.to((frame: Frame) => kept.push(frame.retain()));
    for (const byte of [1, 2, 3]) await source.sendFrame(filled(size, byte));
    expect(kept.map(({ payload }) => payload[size - 1])).toEqual([1, 2, 3]);
    for (const frame of kept) frame.release();
    expect(kept.map(isReleased)).toEqual([true, true, true]);
  });

  test('leaves its clone alone', async () => {
    const source = new Master();
    const kept: Frame[] = [];
    source.to((frame: Frame) => kept.push(frame.clone()));
    for (const byte of [1, 2, 3]) await source.sendFrame(filled(size, byte));
    expect(kept.map(({ payload }) => payload[size - 1])).toEqual([1, 2, 3]);
  });

  test('is not taken from one slave by the release() of another', async () => {
    const source = new Master();
    const kept: Frame[] = [];
    source.to((frame: Frame) => frame.release());
    source.to(new Filter(false, 0)).to((frame: Frame) => kept.push(frame.retain()));
    source.to(async (frame: Frame) => {
      await Promise.resolve();
      frame.release();
    });
    const frame = filled(size);
    await source.sendFrame(frame);
    expect(isReleased(frame)).toBe(false);
    expect(kept[0]!.payload[size - 1]).toBe(7);
    frame.release();
    frame.release();
    expect(isReleased(frame)).toBe(true);
  });

  test('can be sent several times by a sender that retains it', async () => {
    const source = new Master();
    const seen: number[] = [];
    source.to(({ payload }: Frame) => void seen.push(payload[0]!));
    const frame = filled(size).retain();
    await source.sendFrame(frame);
    await source.sendFrame(frame);
    frame.release();
    expect([seen, isReleased(frame)]).toEqual([[7, 7], true]);
  });

  test('that is not sent goes back by release() and by using', () => {
    const frame = reqFrame(size);
    const { returned } = poolStats();
    frame.release();
    frame[Symbol.dispose]();
    expect([isReleased(frame), poolStats().returned - returned]).toEqual([true, 1]);
  });

  test('goes nowhere without slaves, and is used again', async () => {
    const frame = filled(size);
    await new Master().sendFrame(frame);
    expect(isReleased(frame)).toBe(true);
  });
});

test('a frame that was released says so, and still tells its size and metadata', async () => {
  const frame = reqFrame(100, { channel: 3 });
  const source = new Master();
  await source.sendFrame(frame);
  for (const use of [
    () => frame.payload,
    () => frame.array(Uint8Array),
    () => frame.dataView,
    () => frame.clone(),
    () => frame.retain(),
  ]) {
    expect(use).toThrow(expect.objectContaining({ code: 'ERR_FRAME_RELEASED' }) as Error);
  }
  expect(() => frame.payload).toThrow('100 bytes');
  expect([frame.size, frame.channel]).toEqual([100, 3]);
  source.to((again: Frame) => again.payload);
  await expect(source.sendFrame(frame)).rejects.toThrow('retain() or clone()');
});

test('an empty frame and one of more than 64 MiB have memory of their own', async () => {
  for (const frame of [reqFrame(0), reqFrame(2 ** 26 + 1)]) {
    await new Master().sendFrame(frame);
    expect(frame.payload.length).toBe(frame.size);
    frame.retain().release();
  }
});

test('wrong arguments are refused', () => {
  expect(() => reqFrame(-1)).toThrow(RangeError);
  expect(() => reqFrame(2 ** 32)).toThrow('size is 4294967296, but must be a whole number from 0');
  expect(() => reqFrame('8' as unknown as number)).toThrow(TypeError);
  expect(() => new Master().reqFrame(8, { channel: 256 })).toThrow('channel is 256');
});

describe('a frame that slaves get without having asked', () => {
  const releasing: FrameSlave = { acceptFrame: (frame) => frame.release() };
  const keeping: FrameSlave = { acceptFrame: () => undefined };
  const promising: FrameSlave = { retainsFrames: true, acceptFrame: () => undefined };
  test.each([
    ['is used again when all slaves have released it', [releasing, releasing], true],
    ['is kept as long as one has not', [releasing, keeping], false],
    ['is used again at once by slaves that retain what they keep', [promising, promising], true],
    ['is used again by slaves of both kinds', [promising, releasing], true],
    ['is kept by a slave that promises nothing', [promising, keeping], false],
  ] as const)('%s', async (_, slaves, released) => {
    const source = new Master();
    for (const slave of slaves) source.to(slave);
    const frame = ownedFrame(1_000);
    await source.sendFrame(frame);
    expect(isReleased(frame)).toBe(released);
  });

  test.each([
    ['Filter', () => new Filter(false, 0)],
    ['RateDrop', () => new RateDrop(false, 0)],
    ['Fifo', () => new Fifo(0, 0, true)],
  ])('is the business of the slaves behind a %s', async (_, make) => {
    for (const [slave, released] of [
      [releasing, true],
      [keeping, false],
    ] as const) {
      const source = new Master();
      source.to(make()).to(slave);
      const frame = ownedFrame(1_000);
      await source.sendFrame(frame);
      expect(isReleased(frame)).toBe(released);
    }
  });
});

describe('our own modules keep what they keep', () => {
  const bytesOf = (frames: readonly Frame[]): number[] => frames.map(({ payload }) => payload[0]!);

  test.each([true, false])('Fifo, noCopy = %p', async (noCopy) => {
    const [source, fifo] = [new Master(), new Fifo(0, 0, noCopy)];
    const { slave, accept } = waitingSlave();
    const seen: number[] = [];
    source.to(fifo).to(({ payload }: Frame) => {
      seen.push(payload[99_999]!);
      return slave();
    });
    for (const byte of [1, 2, 3]) await source.sendFrame(filled(100_000, byte));
    accept();
    await waitFor('all frames', () => seen.length === 3);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('frames()', async () => {
    const source = new Master();
    const frames = source.frames();
    for (const byte of [1, 2, 3]) void source.sendFrame(filled(5_000, byte));
    void source.stop();
    const got: Frame[] = [];
    for await (const frame of frames) got.push(frame);
    expect(bytesOf(got)).toEqual([1, 2, 3]);
    got[0]!.release();
    expect(got.map(isReleased)).toEqual([true, false, false]);
  });

  test('readable()', async () => {
    const source = new Master();
    const readable = source.readable();
    for (const byte of [1, 2, 3]) void source.sendFrame(filled(5_000, byte));
    void source.stop();
    const got = (await readable.toArray()) as Frame[];
    expect(bytesOf(got)).toEqual([1, 2, 3]);
  });

  test('Prbs, while it does not check', async () => {
    const [source, prbs] = [new Prbs(), new Prbs()];
    source.to(prbs);
    prbs.rxEnable = false;
    const sent = [1, 2, 3].map(() => source.genFrame(20_000));
    prbs.rxEnable = true;
    await Promise.all(sent);
    expect([prbs.rxCount, prbs.rxErrors]).toEqual([3, 0]);
  });

  testReuse('Prbs makes frames that slaves may keep, of memory that bridges give back', async () => {
    const prbs = new Prbs();
    const kept: Frame[] = [];
    const slave = (frame: Frame): unknown => kept.push(frame);
    prbs.to(slave);
    for (let i = 0; i < 3; i++) await prbs.genFrame(20_000);
    expect(kept.map(({ payload }) => payload.readUInt32LE())).toEqual([0, 1, 2]);
    prbs.removeSlave(slave);
    prbs.to(new Prbs());
    const { reused } = poolStats();
    for (let i = 0; i < 10; i++) await prbs.genFrame(20_000);
    expect(poolStats().reused - reused).toBeGreaterThanOrEqual(9);
  });

  describe('in files', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-'))));
    afterEach(() => rmSync(folder, { recursive: true }));

    test('StreamWriter and StreamReader', async () => {
      const path = join(folder, 'run.dat');
      const [source, writer] = [new Master(), new StreamWriter()];
      source.to(writer.getChannel(0));
      await writer.open(path);
      const sizes = [64, 5_000, 40_000, 100_000, 20_000];
      // Not awaited: many of them wait for the disk at once.
      const sent = Array.from({ length: 200 }, (_, i) =>
        source.sendFrame(filled(sizes[i % sizes.length]!, i)),
      );
      await Promise.all(sent);
      await writer.close();
      const got: Frame[] = [];
      for await (const frame of readFrames(path)) got.push(frame);
      expect(got.map(({ size }) => size)).toEqual(sent.map((_, i) => sizes[i % sizes.length]));
      expect(got.every(({ payload }, i) => payload.every((byte) => byte === (i & 0xff)))).toBe(true);
      const reader = new StreamReader();
      const copy = new StreamWriter();
      reader.to(copy.getChannel(0));
      await copy.open(join(folder, 'copy.dat'));
      const { returned } = poolStats();
      await reader.open(path);
      await reader.closeWait();
      await copy.close();
      expect(readFileSync(join(folder, 'copy.dat')).equals(readFileSync(path))).toBe(true);
      expect(poolStats().returned - returned).toBe(120);
    });
  });
});

describe('ROGUE_BRIDGE_POOL=check', () => {
  test('tells where a frame was sent that is used afterwards', async () => {
    process.env.ROGUE_BRIDGE_POOL = 'check';
    let checked!: { reqFrame: typeof reqFrame; Master: typeof Master };
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    jest.isolateModules(() => (checked = require('../../lib') as typeof checked));
    delete process.env.ROGUE_BRIDGE_POOL;
    const frame = checked.reqFrame(100);
    const { payload } = frame;
    payload.fill(1);
    async function sendTheFrame(): Promise<void> {
      await new checked.Master().sendFrame(frame);
    }
    await sendTheFrame();
    expect(() => frame.payload).toThrow('sendTheFrame');
    expect(payload.every((byte) => byte === 0xa5)).toBe(true);
  });
});
