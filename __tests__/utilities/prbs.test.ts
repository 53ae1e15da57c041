import { Frame, Logging, Prbs } from '../../lib';
import { rejection } from '../helpers/errors';
import { framesOf, readRecording } from '../helpers/recording';
import { turns, waitFor } from '../helpers/wait';

/** The PRBS frames that Rogue's own generator sent: the last six of the recording. */
const RECORDED = framesOf(readRecording('next-port.server-to-client')).slice(-6);

/** What a Prbs sends for these sizes, from sequence number 0 on. */
async function generate(
  sizes: readonly number[],
  set: (prbs: Prbs) => void = () => undefined,
): Promise<Frame[]> {
  const prbs = new Prbs();
  set(prbs);
  const frames: Frame[] = [];
  prbs.to((frame: Frame) => frames.push(frame));
  for (const size of sizes) await prbs.genFrame(size);
  return frames;
}

/** What became of one frame after a good one with sequence number 0. */
function check(mutate: (payload: Buffer, frame: Frame) => void, good = true): void {
  const prbs = new Prbs();
  const [first, second] = RECORDED;
  void prbs.acceptFrame(new Frame(Buffer.from(first!.payload)));
  const frame = new Frame(Buffer.from(second!.payload));
  mutate(frame.payload, frame);
  void prbs.acceptFrame(frame);
  expect([prbs.rxCount, prbs.rxErrors]).toEqual(good ? [2, 0] : [1, 1]);
}

describe('Prbs generator', () => {
  test('sends the frames that Rogue recorded, bit for bit', async () => {
    const frames = await generate(RECORDED.map(({ payload }) => payload.length));
    expect(frames.map(({ payload }) => payload.toString('hex'))).toEqual(
      RECORDED.map(({ payload }) => payload.toString('hex')),
    );
  });

  test('counts frames and bytes, and resetCount leaves the sequence alone', async () => {
    const prbs = new Prbs();
    const sequences: number[] = [];
    prbs.to((frame: Frame) => sequences.push(frame.payload.readUInt32LE()));
    await prbs.genFrame(12);
    await prbs.genFrame(100);
    expect([prbs.txCount, prbs.txBytes, prbs.txErrors]).toEqual([2, 112, 0]);
    prbs.resetCount();
    await prbs.genFrame(12);
    expect([prbs.txCount, prbs.txBytes]).toEqual([1, 12]);
    expect(sequences).toEqual([0, 1, 2]);
  });

  test('sendCount makes the payload words a counter, and genPayload = false leaves them zero', async () => {
    const [counted] = await generate([24], (prbs) => (prbs.sendCount = true));
    const words = Array.from({ length: 6 }, (_, i) => counted!.payload.readUInt32LE(4 * i));
    expect(words).toEqual([0, 5, 2, 3, 4, 5]);
    const [empty] = await generate([16], (prbs) => (prbs.genPayload = false));
    expect(empty!.payload.subarray(8)).toEqual(Buffer.alloc(8));
  });

  test.each([0, 8, 13, 14, -4, 1.5])('refuses a size of %d bytes before anything is sent', async (size) => {
    const prbs = new Prbs();
    expect(await rejection(prbs.genFrame(size))).toBeInstanceOf(RangeError);
    expect(() => prbs.enable(size)).toThrow(`size is ${size}`);
    expect(prbs.txCount).toBe(0);
  });

  test('a wider word needs longer frames: width 128 at least 48 bytes, in steps of 16', async () => {
    const prbs = new Prbs();
    prbs.width = 128;
    await prbs.genFrame(48);
    expect((await rejection(prbs.genFrame(52))).message).toContain('whole words of 16 bytes (width 128)');
    expect((await rejection(prbs.genFrame(32))).message).toContain('size is 32');
  });

  test('a slave that fails is counted and told', async () => {
    const prbs = new Prbs();
    prbs.to(() => {
      throw new Error('full');
    });
    expect((await rejection(prbs.genFrame(12))).message).toBe('full');
    expect([prbs.txCount, prbs.txErrors]).toEqual([0, 1]);
  });

  test.each([0, 16, 33, 65_568])('refuses a width of %d bits', (width) => {
    expect(() => (new Prbs().width = width)).toThrow(RangeError);
  });

  test('refuses a tap outside the word', () => {
    expect(() => (new Prbs().taps = [1, 32])).toThrow('tap (width is 32) is 32');
  });
});

describe('Prbs background mode', () => {
  test('sends until disable, in order, and leaves the event loop its turns', async () => {
    const sender = new Prbs();
    const checker = new Prbs();
    sender.to(checker);
    sender.enable(64);
    sender.enable(64);
    await waitFor('a few hundred frames', () => checker.rxCount > 300);
    await sender.disable();
    const count = sender.txCount;
    await turns();
    expect([sender.txCount, checker.rxCount, checker.rxErrors]).toEqual([count, count, 0]);
  });

  test('keeps txPeriod microseconds between frames', async () => {
    const prbs = new Prbs();
    const times: number[] = [];
    prbs.to(() => times.push(performance.now()));
    prbs.txPeriod = 3000;
    prbs.enable(12);
    await waitFor('frames', () => times.length >= 10);
    await prbs.disable();
    const total = times.at(-1)! - times[0]!;
    // A lower bound only: a busy machine may always take longer. Timers may be a millisecond early.
    expect(total).toBeGreaterThanOrEqual((times.length - 1) * 2);
  });

  test('ends, logged and counted, when a slave fails, and can be enabled again', async () => {
    const prbs = new Prbs();
    let broken = true;
    prbs.to(() => {
      if (broken) throw new Error('full');
    });
    Logging.setSink({ child: () => ({ error: () => undefined }) } as never);
    prbs.enable(12);
    await waitFor('the error', () => prbs.txErrors === 1);
    await prbs.disable();
    Logging.setSink(undefined);
    broken = false;
    prbs.enable(12);
    await waitFor('frames', () => prbs.txCount > 0);
    await prbs.disable();
  });
});

