import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type * as Library from '../../lib';
import { Filter, Frame, GeneralError, Logging, Master, Slave } from '../../lib';
import { rejection } from '../helpers/errors';
import { collectLog } from '../helpers/log';
import { makeGate, turns, waitFor, waitForEnd } from '../helpers/wait';

afterEach(() => Logging.setSink(undefined));

const frameOf = (value: number): Frame => new Frame(Buffer.of(value & 0xff));

class Source extends Master {
  fail(err: Error): void {
    this.finish(err);
  }
}

/** A Node stream that keeps what it is given, one chunk a turn. */
function slowSink(): { sink: Writable; got: number[] } {
  const got: number[] = [];
  const sink = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(frame: Frame, _encoding, done) {
      got.push(frame.payload[0]!);
      setImmediate(done);
    },
  });
  return { sink, got };
}

describe('readable()', () => {
  test('a pipeline gets every frame, and its pace is the pace of the source', async () => {
    const source = new Source();
    const { sink, got } = slowSink();
    const readable = source.readable({ highWaterMark: 2 });
    const done = pipeline(readable, sink);
    for (let i = 0; i < 50; i++) {
      await source.sendFrame(frameOf(i));
      expect(i + 1 - got.length).toBeLessThanOrEqual(5);
    }
    await source.stop();
    await done;
    expect(got).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('the source is held back while nobody reads', async () => {
    const source = new Source();
    source.readable({ highWaterMark: 2 });
    await source.sendFrame(frameOf(0));
    let accepted = false;
    void source.sendFrame(frameOf(1)).then(() => (accepted = true));
    await turns();
    expect(accepted).toBe(false);
  });

  test('an error of the source destroys the pipeline with it', async () => {
    const source = new Source();
    const { sink } = slowSink();
    const done = pipeline(source.readable(), sink);
    source.fail(new Error('the cable is out'));
    expect(await rejection(done)).toMatchObject({ message: 'the cable is out' });
    expect(sink.destroyed).toBe(true);
  });

  test('an error of the source comes behind the frames before it', async () => {
    const source = new Source();
    const { sink, got } = slowSink();
    const done = pipeline(source.readable(), sink);
    for (let i = 0; i < 10; i++) await source.sendFrame(frameOf(i));
    source.fail(new Error('the cable is out'));
    expect(await rejection(done)).toMatchObject({ message: 'the cable is out' });
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each(['readable', 'frames'] as const)(
    'a slave that stops the master holds up nobody: %s',
    async (what) => {
      Logging.setFilter('stream.Frames', Logging.Warning);
      const log = collectLog();
      const source = new Source();
      const reading = (async () => {
        const got: unknown[] = [];
        for await (const frame of source[what]()) got.push(frame);
        return got;
      })();
      source.addSlave(() => source.stop());
      await source.sendFrame(frameOf(0));
      expect(await reading).toEqual([]);
      expect(log).toEqual([expect.stringMatching(/^1 frames were not read/)]);
    },
  );

  test('an error of the sink reaches the sender that waits, and the master goes on without it', async () => {
    Logging.setFilter('stream.Frames', Logging.Warning);
    const log = collectLog();
    const source = new Source();
    const gate = makeGate();
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (_frame, _encoding, done) =>
        void gate.opened.then(() => done(new Error('no space left on device'))),
    });
    const done = pipeline(source.readable({ highWaterMark: 1 }), sink);
    done.catch(() => undefined);
    await source.sendFrame(frameOf(0)).catch(() => undefined);
    const waiting = [1, 2, 3].map((value) => source.sendFrame(frameOf(value)));
    const told = Promise.allSettled(waiting);
    gate.open();
    expect(await rejection(done)).toMatchObject({ message: 'no space left on device' });
    const reasons = (await told).map((result) => (result.status === 'rejected' ? String(result.reason) : ''));
    expect(reasons).toContain('Error: no space left on device');
    expect(source.slaveCount).toBe(0);
    expect(log.join()).toMatch(/frames were not read/);
    await source.sendFrame(frameOf(4));
  });
});

describe('writable()', () => {
  test('gives frames to the slave one after the other, at its pace', async () => {
    const got: number[] = [];
    let under = 0;
    class SlowSlave extends Slave {
      override async acceptFrame(frame: Frame): Promise<void> {
        expect((under += 1)).toBe(1);
        await turns(1);
        got.push(frame.payload[0]!);
        under -= 1;
      }
    }
    await pipeline(Readable.from([1, 2, 3, 4].map(frameOf)), new SlowSlave().writable());
    expect(got).toEqual([1, 2, 3, 4]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('not this one');
      },
    ],
    ['rejects', () => Promise.reject(new Error('not this one'))],
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    ['rejects with nothing', () => Promise.reject(undefined)],
  ])('a slave that %s ends the pipeline', async (_how, acceptFrame) => {
    const slave = Object.assign(new Slave(), { acceptFrame });
    const source = Readable.from([frameOf(0)]);
    expect(await rejection(pipeline(source, slave.writable()))).toMatchObject({
      message: expect.stringMatching(/^(not this one|a slave failed with undefined)$/) as string,
    });
    await waitFor('the source to be destroyed', () => source.destroyed);
  });

  test('destroy() does not wait for the slave, and its late failure ends nothing', async () => {
    let fail: (err: Error) => void = () => undefined;
    const acceptFrame = (): Promise<void> => new Promise((_resolve, reject) => (fail = reject));
    const writable = Object.assign(new Slave(), { acceptFrame }).writable();
    for (let i = 0; i < 3; i++) writable.write(frameOf(i), () => undefined);
    const closed = new Promise((resolve) => writable.once('close', resolve));
    writable.destroy();
    await waitForEnd('the stream to close', closed);
    const heard: Error[] = [];
    writable.on('error', (err) => heard.push(err));
    fail(new Error('too late'));
    await turns();
    expect(heard).toEqual([]);
  });

  test('stop() of a module lets a pipeline go on that waits for its slave', async () => {
    const filter = new Filter(false, 0);
    let count = 0;
    filter.to(() => {
      count += 1;
      return new Promise<void>(() => undefined);
    });
    const done = pipeline(Readable.from([1, 2, 3].map(frameOf)), filter.writable());
    await waitFor('a frame', () => count === 1);
    await filter.stop();
    await waitForEnd('the pipeline', done);
    expect([count, filter.dropCount]).toEqual([1, 2]);
  });

  test.each([0, 1])(
    'a bridge that was stopped ends a pipe() without ending the process, and is told to %d listeners',
    async (listeners) => {
      const stopped = new GeneralError('ERR_BRIDGE_STOPPED', 'the bridge was stopped');
      const acceptFrame = (): Promise<void> => Promise.reject(stopped);
      const writable = Object.assign(new Slave(), { acceptFrame }).writable();
      const heard: Error[] = [];
      if (listeners > 0) writable.on('error', (err) => heard.push(err));
      const source = new Source();
      const closed = new Promise((resolve) => writable.once('close', resolve));
      source.readable().pipe(writable);
      void source.sendFrame(frameOf(0));
      await waitForEnd('the stream to close', closed);
      await turns();
      expect(heard).toEqual(listeners > 0 ? [stopped] : []);
      await source.stop();
    },
  );

  test('any other failure of a slave behind a pipe() is an error', async () => {
    const acceptFrame = (): Promise<void> => Promise.reject(new Error('no room'));
    const writable = Object.assign(new Slave(), { acceptFrame }).writable();
    Readable.from([frameOf(0)]).pipe(writable);
    const heard = new Promise((resolve) => writable.once('error', resolve));
    expect(await heard).toMatchObject({ message: 'no room' });
  });

  test('what is no frame is refused with words', async () => {
    const written = pipeline(Readable.from([Buffer.of(1)]), new Slave().writable());
    expect(await rejection(written)).toMatchObject({
      name: 'TypeError',
      message: 'a stream of frames was given an object (Buffer), but takes Frame objects only',
    });
  });

  test('a frame of another copy of the library is one', async () => {
    let other!: typeof Library;
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    jest.isolateModules(() => (other = require('../../lib') as typeof Library));
    const slave = new Slave();
    await pipeline(Readable.from([new other.Frame(5)]), slave.writable());
    expect([other.Frame === Frame, slave.byteCount]).toEqual([false, 5]);
  });

  test('a transform between two ends', async () => {
    const source = new Source();
    const slave = new Slave();
    const double = new Transform({
      objectMode: true,
      transform: (frame: Frame, _encoding, done) =>
        done(null, new Frame(Buffer.concat([frame.payload, frame.payload]), frame)),
    });
    const done = pipeline(source.readable(), double, slave.writable());
    for (let i = 0; i < 5; i++) await source.sendFrame(frameOf(i));
    await source.stop();
    await done;
    expect([slave.frameCount, slave.byteCount]).toEqual([5, 10]);
  });
});
