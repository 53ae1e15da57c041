// Data files that are torn, damaged, none at all, or on a disk that is full; and readings that end early.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { Frame, GeneralError, Master, readFrames, StreamReader, StreamWriter } from '../../../lib';
import { rejection } from '../../helpers/errors';
import { fields, fileName, numberedFrame, read, recordOf, removeFiles, write } from '../../helpers/files';
import { endPeers } from '../../helpers/process';
import { turns, waitFor, waitForEnd } from '../../helpers/wait';

afterEach(async () => {
  await endPeers();
  removeFiles();
});

describe('what is broken', () => {
  test('a file cut at every byte of its last record gives all others, and says so', async () => {
    const frames = [numberedFrame(1, 20), numberedFrame(2, 100_000), numberedFrame(3, 30)];
    const path = fileName('run.dat');
    await write(path, frames);
    const bytes = readFileSync(path);
    const offset = bytes.length - 38;
    for (let length = bytes.length - 1; length > offset; length--) {
      truncateSync(path, length);
      const got: unknown[] = [];
      let error: unknown;
      try {
        for await (const frame of readFrames(path)) got.push(fields(frame));
      } catch (err) {
        error = err;
      }
      expect(got).toEqual(frames.slice(0, 2).map(fields));
      expect(error).toMatchObject({ code: 'ERR_TORN_RECORD', path, offset });
    }
    expect(bytes.length - offset).toBe(38);
    truncateSync(path, offset);
    expect((await read(path)).length).toBe(2);
  });

  test('a large record that is cut, or skipped, is told as well', async () => {
    const path = fileName('run.dat');
    await write(path, [numberedFrame(0, 20), numberedFrame(1, 500_000)]);
    truncateSync(path, 300_000);
    const words =
      '299964 of the 500000 payload bytes its header announces. Records before it, all of them read: 1';
    for (const options of [{}, { channel: 0 }]) {
      const err = await rejection(read(path, options));
      expect(err).toMatchObject({ code: 'ERR_TORN_RECORD', offset: 28 });
      expect(err.message).toContain(words);
    }
  });

  test.each([
    [
      'a picture',
      Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1'),
      0,
      /no Rogue data file from offset 0 on/,
    ],
    ['five bytes', Buffer.alloc(5, 1), 0, /5 of the 8 bytes of a header/],
    ['zeros', Buffer.alloc(100), 0, /the length field of a record is 0, but is at least 4/],
    [
      'a record, then zeros',
      Buffer.concat([recordOf(numberedFrame(1, 10)), Buffer.alloc(100)]),
      18,
      /from offset 18 on: the length field of a record is 0/,
    ],
  ])('%s gets an error with the offset and the fault', async (_what, bytes, offset, message) => {
    const path = fileName('other.bin');
    writeFileSync(path, bytes);
    const err = await rejection(read(path));
    expect(err).toBeInstanceOf(GeneralError);
    expect(err).toMatchObject({ code: 'ERR_FILE_FORMAT', path, offset });
    expect(err.message).toMatch(message);
  });

  test('a file that is not there, with a hint where its parts are', async () => {
    const path = fileName('run.dat');
    expect(await rejection(read(path))).toMatchObject({ code: 'ERR_FILE_OPEN', path });
    await write(path, [numberedFrame(1, 10)], { maxSize: 100 });
    expect((await rejection(read(path))).message).toContain(
      `the first part of a recording is there: ${path}.1`,
    );
    expect(await read([`${path}.1`])).toHaveLength(1);
    // A folder, and a pipe, whose opening nothing could end.
    execFileSync('mkfifo', [fileName('pipe')]);
    for (const other of ['', 'pipe']) {
      expect(await rejection(read(fileName(other)))).toMatchObject({
        code: 'ERR_FILE_OPEN',
        message: expect.stringContaining('it is no regular file') as string,
      });
    }
    // A regular file as far as the system tells, which cannot be read.
    expect(await rejection(read('/proc/self/mem'))).toMatchObject({ code: 'ERR_FILE_READ', offset: 0 });
  });

  test('what onConfig throws, at once or later, ends the reading', async () => {
    const path = fileName('run.dat');
    await write(
      path,
      [1, 2, 1, 2].map((channel) => new Frame(9, { channel })),
    );
    for (const onConfig of [
      () => {
        throw new Error('bad yaml');
      },
      () => Promise.reject(new Error('bad yaml')),
    ]) {
      expect(await rejection(read(path, { configChan: 1, onConfig }))).toMatchObject({ message: 'bad yaml' });
    }
    // A promise holds back what is behind.
    const order: string[] = [];
    const onConfig = async (): Promise<void> => {
      await turns();
      order.push('config');
    };
    for await (const frame of readFrames(path, { configChan: 1, onConfig }))
      order.push(String(frame.channel));
    expect(order).toEqual(['config', '2', 'config', '2']);
  });

  test('an empty file has no frames', async () => {
    writeFileSync(fileName('empty.dat'), '');
    expect(await read(fileName('empty.dat'))).toEqual([]);
  });

  test('a disk that is full is an error to the sender; what was written before stays readable', async () => {
    const writer = new StreamWriter();
    await writer.open('/dev/full');
    const master = new Master();
    master.to(writer.getChannel(0));
    let refused: unknown;
    for (let i = 0; i < 10_000 && refused === undefined; i++) {
      refused = await master.sendFrame(new Frame(100_000)).catch((err: unknown) => err);
    }
    expect(refused).toMatchObject({
      code: 'ERR_FILE_WRITE',
      path: '/dev/full',
      cause: { code: 'ENOSPC' },
    });
    expect([writer.isOpen, writer.frameCount, writer.totalSize, writer.currentSize]).toEqual([
      false,
      0,
      0,
      0,
    ]);
    expect(writer.dropCount).toBeGreaterThan(0);
    expect(await rejection(master.sendFrame(new Frame(1)))).toBe(refused);
    expect(await rejection(writer.close())).toBe(refused);
    // And on another disk it goes on.
    await writer.open(fileName('run.dat'));
    await master.sendFrame(numberedFrame(1, 10));
    await writer.close();
    expect(await read(fileName('run.dat'))).toHaveLength(1);
  });

  test.each([
    [[], /empty list of files/],
    ['', /must be a file's name/],
  ])('refuses %j as a path', (paths, message) => {
    expect(() => readFrames(paths)).toThrow(message);
  });

  test('refuses options that are wrong', () => {
    expect(() => readFrames('x', { channel: 256 })).toThrow(/channel is 256/);
    expect(() => new StreamReader({ configChan: -1 })).toThrow(/configChan is -1/);
  });
});

describe('reading', () => {
  test.each([
    ['a signal', (abort: AbortController) => abort.abort()],
    ['return()', (_abort: AbortController, frames: AsyncIterator<unknown>) => frames.return!()],
  ])('%s ends a wait for onConfig that never settles, or is still to come', async (_how, end) => {
    const path = fileName('run.dat');
    await write(path, [numberedFrame(3, 10), numberedFrame(4, 10)]);
    for (const waits of [true, false]) {
      const abort = new AbortController();
      let configured = false;
      const frames = readFrames(path, {
        signal: abort.signal,
        configChan: 3,
        onConfig: () => {
          configured = true;
          return new Promise(() => undefined);
        },
      });
      const next = [frames.next(), frames.next()];
      if (waits) await waitFor('the configuration', () => configured);
      await waitForEnd('the reading', Promise.all([...next, end(abort, frames)]));
      const results = await Promise.all([...next, frames.next()]);
      expect(results.map(({ done }) => done)).toEqual([true, true, true]);
    }
  });

  test('break and a signal close the file', async () => {
    const path = fileName('run.dat');
    await write(
      path,
      Array.from({ length: 100 }, (_, i) => numberedFrame(i, 10)),
    );
    const iterator = readFrames(path);
    for await (const frame of iterator) {
      expect(frame.position).toBe(0);
      break;
    }
    expect((await iterator.next()).done).toBe(true);
    const abort = new AbortController();
    let count = 0;
    for await (const frame of readFrames(path, { signal: abort.signal })) {
      count += 1;
      if (frame.position > 100) abort.abort();
    }
    expect(count).toBe(7);
  });
});

test('a sender that loops over frames that a full disk refuses lets the event loop go on', async () => {
  const writer = new StreamWriter();
  await writer.open('/dev/full');
  const channel = writer.getChannel(0);
  let stop = false;
  let refused = 0;
  const looping = (async (): Promise<void> => {
    while (!stop) {
      try {
        await channel.acceptFrame(new Frame(1000));
      } catch {
        refused += 1;
      }
    }
  })();
  // Without its turn the loop would never see the failure, nor this.
  await waitFor('refusals', () => refused > 0);
  await turns();
  stop = true;
  await looping;
  await writer.close().catch(() => undefined);
});

describe('what is no data file', () => {
  const HEADS: [name: string, head: number[], text: string][] = [
    ['run.dat.gz', [0x1f, 0x8b, 8, 0], 'a file compressed by gzip: unpack it by'],
    ['run.dat.bz2', [0x42, 0x5a, 0x68, 0x39], 'a file compressed by bzip2: unpack it by'],
    ['run.dat.xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'a file compressed by xz: unpack it by'],
    ['run.dat.zst', [0x28, 0xb5, 0x2f, 0xfd], 'a file compressed by Zstandard: unpack it by'],
    [
      'run.h5',
      [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a],
      'an HDF5 file: read it with a library for HDF5',
    ],
  ];

  test.each(HEADS)('%s is told for what it is', async (name, head, text) => {
    const path = fileName(name);
    writeFileSync(path, Buffer.concat([Buffer.from(head), Buffer.alloc(100, 0x11)]));
    const err = await rejection(read(path));
    expect(err).toMatchObject({ code: 'ERR_FILE_FORMAT', path, offset: 0 });
    expect(err.message).toContain(`it is ${text}`);
  });

  test('a compressed file of another name is refused with a guess', async () => {
    const path = fileName('run.dat');
    writeFileSync(path, Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(100, 0x11)]));
    const err = await rejection(read(path));
    expect(err).toMatchObject({ code: 'ERR_FILE_FORMAT', offset: 0 });
    expect(err.message).toContain('it may be a file compressed by gzip');
  });

  test('records that only begin like a compressed file are read, whatever their name', async () => {
    // 0x88b1f payload bytes and the four of the header that Rogue counts.
    const frame = new Frame(0x88b1f - 4);
    for (const name of ['run.dat', 'run.dat.tgz']) {
      await write(fileName(name), [frame]);
      expect((await read(fileName(name))).map(({ size }) => size)).toEqual([frame.size]);
    }
  });
});

