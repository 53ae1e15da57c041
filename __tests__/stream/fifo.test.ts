import { Fifo, Frame, GeneralError, Logging, Master } from '../../lib';
import { collectLevels, collectLog } from '../helpers/log';
import { makeGate, turns, waitFor, waitForEnd } from '../helpers/wait';

const frameOf = (value: number, size = 4): Frame => new Frame(Buffer.alloc(size, value), { channel: value });

/** A slave that takes one frame at a time, when told to. */
class SlowSlave {
  readonly channels: number[] = [];
  private gate = makeGate();

  acceptFrame(frame: Frame): Promise<void> {
    this.channels.push(frame.channel);
    return this.gate.opened;
  }

  async acceptOne(): Promise<void> {
    const { open } = this.gate;
    this.gate = makeGate();
    open();
    await turns(1);
  }
}

afterEach(() => Logging.setSink(undefined));

describe('Fifo', () => {
  test('accepts at once and drops what is over its depth, exactly, in order', async () => {
    const fifo = new Fifo(3);
    const slave = new SlowSlave();
    const master = new Master();
    master.to(fifo).to(slave);
    // One is with the slave, three wait, two are too many.
    for (let i = 0; i < 6; i++) await master.sendFrame(frameOf(i));
    expect([fifo.frameCount, fifo.size, fifo.dropCount]).toEqual([6, 3, 2]);
    for (let i = 0; i < 2; i++) await slave.acceptOne();
    expect([fifo.size, slave.channels]).toEqual([1, [0, 1, 2]]);
    // Two places are free again.
    for (let i = 6; i < 9; i++) await master.sendFrame(frameOf(i));
    expect([fifo.size, fifo.dropCount]).toEqual([3, 3]);
    for (let i = 0; i < 5; i++) await slave.acceptOne();
    expect(slave.channels).toEqual([0, 1, 2, 3, 6, 7]);
    fifo.clearCount();
    expect([fifo.dropCount, fifo.frameCount]).toEqual([0, 9]);
  });

  test('a depth of 0 never drops', async () => {
    const fifo = new Fifo(0);
    const slave = new SlowSlave();
    fifo.to(slave);
    for (let i = 0; i < 5000; i++) fifo.acceptFrame(frameOf(i & 0xff));
    expect([fifo.size, fifo.dropCount]).toEqual([4999, 0]);
    for (let i = 0; i < 5000; i++) await slave.acceptOne();
    expect([fifo.size, slave.channels.length]).toEqual([0, 5000]);
    expect(slave.channels).toEqual(Array.from({ length: 5000 }, (_, i) => i & 0xff));
  });

  test.each([0, 100])('copies into memory of just that size (trimSize %d)', (trimSize) => {
    const fifo = new Fifo(0, trimSize);
    const taken: Buffer[] = [];
    fifo.addSlave(({ payload }) => void taken.push(payload));
    const sizes = [1, 100, 5_000];
    for (const size of sizes) fifo.acceptFrame(new Frame(Buffer.from(new SharedArrayBuffer(size)).fill('x')));
    const kept = sizes.map((size) => (trimSize > 0 ? Math.min(size, trimSize) : size));
    expect(taken.map((payload) => payload.toString())).toEqual(kept.map((size) => 'x'.repeat(size)));
    expect(taken.map(({ buffer }) => buffer.byteLength)).toEqual(kept);
    for (const { buffer } of taken) expect(buffer).toBeInstanceOf(ArrayBuffer);
  });

  test('slaves that accept at once never leave anything waiting, however fast the source is', () => {
    const fifo = new Fifo(1);
    let count = 0;
    fifo.to(() => void (count += 1));
    for (let i = 0; i < 1000; i++) fifo.acceptFrame(frameOf(0));
    expect([count, fifo.dropCount]).toEqual([1000, 0]);
  });

  test('copies and trims, or passes on the frame itself', () => {
    const got: Frame[] = [];
    const sent = new Frame(Buffer.from('0123456789'), { flags: 0x0201, channel: 3, error: 4 });
    for (const fifo of [new Fifo(1), new Fifo(1, 4), new Fifo(1, 40), new Fifo(1, 4, true)]) {
      fifo.to((frame) => void got.push(frame));
      fifo.acceptFrame(sent);
    }
    expect(got.map((frame) => frame.payload.toString())).toEqual([
      '0123456789',
      '0123',
      '0123456789',
      '0123456789',
    ]);
    for (const frame of got) {
      expect([frame.flags, frame.channel, frame.error]).toEqual([0x0201, 3, 4]);
    }
    expect(got.map((frame) => frame === sent)).toEqual([false, false, false, true]);
    sent.payload.write('x');
    expect(got.map((frame) => frame.payload.toString()[0])).toEqual(['0', '0', '0', 'x']);
  });

  test('a slave that fails costs its frame alone, logged and counted', async () => {
    Logging.setFilter('stream.Fifo', Logging.Error);
    const log = collectLog();
    const fifo = new Fifo(10);
    const got: number[] = [];
    fifo.to((frame) => {
      if (frame.channel === 1) throw new Error('not this one');
      got.push(frame.channel);
    });
    for (let i = 0; i < 3; i++) fifo.acceptFrame(frameOf(i));
    await waitFor('the others', () => got.length === 2);
    expect([got, fifo.errorCount]).toEqual([[0, 2], 1]);
    expect(log.join('\n')).toMatch(/A slave did not accept a frame: not this one/);
  });

  test('a bridge that was stopped behind it is no error: counted, and logged at Info', async () => {
    Logging.setFilter('stream.Fifo', Logging.Info);
    const log = collectLevels();
    const fifo = new Fifo(10);
    fifo.to(() => Promise.reject(new GeneralError('ERR_BRIDGE_STOPPED', 'the bridge was stopped')));
    fifo.acceptFrame(frameOf(0));
    await waitFor('the failure', () => fifo.errorCount === 1);
    expect(log).toEqual(['Info A slave did not accept a frame: the bridge was stopped']);
  });

  test('a slave that gives it another frame meanwhile gets that one last, and one at a time', async () => {
    const fifo = new Fifo(10);
    const gate = makeGate();
    const order: number[] = [];
    let under = 0;
    fifo.to(async (frame) => {
      expect((under += 1)).toBe(1);
      order.push(frame.channel);
      if (frame.channel === 2) fifo.acceptFrame(frameOf(9));
      await gate.opened;
      under -= 1;
    });
    for (const channel of [1, 2, 3, 4]) fifo.acceptFrame(frameOf(channel));
    gate.open();
    await waitFor('all of them', () => order.length === 5);
    expect(order).toEqual([1, 2, 3, 4, 9]);
  });

  test('stop() from within a slave still waits for what waits', async () => {
    const fifo = new Fifo(10);
    const got: number[] = [];
    const gate = makeGate();
    let stops: Promise<void>[] = [];
    fifo.to((frame) => {
      got.push(frame.channel);
      if (frame.channel === 1) return gate.opened;
      if (frame.channel === 2) stops = [fifo.stop({ lingerMs: 60_000 }), fifo.stop()];
      return undefined;
    });
    for (const channel of [1, 2, 3]) fifo.acceptFrame(frameOf(channel));
    gate.open();
    await waitFor('the stop', () => stops.length > 0);
    await Promise.all(stops);
    expect([got, fifo.dropCount, stops[0] === stops[1]]).toEqual([[1, 2, 3], 0, true]);
  });

  test('a slave that waits for stop() itself ends with it', async () => {
    const fifo = new Fifo(10);
    let done = false;
    fifo.to(async () => {
      await fifo.stop();
      done = true;
    });
    for (const channel of [1, 2]) fifo.acceptFrame(frameOf(channel));
    await waitForEnd('stop', fifo.stop());
    await waitFor('the slave', () => done);
    expect(fifo.dropCount).toBe(1);
  });

  test('stop() gives slaves the time to take what waits, takes no more, and ends readers', async () => {
    const fifo = new Fifo(10);
    const slave = new SlowSlave();
    fifo.to(slave);
    const frames = fifo.frames();
    for (let i = 0; i < 3; i++) fifo.acceptFrame(frameOf(i));
    const stopped = fifo.stop({ lingerMs: 60_000 });
    fifo.acceptFrame(frameOf(9));
    expect(fifo.dropCount).toBe(1);
    for (let i = 0; i < 3; i++) await slave.acceptOne();
    await stopped;
    expect(slave.channels).toEqual([0, 1, 2]);
    const read: number[] = [];
    for await (const frame of frames) read.push(frame.channel);
    expect(read).toEqual([0, 1, 2]);
  });

  test('stop() behind a slave that never accepts ends, and what is left is counted and logged', async () => {
    Logging.setFilter('stream.Fifo', Logging.Warning);
    const log = collectLog();
    const fifo = new Fifo(10);
    fifo.to(() => new Promise(() => undefined));
    for (let i = 0; i < 4; i++) fifo.acceptFrame(frameOf(i));
    await fifo.stop({ lingerMs: 1 });
    expect(fifo.dropCount).toBe(3);
    expect(log.join('\n')).toMatch(/3 frames were dropped/);
  });

  test.each([
    [() => new Fifo(-1), /maxDepth is -1, but must be a whole number from 0/],
    [() => new Fifo(1, 1.5), /trimSize is 1.5/],
    [() => new Fifo(1, 0, 1 as unknown as boolean), /noCopy is 1, but must be true or false/],
  ])('refuses arguments that are wrong: %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
