import { Filter, Frame, GeneralError, Logging, Master, RateDrop } from '../../lib';
import { rejection } from '../helpers/errors';
import { collectLevels, collectLog } from '../helpers/log';
import { makeGate, turns, waitForEnd } from '../helpers/wait';

const frameOf = (channel: number, error = 0): Frame =>
  new Frame(Buffer.alloc(4, channel), { channel, error });

afterEach(() => Logging.setSink(undefined));

describe('Filter', () => {
  test('passes on one channel, and errors unless told to drop them', async () => {
    const sent = [frameOf(1), frameOf(2), frameOf(1, 7), frameOf(0), frameOf(1)];
    for (const [dropErrors, passed, dropped] of [
      [false, [sent[0], sent[2], sent[4]], 2],
      [true, [sent[0], sent[4]], 3],
    ] as const) {
      const filter = new Filter(dropErrors, 1);
      const got: Frame[] = [];
      const master = new Master();
      master.to(filter).to((frame) => void got.push(frame));
      for (const frame of sent) await master.sendFrame(frame);
      expect(got).toEqual(passed);
      expect(got.every((frame) => sent.includes(frame))).toBe(true);
      expect([filter.frameCount, filter.byteCount, filter.dropCount]).toEqual([5, 20, dropped]);
      filter.clearCount();
      expect(filter.dropCount).toBe(0);
    }
  });

  test('says which errored frames it dropped, at Debug, in the words of Rogue', () => {
    Logging.setFilter('stream.Filter', Logging.Debug);
    const log = collectLog();
    void new Filter(true, 3).acceptFrame(frameOf(3, 0x1f));
    expect(log.join('\n')).toMatch(/Dropping errored frame: Channel=3, Error=0x1f/);
  });

  test('holds its source back as its slaves do', async () => {
    const filter = new Filter(false, 0);
    const gate = makeGate();
    filter.to(() => gate.opened);
    const master = new Master();
    master.to(filter);
    let accepted = false;
    const sent = master.sendFrame(frameOf(0)).then(() => (accepted = true));
    await Promise.resolve();
    expect(accepted).toBe(false);
    gate.open();
    await sent;
  });

  test('once stopped it drops and counts', async () => {
    const filter = new Filter(false, 0);
    const got: Frame[] = [];
    filter.to((frame) => void got.push(frame));
    await filter.stop();
    void filter.acceptFrame(frameOf(0));
    expect([got.length, filter.dropCount]).toEqual([0, 1]);
  });

  test('stop() lets senders go that wait for a slave, and logs what a slave then fails with', async () => {
    Logging.setFilter('stream.StreamModule', Logging.Info);
    const log = collectLevels();
    const filter = new Filter(false, 0);
    const fails: ((reason: unknown) => void)[] = [];
    let accept: () => void = () => undefined;
    filter.to(({ error }) =>
      error === 0
        ? new Promise<void>((resolve) => (accept = resolve))
        : new Promise((_resolve, reject) => fails.push(reject)),
    );
    const sent = [0, 1, 2].map((error) => filter.acceptFrame(frameOf(0, error)));
    await filter.stop();
    await waitForEnd('the senders', Promise.all(sent));
    // They were passed on: what becomes of them is the slave's.
    expect(filter.dropCount).toBe(0);
    accept();
    fails[0]!(new Error('no room'));
    fails[1]!(new GeneralError('ERR_BRIDGE_STOPPED', 'the bridge was stopped'));
    await turns();
    const what = 'A frame that was under way at stop() was not accepted:';
    expect(log).toEqual([`Error ${what} no room`, `Info ${what} the bridge was stopped`]);
  });

  test('a slave that stops it holds nobody up, and its failure reaches the sender until then', async () => {
    const filter = new Filter(false, 0);
    filter.to(({ error }) => {
      if (error !== 0) return Promise.reject(new Error('no room'));
      void filter.stop();
      return new Promise(() => undefined);
    });
    expect(await rejection(filter.acceptFrame(frameOf(0, 1)))).toMatchObject({ message: 'no room' });
    await waitForEnd('the sender', filter.acceptFrame(frameOf(0)));
  });

  test.each([
    [() => new Filter('no' as unknown as boolean, 0), /dropErrors is 'no'/],
    [() => new Filter(true, 256), /channel is 256, but must be a whole number from 0 to 255/],
  ])('refuses arguments that are wrong: %#', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('RateDrop', () => {
  const passedBy = (rateDrop: RateDrop, count: number): number[] => {
    const got: number[] = [];
    rateDrop.to((frame) => void got.push(frame.channel));
    for (let i = 0; i < count; i++) void rateDrop.acceptFrame(frameOf(i));
    return got;
  };

  test('by count: one passes, then that many are dropped', () => {
    const rateDrop = new RateDrop(false, 3);
    expect(passedBy(rateDrop, 10)).toEqual([0, 4, 8]);
    expect([rateDrop.dropCount, rateDrop.frameCount]).toEqual([7, 10]);
    expect(passedBy(new RateDrop(false, 1), 5)).toEqual([0, 2, 4]);
  });

  test('0 drops nothing in either mode', () => {
    expect(passedBy(new RateDrop(false, 0), 4)).toEqual([0, 1, 2, 3]);
    expect(passedBy(new RateDrop(true, 0), 4)).toEqual([0, 1, 2, 3]);
  });

  test('by time: frames are more than a period apart, the first one after the beginning', () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      const rateDrop = new RateDrop(true, 0.01);
      const got: number[] = [];
      rateDrop.to((frame) => void got.push(frame.channel));
      for (let ms = 0; ms < 50; ms++) {
        void rateDrop.acceptFrame(frameOf(ms));
        jest.advanceTimersByTime(1);
      }
      expect(got).toEqual([11, 22, 33, 44]);
      expect(rateDrop.dropCount).toBe(46);
    } finally {
      jest.useRealTimers();
    }
  });

  test.each([
    [() => new RateDrop(1 as unknown as boolean, 1), /period is 1, but must be true or false/],
    [() => new RateDrop(true, -1), /value is -1, but must be seconds/],
    [() => new RateDrop(true, NaN), /value is NaN/],
    [() => new RateDrop(false, 2.5), /value is 2.5, but must be a whole number/],
  ])('refuses arguments that are wrong: %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
