import { Frame, GeneralError, Logging, Prbs } from '../../lib';
import { rejection } from '../helpers/errors';
import { collectLevels } from '../helpers/log';
import { framesOf, readRecording } from '../helpers/recording';
import { makeGate, turns, waitFor, waitForEnd } from '../helpers/wait';

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

describe('the end of the background mode', () => {
  const STOPPED = new GeneralError('ERR_BRIDGE_STOPPED', 'the bridge at 127.0.0.1:8000 was stopped');

  let log: string[];

  beforeEach(() => {
    Logging.setFilter('prbs.tx', Logging.Info);
    log = collectLevels();
  });
  afterEach(() => Logging.setSink(undefined));

  /** In the background mode, with its first frame at a slave that waits for the gate. */
  async function startHeld(): Promise<{
    prbs: Prbs;
    gate: ReturnType<typeof makeGate>;
    count: () => number;
  }> {
    const prbs = new Prbs();
    const gate = makeGate();
    let count = 0;
    prbs.to(() => {
      count += 1;
      return gate.opened;
    });
    prbs.enable(12);
    await waitFor('a frame under way', () => count === 1);
    return { prbs, gate, count: () => count };
  }

  test.each(['disable', 'stop'] as const)(
    '%s() waits for the last frame, and then no longer than lingerMs',
    async (end) => {
      const { prbs, gate } = await startHeld();
      await waitForEnd('its end after the default linger', prbs[end]());
      expect([prbs.txCount, prbs.txErrors]).toEqual([0, 0]);
      await waitForEnd('its end at once', prbs[end]({ lingerMs: 0 }));
      const ended = prbs[end]({ lingerMs: 60_000 });
      gate.open();
      await waitForEnd('its end when the slave accepts', ended);
      // The frame was the slave's all along.
      expect([prbs.txCount, prbs.txErrors]).toEqual([1, 0]);
      expect(log).toEqual([
        'Info Background mode has ended; its last frame was still with the slaves after 1000 ms',
        'Info Background mode has ended; its last frame was still with the slaves after 0 ms',
      ]);
    },
  );

  test('a frame that fails after it is counted, and logged once', async () => {
    const prbs = new Prbs();
    let fail: (err: Error) => void = () => undefined;
    prbs.to(() => new Promise((_resolve, reject) => (fail = reject)));
    for (const [err, line] of [
      [
        STOPPED,
        'Info The last frame of the background mode was not accepted: the bridge at 127.0.0.1:8000 was stopped',
      ],
      [new Error('no room'), 'Error The last frame of the background mode was not accepted: no room'],
    ] as const) {
      prbs.resetCount();
      prbs.enable(12);
      const { txErrors } = prbs;
      await turns();
      await prbs.disable({ lingerMs: 0 });
      fail(err);
      await waitFor('the failure', () => prbs.txErrors > txErrors);
      await turns();
      expect(log.at(-1)).toBe(line);
    }
    expect(log).toHaveLength(4);
  });

  test('it is on again while a slave still has the last frame of before', async () => {
    const { prbs, gate, count } = await startHeld();
    await prbs.disable({ lingerMs: 0 });
    prbs.enable(12);
    await waitFor('another frame', () => count() === 2);
    gate.open();
    await waitFor('more frames', () => count() > 10);
    await prbs.disable();
    expect([prbs.txCount, prbs.txErrors]).toEqual([count(), 0]);
  });

  test('a slave that fails is told by its reason: at Info where a bridge was stopped, else at Error', async () => {
    const prbs = new Prbs();
    let failures: Error[] = [];
    for (const index of [0, 1])
      prbs.to(() => (failures[index] ? Promise.reject(failures[index]) : undefined));
    const what = 'Background mode has ended: its frame was not accepted:';
    const stopped = 'the bridge at 127.0.0.1:8000 was stopped';
    for (const [reasons, line] of [
      [[STOPPED], `Info ${what} ${stopped}`],
      [[new Error('no room')], `Error ${what} no room`],
      [[STOPPED, STOPPED], `Info ${what} 2 slaves failed to accept the frame: ${stopped}; ${stopped}`],
      [
        [new Error('no room'), STOPPED],
        `Error ${what} 2 slaves failed to accept the frame: ${stopped}; no room`,
      ],
    ] as const) {
      failures = [...reasons];
      const { txErrors } = prbs;
      prbs.enable(12);
      await waitFor('the failure', () => prbs.txErrors > txErrors);
      await prbs.disable();
      expect(log.at(-1)).toBe(line);
    }
  });

  test('does not wait for the end of txPeriod', async () => {
    const prbs = new Prbs();
    let count = 0;
    prbs.to(() => (count += 1));
    prbs.txPeriod = 3600e6;
    for (const end of ['disable', 'stop'] as const) {
      prbs.enable(12);
      await waitFor('a frame', () => count === 1);
      await turns();
      await waitForEnd(end, prbs[end]({ lingerMs: 60_000 }));
      count = 0;
    }
  });

  test('comes from within a slave', async () => {
    const prbs = new Prbs();
    let done = false;
    prbs.to(async () => {
      await prbs.stop();
      done = true;
    });
    prbs.enable(12);
    await waitFor('the end', () => done);
    await waitFor('the count', () => prbs.txCount === 1);
  });

  test.each([
    ['frames', (prbs: Prbs) => prbs.frames({ maxDepth: 1 })],
    ['readable', (prbs: Prbs) => prbs.readable({ highWaterMark: 1 })],
  ])('stop() does not wait for %s() that nobody reads', async (_what, read) => {
    const prbs = new Prbs();
    read(prbs);
    prbs.enable(12);
    await turns();
    await waitForEnd('stop', prbs.stop({ lingerMs: 60_000 }));
    expect(prbs.txCount).toBe(1);
  });

  test.each([-1, 1.5, 2 ** 31])('refuses a lingerMs of %d, and goes on', async (lingerMs) => {
    const prbs = new Prbs();
    prbs.to(() => undefined);
    prbs.enable(12);
    expect(await rejection(prbs.disable({ lingerMs }))).toBeInstanceOf(RangeError);
    expect(await rejection(prbs.stop({ lingerMs }))).toMatchObject({
      message: expect.stringMatching(/^lingerMs is/) as string,
    });
    const { txCount } = prbs;
    await waitFor('more frames', () => prbs.txCount > txCount);
    await prbs.stop();
  });

  test('refuses a txPeriod that no timer can keep', () => {
    expect(() => (new Prbs().txPeriod = 2 ** 31 * 1000)).toThrow('txPeriod is 2147483648000');
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

  test('rxEnable = true checks what waits before what comes next', async () => {
    const prbs = new Prbs();
    const [first, second, third, fourth] = RECORDED.map(({ payload }) => new Frame(payload));
    void prbs.acceptFrame(first!);
    prbs.rxEnable = false;
    const waiting = [second!, third!].map((frame) => prbs.acceptFrame(frame));
    prbs.rxEnable = true;
    void prbs.acceptFrame(fourth!);
    await Promise.all(waiting);
    expect([prbs.rxCount, prbs.rxErrors]).toEqual([4, 0]);
  });

  test('stop() lets go what waits for rxEnable, now and later, unchecked and counted', async () => {
    const prbs = new Prbs();
    prbs.rxEnable = false;
    const waiting = [1, 2].map(() => prbs.acceptFrame(new Frame(RECORDED[0]!.payload)));
    await prbs.stop();
    await waitForEnd('its senders', Promise.all(waiting));
    await waitForEnd('a sender that comes later', prbs.acceptFrame(new Frame(RECORDED[0]!.payload)));
    expect([prbs.rxDropCount, prbs.rxCount, prbs.rxErrors]).toEqual([3, 0, 0]);
    prbs.rxEnable = false;
    const held = prbs.acceptFrame(new Frame(RECORDED[0]!.payload));
    expect(prbs.rxDropCount).toBe(3);
    prbs.rxEnable = true;
    await waitForEnd('the one that waits again', held);
    expect([prbs.rxDropCount, prbs.rxCount]).toEqual([3, 1]);
    prbs.resetCount();
    expect(prbs.rxDropCount).toBe(0);
  });
});
