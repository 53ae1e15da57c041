// Data files that are read while somebody writes them.

import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import {
  Master,
  readFrames,
  StreamReader,
  StreamWriter,
  type FileFrame,
  type ReadFramesOptions,
} from '../../../lib';
import { Collector } from '../../helpers/bridges';
import { rejection } from '../../helpers/errors';
import { fields, fileName, numberedFrame, recordOf, removeFiles } from '../../helpers/files';
import { turns, waitFor, waitForEnd } from '../../helpers/wait';

const endings: AbortController[] = [];

afterEach(() => {
  // What a test that has failed left open would go on for ever.
  for (const controller of endings.splice(0)) controller.abort();
  removeFiles();
});

const FRAMES = [20, 300_000, 1, 70_000, 500].map((size, number) => numberedFrame(number, size));
const BYTES = Buffer.concat(FRAMES.map((frame) => recordOf(frame)));

/** A reading that goes on by itself. */
function follow(
  path: string,
  options: ReadFramesOptions = {},
): { got: FileFrame[]; ended: Promise<void>; end: () => void } {
  const controller = new AbortController();
  endings.push(controller);
  const got: FileFrame[] = [];
  const ended = (async () => {
    for await (const frame of readFrames(path, { follow: true, signal: controller.signal, ...options }))
      got.push(frame);
  })();
  return { got, ended, end: () => controller.abort() };
}

test.each([1, 7, 1000, 100_000, BYTES.length])(
  'what is appended, %i bytes at a time at its borders',
  async (size) => {
    const path = fileName('run.dat');
    writeFileSync(path, '');
    const { got, ended, end } = follow(path);
    let at = 0;
    for (const frame of FRAMES) {
      const record = recordOf(frame);
      // The header in pieces, and the payload in a few.
      const pieces = size < 1000 ? [size, 8, 9, record.length] : [size, 2 * size, record.length];
      let from = 0;
      for (const to of pieces) {
        appendFileSync(path, record.subarray(from, to));
        from = Math.max(from, to);
        await turns();
      }
      at += 1;
      await waitFor(
        'the frame',
        () => got.length === at,
        undefined,
        () => got.length,
      );
    }
    end();
    await waitForEnd('the reading', ended);
    expect(got.map(fields)).toEqual(FRAMES.map(fields));
  },
);

test('what a StreamWriter writes, from part to part', async () => {
  const path = fileName('run.dat');
  const writer = new StreamWriter({ maxSize: 400_000, bufferSize: 1 });
  const master = new Master();
  master.to(writer.getChannel(0));
  await writer.open(path);
  await master.sendFrame(FRAMES[0]!);
  await waitFor('the first part', () => writer.totalSize > 0);
  const { got, ended, end } = follow(`${path}.1`);
  for (const frame of FRAMES.slice(1)) await master.sendFrame(frame);
  await waitFor('all frames', () => got.length === FRAMES.length);
  await master.sendFrame(FRAMES[1]!);
  await waitFor('one more', () => got.length === FRAMES.length + 1);
  await writer.close();
  end();
  await waitForEnd('the reading', ended);
  expect(got.map(fields)).toEqual([...FRAMES, FRAMES[1]!].map(fields));
  expect([...new Set(got.map((frame) => frame.path))]).toEqual([`${path}.1`, `${path}.2`]);
});

test('a large record that is not wanted is waited for, and left out', async () => {
  const path = fileName('run.dat');
  writeFileSync(path, BYTES.subarray(0, 28 + 8 + 100));
  const { got, ended, end } = follow(path, { channel: [0, 2] });
  await waitFor('the first', () => got.length === 1);
  appendFileSync(path, BYTES.subarray(28 + 8 + 100));
  await waitFor('the others', () => got.length === 2);
  end();
  await waitForEnd('the reading', ended);
  expect(got.map(({ channel }) => channel)).toEqual([0, 2]);
});

test.each([
  ['before there is anything', 0],
  ['within a header', 4],
  ['within a payload', 100_000],
  ['behind a record', 28],
])('an abort ends it %s, without an error', async (_where, bytes) => {
  const path = fileName('run.dat');
  writeFileSync(path, BYTES.subarray(0, bytes));
  const { got, ended, end } = follow(path);
  const whole = bytes >= 28 ? 1 : 0;
  await waitFor('what is there', () => got.length === whole);
  await turns();
  end();
  await waitForEnd('the reading', ended);
  expect(got).toHaveLength(whole);
});

test('return() ends it, and so does a break', async () => {
  const path = fileName('run.dat');
  writeFileSync(path, BYTES);
  const frames = readFrames(path, { follow: true });
  for (const frame of FRAMES) expect((await frames.next()).value?.size).toBe(frame.size);
  const waiting = frames.next();
  await turns();
  await waitForEnd('the end', frames.return());
  expect((await waiting).done).toBe(true);
  for await (const frame of readFrames(path, { follow: true })) {
    expect(frame.size).toBe(20);
    break;
  }
});

test('of several files the last one is followed', async () => {
  const [one, two] = [fileName('one.dat'), fileName('two.dat')];
  writeFileSync(one, recordOf(FRAMES[0]!));
  writeFileSync(two, '');
  const controller = new AbortController();
  const frames = readFrames([one, two], { follow: true, signal: controller.signal });
  expect(fields((await frames.next()).value!)).toEqual(fields(FRAMES[0]!));
  appendFileSync(two, recordOf(FRAMES[2]!));
  expect(fields((await frames.next()).value!)).toEqual(fields(FRAMES[2]!));
  controller.abort();
  expect((await frames.next()).done).toBe(true);
});

test('a file that becomes shorter is told', async () => {
  const path = fileName('run.dat');
  writeFileSync(path, BYTES);
  const frames = readFrames(path, { follow: true });
  for (const frame of FRAMES) expect((await frames.next()).value?.size).toBe(frame.size);
  const failed = rejection(frames.next());
  truncateSync(path, 28);
  expect(await failed).toMatchObject({ code: 'ERR_FILE_READ', path });
  expect((await failed).message).toContain('has become shorter, 28 bytes, while it was followed');
});

test('a StreamReader plays on as it is written', async () => {
  const path = fileName('run.dat');
  writeFileSync(path, recordOf(FRAMES[0]!));
  const reader = new StreamReader({ follow: true });
  const collector = reader.to(new Collector());
  await reader.open(path);
  await collector.waitForCount(1);
  appendFileSync(path, recordOf(FRAMES[2]!));
  await collector.waitForCount(2);
  await reader.close();
  expect(collector.frames.map((frame) => fields(frame))).toEqual([FRAMES[0]!, FRAMES[2]!].map(fields));
});

test('follow is for files', () => {
  expect(() => readFrames(Readable.from([], { objectMode: false }), { follow: true })).toThrow(
    'follow is for files',
  );
  expect(() => readFrames('a', { follow: 1 } as unknown as ReadFramesOptions)).toThrow(
    'follow is 1, but must be',
  );
});
