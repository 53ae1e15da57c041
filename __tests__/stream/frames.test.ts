import { Frame, Logging, Master, type FramesOptions } from '../../lib';
import { rejection } from '../helpers/errors';
import { collectLog } from '../helpers/log';
import { turns, waitFor } from '../helpers/wait';

afterEach(() => Logging.setSink(undefined));

const frameOf = (value: number): Frame => new Frame(Buffer.of(value & 0xff));

/** Sends `count` numbered frames, each when the one before was accepted, and tells how far it is. */
function send(master: Master, count: number): { sent: number; done: Promise<void> } {
  const state = { sent: 0, done: Promise.resolve() };
  state.done = (async () => {
    for (let i = 0; i < count; i++) {
      await master.sendFrame(frameOf(i));
      state.sent += 1;
    }
  })();
  return state;
}

describe('frames()', () => {
  test('a reader gets every frame in order, and holds the source back at maxDepth', async () => {
    const master = new Master();
    const frames = master.frames({ maxDepth: 4 });
    const sending = send(master, 100);
    await turns();
    // The fourth is taken, and its sender waits until half of them have been read.
    expect(sending.sent).toBe(3);
    const read: number[] = [];
    for await (const frame of frames) {
      read.push(frame.payload[0]!);
      if (read.length === 100) break;
      if (read.length % 10 === 0) {
        await turns(2);
        expect(sending.sent).toBeLessThanOrEqual(read.length + 4);
      }
    }
    await sending.done;
    expect(read).toEqual(Array.from({ length: 100 }, (_, i) => i));
    // It is no slave of the master's any more.
    expect(master.slaveCount).toBe(0);
  });

  test('a reader that came first is given frames without their waiting', async () => {
    const master = new Master();
    const frames = master.frames({ maxDepth: 1 });
    const next = [frames.next(), frames.next()];
    await master.sendFrame(frameOf(1));
    await master.sendFrame(frameOf(2));
    const values = (await Promise.all(next)).map(({ value }) => value!.payload[0]);
    expect(values).toEqual([1, 2]);
  });

  test('every reader gets all frames, beside the slaves', async () => {
    const master = new Master();
    const readers = [master.frames(), master.frames()];
    const seen: number[] = [];
    master.to((frame) => void seen.push(frame.payload[0]!));
    await send(master, 3).done;
    await master.stop();
    const read = await Promise.all(readers.map((frames) => all(frames)));
    expect([...read, seen]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  test('stop() ends the iteration behind what was accepted, now and later', async () => {
    const master = new Master();
    const frames = master.frames();
    await send(master, 2).done;
    await master.stop();
    expect(await all(frames)).toEqual([0, 1]);
    expect(await all(master.frames())).toEqual([]);
    expect(master.slaveCount).toBe(0);
  });

  test('break lets the source go on, and says what was not read', async () => {
    Logging.setFilter('stream.Frames', Logging.Warning);
    const log = collectLog();
    const master = new Master();
    const frames = master.frames({ maxDepth: 2 });
    const sending = send(master, 5);
    for await (const frame of frames) {
      expect(frame.payload[0]).toBe(0);
      break;
    }
    await sending.done;
    expect(log).toEqual([expect.stringMatching(/^\d frames were not read/)]);
    expect(await frames.next()).toEqual({ done: true, value: undefined });
  });

  test('a signal ends the iteration, before it begins and while it waits', async () => {
    const master = new Master();
    expect(await all(master.frames({ signal: AbortSignal.abort() }))).toEqual([]);
    const abort = new AbortController();
    const waiting = all(master.frames({ signal: abort.signal }));
    await send(master, 2).done;
    await turns();
    abort.abort();
    expect(await waiting).toEqual([0, 1]);
    expect(master.slaveCount).toBe(0);
  });

  test('what ended the source is thrown, once, behind the frames before it', async () => {
    class Source extends Master {
      fail(err: Error): void {
        this.finish(err);
      }
    }
    const source = new Source();
    const [early, waiting] = [source.frames(), source.frames()];
    const next = [waiting.next(), waiting.next(), waiting.next()];
    await send(source, 1).done;
    source.fail(new Error('the cable is out'));
    expect((await next[0]!).done).toBe(false);
    expect(await rejection(next[1])).toMatchObject({ message: 'the cable is out' });
    expect((await next[2]!).done).toBe(true);
    expect((await early.next()).done).toBe(false);
    expect(await rejection(early.next())).toMatchObject({ message: 'the cable is out' });
    expect((await early.next()).done).toBe(true);
    expect(await rejection(source.frames().next())).toMatchObject({ message: 'the cable is out' });
  });

  test.each([
    [{ maxDepth: 0 }, /maxDepth is 0, but must be a whole number from 1/],
    [
      { signal: new AbortController() },
      /signal is an object \(AbortController\), but must be an AbortSignal/,
    ],
    [{ depth: 3 }, /unknown option 'depth' in the options of frames/],
  ])('refuses %j', (options, message) => {
    const master = new Master();
    expect(() => master.frames(options as FramesOptions)).toThrow(message);
    expect(master.slaveCount).toBe(0);
  });
});

describe('removeSlave', () => {
  test('takes away a slave or a function, and no other', async () => {
    const master = new Master();
    const got: string[] = [];
    const slave = { acceptFrame: (): void => void got.push('slave') };
    const plain = (): void => void got.push('function');
    master.addSlave(slave);
    master.addSlave(plain);
    await master.sendFrame(frameOf(0));
    expect([master.removeSlave(plain), master.removeSlave(plain), master.slaveCount]).toEqual([
      true,
      false,
      1,
    ]);
    await master.sendFrame(frameOf(0));
    expect(got).toEqual(['function', 'slave', 'slave']);
    expect(master.removeSlave(slave)).toBe(true);
  });

  test('from within acceptFrame it leaves the frame under way alone', async () => {
    const master = new Master();
    const got: string[] = [];
    const primary = (): void => void got.push('primary');
    master.addSlave(primary);
    master.addSlave(() => void master.removeSlave(primary));
    await master.sendFrame(frameOf(0));
    await waitFor('the removal', () => master.slaveCount === 1);
    await master.sendFrame(frameOf(0));
    expect(got).toEqual(['primary']);
  });
});

async function all(frames: AsyncIterable<Frame>): Promise<number[]> {
  const read: number[] = [];
  for await (const frame of frames) read.push(frame.payload[0]!);
  return read;
}