describe('Prbs checker', () => {
  test('accepts what Rogue sent', () => {
    const prbs = new Prbs();
    for (const { payload } of RECORDED) void prbs.acceptFrame(new Frame(payload));
    const bytes = RECORDED.reduce((sum, { payload }) => sum + payload.length, 0);
    expect([prbs.rxCount, prbs.rxErrors, prbs.rxBytes]).toEqual([6, 0, bytes]);
  });

  test('counts one error for every single bit that is wrong behind the header', () => {
    const { payload } = RECORDED[2]!;
    for (let bit = 8 * 8; bit < payload.length * 8; bit += 5) {
      const prbs = new Prbs();
      const broken = Buffer.from(payload);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      void prbs.acceptFrame(new Frame(broken));
      expect([prbs.rxCount, prbs.rxErrors]).toEqual([0, 1]);
    }
  });

  test('counts an error for a set error field, a broken size and a wrong size word', () => {
    check(() => undefined);
    check((_payload, frame) => (frame.error = 1), false);
    check((payload) => payload.writeUInt32LE(99, 4), false);
    const prbs = new Prbs();
    void prbs.acceptFrame(new Frame(Buffer.from(RECORDED[1]!.payload.subarray(0, 15))));
    void prbs.acceptFrame(new Frame(8));
    void prbs.acceptFrame(new Frame(0));
    expect(prbs.rxErrors).toBe(3);
  });

  test('takes any first sequence, expects the successor, counts one error a gap, and takes 0 as a restart', async () => {
    const frames = await generate(Array<number>(10).fill(16));
    const prbs = new Prbs();
    const accept = (index: number): number[] => {
      void prbs.acceptFrame(frames[index]!);
      return [prbs.rxCount, prbs.rxErrors];
    };
    expect(accept(4)).toEqual([1, 0]);
    expect(accept(5)).toEqual([2, 0]);
    expect(accept(8)).toEqual([2, 1]);
    expect(accept(9)).toEqual([3, 1]);
    expect(accept(0)).toEqual([4, 1]);
    expect(accept(1)).toEqual([5, 1]);
  });

  test('sequence numbers run over from 2^32 - 1 to 0 on both sides', async () => {
    const [last] = await generate(
      [16],
      (prbs) => ((prbs as unknown as { txSequence: number }).txSequence = 0xffffffff),
    );
    const [first] = await generate([16]);
    const prbs = new Prbs();
    for (const frame of [last!, first!]) void prbs.acceptFrame(frame);
    expect([prbs.rxCount, prbs.rxErrors]).toEqual([2, 0]);
  });

  test('checkPayload = false looks at headers only', () => {
    const prbs = new Prbs();
    prbs.checkPayload = false;
    const broken = Buffer.from(RECORDED[1]!.payload);
    broken[broken.length - 1]! ^= 1;
    void prbs.acceptFrame(new Frame(broken));
    expect([prbs.rxCount, prbs.rxErrors]).toEqual([1, 0]);
  });

  test.each([
    ['width 64', (prbs: Prbs) => (prbs.width = 64)],
    ['width 128', (prbs: Prbs) => (prbs.width = 128)],
    ['other taps', (prbs: Prbs) => (prbs.taps = [0, 7])],
    ['counter mode', (prbs: Prbs) => (prbs.sendCount = true)],
  ])('agrees with a generator of the same settings and with no other: %s', async (_name, set) => {
    const frames = await generate([4800, 48, 9600], set);
    const same = new Prbs();
    set(same);
    const other = new Prbs();
    for (const frame of frames) {
      void same.acceptFrame(frame);
      void other.acceptFrame(frame);
    }
    expect([same.rxCount, same.rxErrors]).toEqual([3, 0]);
    // Sequence number 0 seeds a register of zeros, which stays zero whatever the taps.
    expect(other.rxErrors).toBeGreaterThanOrEqual(2);
  });

  test('compares a payload that is not aligned to its words', () => {
    const { payload } = RECORDED[3]!;
    const shifted = Buffer.alloc(payload.length + 3);
    payload.copy(shifted, 3);
    const prbs = new Prbs();
    void prbs.acceptFrame(new Frame(shifted.subarray(3)));
    expect([prbs.rxCount, prbs.rxErrors]).toEqual([1, 0]);
  });

  test('rxEnable = false holds the sender back until it is true again', async () => {
    const prbs = new Prbs();
    prbs.rxEnable = false;
    let accepted = false;
    const waiting = Promise.resolve(prbs.acceptFrame(new Frame(RECORDED[0]!.payload))).then(
      () => (accepted = true),
    );
    await turns();
    expect([accepted, prbs.rxCount]).toEqual([false, 0]);
    prbs.rxEnable = true;
    await waiting;
    expect(prbs.rxCount).toBe(1);
  });
});
