import { appendFileSync, truncateSync } from 'node:fs';
import { Frame, GeneralError, Logging, StreamReader, type FrameSlave } from '../../../lib';
import { rejection } from '../../helpers/errors';
import { fields, fileName, numberedFrame, removeFiles, write } from '../../helpers/files';
import { collectLevels, collectLog } from '../../helpers/log';
import { makeGate, turns, waitFor, waitForEnd } from '../../helpers/wait';

afterEach(() => {
  Logging.setSink(undefined);
  removeFiles();
});

const FRAMES = Array.from({ length: 200 }, (_, i) => numberedFrame(i, 1 + ((i * 997) % 90_000)));

class Collector implements FrameSlave {
  readonly frames: Frame[] = [];

  acceptFrame(frame: Frame): void {
    this.frames.push(frame);
  }

  get fields(): unknown[] {
    return this.frames.map(fields);
  }
}

describe('StreamReader', () => {
  test('plays a file, all of it, and then another', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES);
    const reader = new StreamReader();
    const slave = reader.to(new Collector());
    for (const times of [1, 2]) {
      await reader.open(path);
      expect([reader.isActive, reader.isOpen]).toEqual([true, true]);
      await reader.closeWait();
      expect([reader.isActive, reader.frameCount]).toEqual([false, FRAMES.length]);
      expect(slave.frames.length).toBe(times * FRAMES.length);
    }
    expect(slave.fields).toEqual([...FRAMES, ...FRAMES].map(fields));
    await reader.closeWait();
    await reader.close();
  });

  test('plays the parts of a recording, one channel of it, without its configuration', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES, { maxSize: 100_000 });
    const texts: string[] = [];
    const reader = new StreamReader({
      channel: [1, 2],
      configChan: 2,
      onConfig: (text) => texts.push(text),
    });
    const slave = reader.to(new Collector());
    await reader.open(`${path}.1`);
    await reader.closeWait();
    const of = (channel: number): Frame[] => FRAMES.filter((frame) => frame.channel === channel);
    expect(slave.fields).toEqual(of(1).map(fields));
    expect(texts).toEqual(of(2).map((frame) => frame.payload.toString()));
  });

  test('goes at the pace of its slaves', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES);
    const reader = new StreamReader();
    let gate = makeGate();
    let count = 0;
    reader.to(() => {
      count += 1;
      return gate.opened;
    });
    await reader.open(path);
    await waitFor('the first frame', () => count === 1);
    await turns();
    expect([count, reader.frameCount]).toEqual([1, 0]);
    const { open } = gate;
    gate = makeGate();
    open();
    await waitFor('the second', () => count === 2);
    await turns();
    expect([count, reader.frameCount]).toEqual([2, 1]);
    // Closing does not wait for a slave that never accepts.
    const done = reader.closeWait();
    await reader.close();
    await done;
    gate.open();
    await turns();
    expect([count, reader.isActive]).toEqual([2, false]);
  });

  test('frames() and readable() end where the file ends', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES);
    const reader = new StreamReader();
    const [frames, readable] = [reader.frames(), reader.readable()];
    await reader.open(path);
    const read = async (source: AsyncIterable<unknown>): Promise<unknown[]> => {
      const got: unknown[] = [];
      for await (const frame of source) got.push(fields(frame as Frame));
      return got;
    };
    const both = await Promise.all([read(frames), read(readable)]);
    expect(both).toEqual([FRAMES.map(fields), FRAMES.map(fields)]);
  });

  test('a torn record ends it behind all others, told to whoever waits, reads or looks at the log', async () => {
    const log = collectLog();
    const path = fileName('run.dat');
    await write(
      path,
      [1, 2, 3].map((i) => numberedFrame(i, 10)),
    );
    truncateSync(path, 50);
    const reader = new StreamReader();
    const slave = reader.to(new Collector());
    const frames = reader.frames();
    await reader.open(path);
    const torn = { code: 'ERR_TORN_RECORD', offset: 36 };
    expect(await rejection(reader.closeWait())).toMatchObject(torn);
    expect(slave.frames.length).toBe(2);
    for (let i = 0; i < 2; i++) expect((await frames.next()).done).toBe(false);
    expect(await rejection(frames.next())).toMatchObject(torn);
    expect(log).toEqual([expect.stringMatching(/^Playing has ended after 2 frames: .*ends within a record/)]);
  });

  test('a slave that fails ends it', async () => {
    collectLog();
    const path = fileName('run.dat');
    await write(path, FRAMES);
    const reader = new StreamReader();
    let count = 0;
    reader.to(() => {
      count += 1;
      if (count === 3) throw new Error('not this one');
    });
    await reader.open(path);
    expect(await rejection(reader.closeWait())).toMatchObject({ message: 'not this one' });
    expect([count, reader.frameCount, reader.isActive]).toEqual([3, 2, false]);
  });

  test('a bridge that was stopped ends it at Info', async () => {
    Logging.setFilter('fileio.StreamReader', Logging.Info);
    const log = collectLevels();
    const path = fileName('run.dat');
    await write(path, FRAMES);
    const reader = new StreamReader();
    reader.to(() => Promise.reject(new GeneralError('ERR_BRIDGE_STOPPED', 'the bridge was stopped')));
    await reader.open(path);
    expect(await rejection(reader.closeWait())).toMatchObject({ code: 'ERR_BRIDGE_STOPPED' });
    expect(log).toEqual(['Info Playing has ended after 0 frames: the bridge was stopped']);
  });

  test('stop() from within a slave, and a slave that fails after it, end nothing else', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES);
    const reader = new StreamReader();
    let done = false;
    reader.to(async () => {
      await reader.stop();
      done = true;
      throw new Error('too late');
    });
    await reader.open(path);
    await waitForEnd('closeWait', reader.closeWait());
    await waitFor('stop', () => done);
    await turns();
    expect([reader.isActive, reader.frameCount]).toEqual([false, 0]);
  });

  test('close() ends readers that were made for a file which was never opened', async () => {
    const reader = new StreamReader();
    const frames = reader.frames();
    const next = frames.next();
    const readable = reader.readable();
    const ended = new Promise((resolve) => readable.once('end', resolve).resume());
    await rejection(reader.open(fileName('nothing.dat')));
    await reader.close();
    await waitForEnd('the readers', Promise.all([next, ended]));
    expect([(await next).done, reader.slaveCount]).toEqual([true, 0]);
  });

  test.each([10, 1_000_000])('close() does not wait for onConfig, told in %d bytes', async (size) => {
    const path = fileName('run.dat');
    await write(path, [new Frame(Buffer.alloc(size, 'a'), { channel: 3 }), ...FRAMES]);
    let fail: (err: Error) => void = () => undefined;
    let closed: Promise<void> | undefined;
    const reader = new StreamReader({
      configChan: 3,
      onConfig: () => {
        closed = reader.close();
        return new Promise((_resolve, reject) => (fail = reject));
      },
    });
    const slave = reader.to(new Collector());
    await reader.open(path);
    await waitForEnd('closeWait', reader.closeWait());
    await waitForEnd('close', closed);
    fail(new Error('too late'));
    await turns();
    expect([slave.frames.length, reader.isActive]).toEqual([0, false]);
  });

  test('opening another file ends the one being played; one that is not there is told', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES);
    await write(fileName('short.dat'), FRAMES.slice(0, 2));
    const reader = new StreamReader();
    let stuck = true;
    const got: number[] = [];
    reader.to((frame) => {
      got.push(frame.size);
      return stuck ? new Promise<void>(() => undefined) : undefined;
    });
    await reader.open(path);
    await waitFor('the first frame', () => got.length === 1);
    stuck = false;
    await reader.open(fileName('short.dat'));
    await reader.closeWait();
    expect(got).toEqual([FRAMES[0]!.size, FRAMES[0]!.size, FRAMES[1]!.size]);
    expect(await rejection(reader.open(fileName('nothing.dat')))).toMatchObject({ code: 'ERR_FILE_OPEN' });
    expect(reader.isActive).toBe(false);
  });

  test('a playing that was closed has no part in the next one', async () => {
    const [a, b] = [fileName('a.dat'), fileName('b.dat')];
    await write(a, FRAMES.slice(0, 5));
    await write(b, FRAMES);
    const reader = new StreamReader();
    const gate = makeGate();
    let held = 0;
    const slow = (): Promise<void> => {
      held += 1;
      return gate.opened;
    };
    reader.addSlave(slow);
    await reader.open(a);
    await waitFor('a frame to wait', () => held === 1);
    await reader.close();
    reader.removeSlave(slow);
    await reader.open(b);
    let count = 0;
    for await (const frame of reader.frames()) {
      expect(frame.size).toBe(FRAMES[count]!.size);
      count += 1;
      if (count === 10) gate.open();
      if (count % 20 === 0) await turns(1);
    }
    expect([count, reader.frameCount]).toEqual([FRAMES.length, FRAMES.length]);
  });

  test('what is made between two files belongs to the second', async () => {
    const [a, b] = [fileName('a.dat'), fileName('b.dat')];
    await write(a, FRAMES.slice(0, 5));
    await write(b, FRAMES.slice(0, 7));
    const reader = new StreamReader();
    reader.to(new Collector());
    await reader.open(a);
    await reader.closeWait();
    const frames = reader.frames();
    await reader.open(b);
    let count = 0;
    for await (const frame of frames) expect(frame.size).toBe(FRAMES[count++]!.size);
    expect(count).toBe(7);
  });

  test('without a slave it waits for one: nothing is played to nobody, and closeWait says so', async () => {
    const path = fileName('run.dat');
    await write(path, FRAMES);
    const reader = new StreamReader();
    await reader.open(path);
    await turns(50);
    expect([reader.frameCount, reader.isActive]).toEqual([0, true]);
    const missing = {
      code: 'ERR_NO_SLAVE',
      message: expect.stringContaining('0 frames were played') as string,
    };
    expect(await rejection(reader.closeWait())).toMatchObject(missing);
    let count = 0;
    for await (const frame of reader.frames({ maxDepth: 1 })) {
      expect(frame.size).toBe(FRAMES[count++]!.size);
      if (count === 3) break;
    }
    await turns(50);
    expect(reader.frameCount).toBeLessThan(10);
    // Said to those who wait already, too.
    const slave = reader.to(new Collector());
    await reader.closeWait();
    expect(slave.frames.length + reader.frameCount).toBeGreaterThan(FRAMES.length);
    await reader.open(path);
    const waiting = rejection(reader.closeWait());
    reader.removeSlave(slave);
    expect(await waiting).toMatchObject({ code: 'ERR_NO_SLAVE' });
    await reader.close();
  });

  test('open and close take turns, however they are called', async () => {
    const [a, b] = [fileName('a.dat'), fileName('b.dat')];
    await write(a, FRAMES.slice(0, 5));
    await write(b, FRAMES.slice(5, 9));
    const reader = new StreamReader();
    const slave = reader.to(new Collector());
    await Promise.all([reader.open(a), reader.open(b)]);
    await reader.closeWait();
    expect(slave.fields.slice(-4)).toEqual(FRAMES.slice(5, 9).map(fields));
    const count = slave.frames.length;
    const opening = reader.open(a);
    await reader.close();
    await opening;
    await turns(20);
    expect([reader.isActive, slave.frames.length]).toEqual([false, count]);
  });

  test('readable() gives all whole records of a torn file, and then the error', async () => {
    collectLog();
    const path = fileName('run.dat');
    await write(path, FRAMES.slice(0, 12));
    appendFileSync(path, Buffer.alloc(3));
    const reader = new StreamReader();
    const readable = reader.readable();
    await reader.open(path);
    let count = 0;
    const reading = (async () => {
      for await (const frame of readable) {
        expect((frame as Frame).size).toBe(FRAMES[count++]!.size);
        await turns(1);
      }
    })();
    expect(await rejection(reading)).toMatchObject({ code: 'ERR_TORN_RECORD' });
    expect(count).toBe(12);
  });

  test('a signal is no option of it', () => {
    const options = { signal: AbortSignal.abort() } as object;
    expect(() => new StreamReader(options)).toThrow(/unknown option 'signal' in the options of StreamReader/);
  });

  test('empty records are passed over, as in Rogue', async () => {
    const path = fileName('run.dat');
    await write(path, [numberedFrame(1, 4)]);
    appendFileSync(path, Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]));
    const reader = new StreamReader();
    const slave = reader.to(new Collector());
    await reader.open(path);
    await reader.closeWait();
    expect(slave.frames.length).toBe(1);
  });
});
