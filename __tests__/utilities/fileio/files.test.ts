// Writing and reading Rogue's data files: what Rogue wrote, and what it would write.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Frame,
  Logging,
  Master,
  readFrames,
  StreamWriter,
  type ReadFramesOptions,
  type StreamWriterOptions,
} from '../../../lib';
import { rejection } from '../../helpers/errors';
import {
  fields,
  fileName,
  numberedFrame,
  read,
  recordOf,
  removeFiles,
  sha256,
  write,
} from '../../helpers/files';
import { collectLog } from '../../helpers/log';
import { turns, waitFor, waitForEnd } from '../../helpers/wait';

afterEach(removeFiles);

const FIXTURES = join(__dirname, '..', '..', 'fixtures');
const RECORDED = join(FIXTURES, 'stream-writer.dat');
const RECORDS = (
  JSON.parse(readFileSync(join(FIXTURES, 'stream-writer.json'), 'utf8')) as {
    records: { channel: number; flags: number; error: number; size: number; sha256: string }[];
  }
).records;

describe('what Rogue wrote', () => {
  test('reads back as its manifest says', async () => {
    const frames = await read(RECORDED);
    expect(
      frames.map(({ channel, flags, error, size, payload }) => ({
        channel,
        flags,
        error,
        size,
        sha256: sha256(payload),
      })),
    ).toEqual(RECORDS);
    let position = 0;
    for (const frame of frames) {
      expect([frame.path, frame.position]).toEqual([RECORDED, position]);
      position += 8 + frame.size;
    }
  });

  test.each<StreamWriterOptions>([{}, { bufferSize: 1000 }, { bufferSize: 1_000_000 }])(
    'the same frames make the same file, byte for byte, with %j',
    async (options) => {
      const path = fileName('run.dat');
      await write(path, await read(RECORDED), options);
      expect(readFileSync(path).equals(readFileSync(RECORDED))).toBe(true);
    },
  );

  test('one channel, several, and configuration apart', async () => {
    const of = (...channels: number[]): unknown[] =>
      RECORDS.filter(({ channel }) => channels.includes(channel)).map((record) => record.sha256);
    const hashes = async (options: ReadFramesOptions): Promise<string[]> =>
      (await read(RECORDED, options)).map((frame) => sha256(frame.payload));
    expect(of(5).length).toBeGreaterThan(0);
    expect(await hashes({ channel: 5 })).toEqual(of(5));
    expect(await hashes({ channel: [0, 5] })).toEqual(of(0, 5));
    expect(await hashes({ channel: 77 })).toEqual([]);
    const path = fileName('config.dat');
    const config = new Frame(Buffer.from('root:\n  rate: 5\n'), { channel: 255 });
    await write(path, [numberedFrame(1, 9), config, numberedFrame(2, 9)]);
    const texts: unknown[] = [];
    const frames = await read(path, {
      configChan: 255,
      onConfig: (text, place) => texts.push([text, place]),
    });
    expect(texts).toEqual([['root:\n  rate: 5\n', { path, position: 17 }]]);
    expect(frames.map(fields)).toEqual([numberedFrame(1, 9), numberedFrame(2, 9)].map(fields));
  });
});

