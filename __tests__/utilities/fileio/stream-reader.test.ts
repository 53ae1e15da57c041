import { appendFileSync, truncateSync } from 'node:fs';
import { Logging, StreamReader, StreamWriter, type Frame, type FrameSlave } from '../../../lib';
import { rejection } from '../../helpers/errors';
import { fileName, numberedFrame, removeFiles, sha256 } from '../../helpers/files';
import { collectLog } from '../../helpers/log';
import { makeGate, turns, waitFor } from '../../helpers/wait';

afterEach(() => {
  Logging.setSink(undefined);
  removeFiles();
});

const FRAMES = Array.from({ length: 200 }, (_, i) => numberedFrame(i, 1 + ((i * 997) % 90_000)));

async function record(path: string, frames: Frame[], maxSize = 0): Promise<void> {
  await using writer = new StreamWriter({ maxSize });
  await writer.open(path);
  for (const frame of frames) await writer.getChannel(0).acceptFrame(frame);
}

class Collector implements FrameSlave {
  readonly frames: Frame[] = [];

  acceptFrame(frame: Frame): void {
    this.frames.push(frame);
  }

  get fields(): unknown[] {
    return this.frames.map(fields);
  }
}

const fields = ({ payload, flags, channel, error }: Frame): unknown => [
  sha256(payload),
  flags,
  channel,
  error,
];

describe('StreamReader', () => {
  test('plays a file, all of it, and then another', async () => {
    const path = fileName('run.dat');
    await record(path, FRAMES);
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
    await record(path, FRAMES, 100_000);
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
    await record(path, FRAMES);
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
    await record(path, FRAMES);
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
    await record(
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
    await record(path, FRAMES);
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

  test('opening another file ends the one being played; one that is not there is told', async () => {
    const path = fileName('run.dat');
    await record(path, FRAMES);
    await record(fileName('short.dat'), FRAMES.slice(0, 2));
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

  test('empty records are passed over, as in Rogue', async () => {
    const path = fileName('run.dat');
    await record(path, [numberedFrame(1, 4)]);
    appendFileSync(path, Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]));
    const reader = new StreamReader();
    const slave = reader.to(new Collector());
    await reader.open(path);
    await reader.closeWait();
    expect(slave.frames.length).toBe(1);
  });
});
