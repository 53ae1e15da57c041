// A StreamWriter that writes to a stream in place of a file.

import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip, createGzip } from 'node:zlib';
import { Logging, readFrames, StreamWriter } from '../../../lib';
import { rejection } from '../../helpers/errors';
import { fields, numberedFrame, recordOf } from '../../helpers/files';
import { collectLevels } from '../../helpers/log';
import { turns, waitFor, waitForEnd } from '../../helpers/wait';

afterEach(() => Logging.setSink(undefined));

const FRAMES = [
  numberedFrame(0, 20),
  numberedFrame(1, 100_000),
  numberedFrame(2, 1),
  numberedFrame(3, 70_000),
];
const BYTES = Buffer.concat(FRAMES.map((frame) => recordOf(frame)));

/** One that takes what it is given when the test says so. */
class Slow extends Writable {
  take: ((err?: Error) => void) | undefined;
  override _write(_chunk: Buffer, _encoding: string, done: (err?: Error) => void): void {
    this.take = done;
  }
}

async function record(stream: Writable): Promise<StreamWriter> {
  const writer = new StreamWriter();
  await writer.open(stream);
  for (const frame of FRAMES) await writer.getChannel(0).acceptFrame(frame);
  return writer;
}

test('it gets the bytes that a file would have, and stays open', async () => {
  const stream = new PassThrough();
  const got = buffer(stream);
  const writer = await record(stream);
  await writer.close();
  expect([writer.frameCount, writer.totalSize]).toEqual([4, BYTES.length]);
  expect(stream.writable).toBe(true);
  stream.end();
  expect(await got).toEqual(BYTES);
});

test('through a compressor, and back by readFrames', async () => {
  const gzip = createGzip();
  const frames = readFrames(gzip.pipe(createGunzip()));
  const writer = await record(gzip);
  const got: unknown[] = [];
  const reading = (async () => {
    for await (const frame of frames) got.push(fields(frame));
  })();
  await writer.close();
  gzip.end();
  await reading;
  expect(got).toEqual(FRAMES.map(fields));
});

test('a stream that is behind holds its senders back, and close() waits for it', async () => {
  const stream = new Slow();
  const writer = new StreamWriter();
  await writer.open(stream);
  const channel = writer.getChannel(0);
  let accepted: void | Promise<void> = undefined;
  let count = 0;
  for (; accepted === undefined && count < 100; count++)
    accepted = channel.acceptFrame(numberedFrame(count, 1e6));
  // Four megabytes may wait.
  expect(count).toBeLessThan(8);
  let isClosed = false;
  const closed = writer.close().then(() => (isClosed = true));
  await turns();
  expect(isClosed).toBe(false);
  await waitFor('all of it to be taken', () => {
    stream.take?.();
    return isClosed;
  });
  await closed;
});

test('a stream that fails is ERR_FILE_WRITE for the senders and for close(), and ends nothing else', async () => {
  const stream = new Slow();
  const writer = new StreamWriter();
  await writer.open(stream);
  await writer.getChannel(0).acceptFrame(FRAMES[0]!);
  await waitFor('the write', () => stream.take !== undefined);
  const cause = Object.assign(new Error('the other end has gone'), { code: 'EPIPE' });
  stream.take!(cause);
  const err = await rejection(writer.close());
  expect(err).toMatchObject({ code: 'ERR_FILE_WRITE', cause, path: 'the stream' });
  expect(writer.frameCount).toBe(0);
  expect(writer.dropCount).toBe(1);
});

test('that the reader of a pipe has had enough is no error in the log; another failure is', async () => {
  const said = collectLevels();
  Logging.setFilter('fileio.StreamWriter', Logging.Info);
  for (const code of ['EPIPE', 'ENOSPC']) {
    const stream = new Slow();
    const writer = new StreamWriter();
    await writer.open(stream);
    await writer.getChannel(0).acceptFrame(FRAMES[0]!);
    await waitFor('the write', () => stream.take !== undefined);
    stream.take!(Object.assign(new Error(code), { code }));
    await rejection(writer.close());
  }
  expect(said).toEqual([
    expect.stringMatching(/^Info writing to the stream failed after 0 bytes: EPIPE; 1 frames/),
    expect.stringMatching(/^Error writing to the stream failed after 0 bytes: ENOSPC; 1 frames/),
  ]);
});

test('what no recording can go to is refused', async () => {
  const ended = new PassThrough();
  ended.end();
  expect(await rejection(new StreamWriter().open(ended))).toMatchObject({ code: 'ERR_FILE_OPEN' });
  expect(() => new StreamWriter().open(new PassThrough({ objectMode: true }))).toThrow(
    new TypeError('path is a stream of objects, but must be one of bytes'),
  );
  expect(() => new StreamWriter({ maxSize: 100 }).open(new PassThrough())).toThrow(TypeError);
});

test('a recording to another stream follows the first', async () => {
  const [first, second] = [new PassThrough(), new PassThrough()];
  const got = Promise.all([buffer(first), buffer(second)]);
  const writer = await record(first);
  await writer.open(second);
  await writer.getChannel(0).acceptFrame(FRAMES[0]!);
  await waitForEnd('the end of the recording', writer.close());
  first.end();
  second.end();
  expect(await got).toEqual([BYTES, recordOf(FRAMES[0]!)]);
});