describe('what is written', () => {
  test("is what Rogue would write, at any size, channel 0 keeping the frame's own", async () => {
    const sizes = [1, 2, 63, 64, 4096, 32_767, 32_768, 65_535, 65_536, 262_144, 300_000, 1_500_000];
    const frames = sizes.map((size, i) => numberedFrame(i, size));
    const path = fileName('run.dat');
    const writer = new StreamWriter();
    await writer.open(path);
    const [own, as7] = [writer.getChannel(0), writer.getChannel(7)];
    expect(writer.getChannel(7)).toBe(as7);
    for (const frame of frames) {
      await own.acceptFrame(frame);
      await as7.acceptFrame(frame);
    }
    const bytes = Buffer.concat(frames.flatMap((frame) => [recordOf(frame), recordOf(frame, 7)]));
    expect([writer.frameCount, writer.totalSize, writer.currentSize]).toEqual([
      24,
      bytes.length,
      bytes.length,
    ]);
    expect([own.frameCount, as7.frameCount, as7.byteCount]).toEqual([12, 12, bytes.length / 2 - 12 * 8]);
    await writer.close();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    const back = await read(path, { channel: 7 });
    expect(back.map((frame) => sha256(frame.payload))).toEqual(frames.map((frame) => sha256(frame.payload)));
  });

  test('many small frames sent without waiting, and read by any number at a time', async () => {
    const frames = Array.from({ length: 20_000 }, (_, i) => numberedFrame(i, 1 + (i % 200)));
    const path = fileName('run.dat');
    const writer = new StreamWriter();
    await writer.open(path);
    await Promise.all(frames.map((frame) => writer.getChannel(0).acceptFrame(frame)));
    await writer.close();
    expect(readFileSync(path).equals(Buffer.concat(frames.map((frame) => recordOf(frame))))).toBe(true);
    const iterator = readFrames(path);
    let count = 0;
    for (let done = false; !done;) {
      const results = await Promise.all(Array.from({ length: 1 + (count % 7) }, () => iterator.next()));
      for (const result of results) {
        if (result.done === true) done = true;
        else expect(fields(result.value)).toEqual(fields(frames[count++]!));
      }
    }
    expect(count).toBe(frames.length);
  });

  test('raw mode writes payloads alone', async () => {
    const frames = [1, 100, 50_000].map((size, i) => numberedFrame(i, size));
    const path = fileName('run.raw');
    const writer = await write(path, frames, { raw: true });
    expect(readFileSync(path).equals(Buffer.concat(frames.map((frame) => frame.payload)))).toBe(true);
    expect(writer.totalSize).toBe(50_101);
  });

  test('files are split in front of the record that would be too much, and read as one', async () => {
    const frames = Array.from({ length: 50 }, (_, i) => numberedFrame(i, 1 + ((i * 37) % 300)));
    const path = fileName('run.dat');
    const writer = await write(path, frames, { maxSize: 1000 });
    expect(existsSync(path)).toBe(false);
    const parts: string[] = [];
    while (existsSync(`${path}.${parts.length + 1}`)) parts.push(`${path}.${parts.length + 1}`);
    expect(parts.length).toBeGreaterThan(8);
    const contents = parts.map((part) => readFileSync(part));
    expect(Buffer.concat(contents).equals(Buffer.concat(frames.map((frame) => recordOf(frame))))).toBe(true);
    for (const [i, content] of contents.entries()) {
      expect(content.length).toBeLessThanOrEqual(1000);
      // The next record did not fit any more.
      if (i + 1 < contents.length) {
        expect(content.length + 4 + contents[i + 1]!.readUInt32LE(0)).toBeGreaterThan(1000);
      }
    }
    expect([writer.totalSize, writer.currentSize]).toEqual([
      Buffer.concat(contents).length,
      contents.at(-1)!.length,
    ]);
    expect((await read(`${path}.1`)).map(fields)).toEqual(frames.map(fields));
    expect((await read([parts[2]!, parts[1]!])).map(({ path: part }) => part)).toContain(parts[1]);
    const few = await read([parts[1]!]);
    expect(new Set(few.map((frame) => frame.path))).toEqual(new Set([parts[1]]));
    const master = new Master();
    master.to(writer.getChannel(0));
    await writer.open(fileName('other.dat'));
    expect(await rejection(master.sendFrame(new Frame(993)))).toMatchObject({
      code: 'ERR_FRAME_TOO_LARGE',
      message: 'a frame of 993 bytes does not fit into a file of maxSize = 1000 bytes',
    });
    await master.sendFrame(new Frame(992));
    await writer.close();
  });

  test('errors, empty frames and frames without an open file are left out and counted', async () => {
    const writer = new StreamWriter({ dropErrors: true });
    const channel = writer.getChannel(0);
    await channel.acceptFrame(new Frame(1));
    expect([writer.isOpen, writer.dropCount]).toEqual([false, 1]);
    const path = fileName('run.dat');
    await writer.open(path);
    for (const frame of [new Frame(0), new Frame(3, { error: 1 }), new Frame(4)])
      await channel.acceptFrame(frame);
    expect([writer.frameCount, writer.dropCount, channel.frameCount]).toEqual([1, 2, 3]);
    await writer.close();
    expect(readFileSync(path).length).toBe(12);
    await writer.open(fileName('second.dat'));
    expect([writer.frameCount, writer.dropCount, writer.totalSize, channel.frameCount]).toEqual([0, 0, 0, 0]);
    await writer.close();
  });

  test('waitFrameCount tells when, and when not', async () => {
    const writer = new StreamWriter();
    await writer.open(fileName('run.dat'));
    const channel = writer.getChannel(3);
    const waits = [writer.waitFrameCount(2), channel.waitFrameCount(2), writer.waitFrameCount(3)];
    await channel.acceptFrame(new Frame(1));
    expect(await writer.waitFrameCount(1)).toBe(true);
    expect(await writer.waitFrameCount(2, { timeoutMs: 1 })).toBe(false);
    await channel.acceptFrame(new Frame(1));
    await writer.close();
    expect(await Promise.all(waits)).toEqual([true, true, false]);
    expect(await rejection(writer.waitFrameCount(-1))).toMatchObject({ name: 'RangeError' });
  });

  test('waitFrameCount ends where no recording is', async () => {
    const writer = new StreamWriter();
    const channel = writer.getChannel(0);
    expect(await Promise.all([writer.waitFrameCount(1), channel.waitFrameCount(1)])).toEqual([false, false]);
    await writer.open('/dev/full');
    await channel.acceptFrame(new Frame(1));
    await waitFor('the failure', () => !writer.isOpen);
    expect(await Promise.all([writer.waitFrameCount(9), channel.waitFrameCount(9)])).toEqual([false, false]);
    await rejection(writer.close());
    expect(await writer.waitFrameCount(1)).toBe(false);
  });

  test('waitFrameCount ends when the recording it waits for does not begin, and when it is closed', async () => {
    await write(fileName('old.dat'), [numberedFrame(1, 10)]);
    const writer = new StreamWriter();
    const channel = writer.getChannel(0);
    const wait = (): Promise<boolean[]> => Promise.all([writer.waitFrameCount(1), channel.waitFrameCount(1)]);
    const opening = rejection(writer.open(fileName('old.dat')));
    const waits = wait();
    expect(await opening).toMatchObject({ code: 'ERR_FILE_OPEN' });
    await waitForEnd('the waits', waits);
    expect(await waits).toEqual([false, false]);
    await writer.open(fileName('run.dat'));
    const closing = [wait(), writer.close(), wait()];
    await waitForEnd('the waits', Promise.all(closing));
    expect([await closing[0], await closing[2]]).toEqual([
      [false, false],
      [false, false],
    ]);
  });

  test('the next recording begins while frames come: each is in the one or the other', async () => {
    const writer = new StreamWriter();
    const channel = writer.getChannel(0);
    await writer.open(fileName('first.dat'));
    let sent = 0;
    let going = true;
    const sending = (async () => {
      for (; going; sent++) {
        await channel.acceptFrame(numberedFrame(sent, 500));
        if (sent % 50 === 0) await turns(1);
      }
    })();
    await waitFor('the first frames', () => sent > 1000);
    await writer.open(fileName('second.dat'));
    const switched = sent;
    await waitFor('more frames', () => sent > switched + 1000);
    going = false;
    await sending;
    await writer.close();
    const both = [...(await read(fileName('first.dat'))), ...(await read(fileName('second.dat')))];
    expect(both.length).toBe(sent);
    expect(both.map(({ flags }) => flags)).toEqual(Array.from({ length: sent }, (_, i) => (i * 7) & 0xffff));
    expect(writer.dropCount).toBe(0);
  });

  test('a name that is refused leaves the recording before alone', async () => {
    await write(fileName('old.dat'), [numberedFrame(1, 10)]);
    const writer = new StreamWriter();
    await writer.open(fileName('run.dat'));
    await rejection(writer.open(fileName('old.dat')));
    expect(writer.isOpen).toBe(true);
    await writer.getChannel(0).acceptFrame(numberedFrame(1, 10));
    await writer.close();
    expect(await read(fileName('run.dat'))).toHaveLength(1);
  });

  test('open and close take turns, however they are called', async () => {
    const writer = new StreamWriter();
    const [a, b] = [fileName('a.dat'), fileName('b.dat')];
    await Promise.all([writer.open(a), writer.open(b)]);
    await writer.getChannel(0).acceptFrame(numberedFrame(1, 10));
    await writer.close();
    expect([(await read(a)).length, (await read(b)).length]).toEqual([0, 1]);
    const opening = writer.open(fileName('c.dat'));
    await writer.close();
    await opening;
    expect(writer.isOpen).toBe(false);
  });

  test('frames without an open file are logged, once', async () => {
    const lines = collectLog();
    Logging.setFilter('fileio.StreamWriter', Logging.Warning);
    const writer = new StreamWriter();
    for (let i = 0; i < 3; i++) await writer.getChannel(0).acceptFrame(new Frame(1));
    expect(lines).toEqual([expect.stringMatching(/not recorded: no file is open/)]);
    Logging.setSink(undefined);
  });

  test('a file with data in it is left alone, unless told', async () => {
    const path = fileName('run.dat');
    await write(path, [numberedFrame(1, 10)], { maxSize: 18 });
    await write(
      fileName('old.dat'),
      [1, 2, 3, 4].map((i) => numberedFrame(i, 10)),
      { maxSize: 18 },
    );
    const writer = new StreamWriter({ maxSize: 18 });
    expect(await rejection(writer.open(path))).toMatchObject({
      code: 'ERR_FILE_OPEN',
      path: `${path}.1`,
      message: expect.stringContaining('choose another name, or set overwrite: true') as string,
    });
    expect((await read(`${path}.1`)).length).toBe(1);
    // The parts of an older, longer recording do not become the end of this one.
    await writer.open(fileName('old.dat'), { overwrite: true });
    for (const i of [8, 9]) await writer.getChannel(0).acceptFrame(numberedFrame(i, 10));
    await writer.close();
    expect((await read(`${fileName('old.dat')}.1`)).map(fields)).toEqual(
      [8, 9].map((i) => fields(numberedFrame(i, 10))),
    );
    // Nor do they without overwrite, wherever in the row they are.
    writeFileSync(fileName('gap.dat.3'), recordOf(numberedFrame(1, 10)));
    expect(await rejection(writer.open(fileName('gap.dat')))).toMatchObject({
      code: 'ERR_FILE_OPEN',
      path: `${fileName('gap.dat')}.3`,
    });
    await writer.open(fileName('gap.dat'), { overwrite: true });
    await writer.close();
    expect(existsSync(`${fileName('gap.dat')}.3`)).toBe(false);
    // An empty one has nothing to lose.
    writeFileSync(fileName('empty.dat.1'), '');
    await writer.open(fileName('empty.dat'));
    await writer.close();
    expect(await rejection(writer.open(fileName('no/such/folder.dat')))).toMatchObject({
      code: 'ERR_FILE_OPEN',
    });
  });

  test.each([
    [{ maxSize: -1 }, /maxSize is -1/],
    [{ bufferSize: 1.5 }, /bufferSize is 1.5/],
    [{ raw: 1 }, /raw is 1, but must be true or false/],
    [{ size: 1 }, /unknown option 'size'/],
  ])('refuses %j', (options, message) => {
    expect(() => new StreamWriter(options as StreamWriterOptions)).toThrow(message);
  });
});