describe('the parts of a recording', () => {
  test('one that is missing is said, once everything before it has been read', async () => {
    const frames = [1, 2, 3, 4].map((number) => numberedFrame(number, 100));
    const path = fileName('run.dat');
    await write(path, frames, { maxSize: 150 });
    rmSync(`${path}.3`);
    const got: unknown[] = [];
    const reading = async (): Promise<void> => {
      for await (const frame of readFrames(`${path}.1`)) got.push(fields(frame));
    };
    const err = await rejection(reading());
    expect(err).toMatchObject({ code: 'ERR_FILE_OPEN', path: `${path}.3` });
    expect(err.message).toContain(`is missing: the recording goes on in ${path}.4`);
    expect(got).toEqual(frames.slice(0, 2).map(fields));
    expect((await read([`${path}.1`, `${path}.4`])).length).toBe(2);
  });

  test('the next one that cannot be made ends the recording with ERR_FILE_WRITE', async () => {
    const path = fileName('run.dat');
    const writer = new StreamWriter({ maxSize: 150 });
    await writer.open(path);
    const slave = writer.getChannel(0);
    await slave.acceptFrame(numberedFrame(1, 100));
    // A folder in its place, which root cannot write to either.
    mkdirSync(`${path}.2`);
    await slave.acceptFrame(numberedFrame(2, 100));
    await waitFor('the writer to notice', () => !writer.isOpen);
    const err = await rejection(slave.acceptFrame(numberedFrame(3, 100)));
    expect(err).toMatchObject({ code: 'ERR_FILE_WRITE', path: `${path}.2` });
    expect(await rejection(writer.close())).toBe(err);
    expect((await read(`${path}.1`)).length).toBe(1);
  });
});
