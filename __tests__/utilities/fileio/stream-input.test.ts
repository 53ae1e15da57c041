// Data files that come as a stream of bytes: whole, torn, of another format, and without an end.

import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { readFrames, StreamReader, type ReadFramesOptions } from '../../../lib';
import { rejection } from '../../helpers/errors';
import { fields, numberedFrame, recordOf } from '../../helpers/files';
import { turns, waitForEnd } from '../../helpers/wait';

const FRAMES = [
  numberedFrame(0, 20),
  numberedFrame(1, 500_000),
  numberedFrame(2, 1),
  numberedFrame(3, 300_000),
  numberedFrame(4, 70_000),
];
const BYTES = Buffer.concat(FRAMES.map((frame) => recordOf(frame)));
// Of the last record.
const LAST = BYTES.length - 70_008;

function inPieces(bytes: Buffer, size: number): Readable {
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  return Readable.from(pieces, { objectMode: false });
}

/** What can be read, and what ended it. */
async function readAll(
  stream: Readable,
  options?: ReadFramesOptions,
): Promise<{ got: unknown[]; err: unknown }> {
  const got: unknown[] = [];
  try {
    for await (const frame of readFrames(stream, options)) got.push(fields(frame));
  } catch (err) {
    return { got, err };
  }
  return { got, err: undefined };
}

// A large payload comes in pieces as well; in tiny ones it would be a hundred thousand of them.
test.each([
  [1, [1, 300]],
  [7, [20, 1, 20_000, 3, 500]],
  [65_536, [20, 500_000, 1, 300_000, 70_000]],
  [870_000, [20, 500_000, 1, 300_000, 70_000]],
])('in pieces of %i bytes', async (size, sizes) => {
  const frames = sizes.map((bytes, number) => numberedFrame(number, bytes));
  const bytes = Buffer.concat(frames.map((frame) => recordOf(frame)));
  expect(await readAll(inPieces(bytes, size))).toEqual({ got: frames.map(fields), err: undefined });
  const channel = [0, 4];
  const chosen = frames.filter((frame) => channel.includes(frame.channel));
  expect(await readAll(inPieces(bytes, size), { channel })).toEqual({
    got: chosen.map(fields),
    err: undefined,
  });
});

test('each frame tells where it came from', async () => {
  const { value } = await readFrames(inPieces(BYTES, 1000)).next();
  expect(value).toMatchObject({ path: 'the stream', position: 0 });
});

test.each([
  ['within a header', LAST + 5, {}],
  ['within a payload', BYTES.length - 1, {}],
  ['within a payload that is not read', BYTES.length - 1, { channel: [0, 1, 2, 3] }],
  ['right behind a header that is not read', LAST + 8, { channel: [0, 1, 2, 3] }],
])('cut %s: all records before it, then the error', async (_where, end, options) => {
  const { got, err } = await readAll(inPieces(BYTES.subarray(0, end), 65_536), options);
  expect(got).toEqual(FRAMES.slice(0, 4).map(fields));
  expect(err).toMatchObject({ code: 'ERR_TORN_RECORD', path: 'the stream', offset: LAST });
});

test('what is no data, and what it may be', async () => {
  const { err } = await readAll(inPieces(gzipSync(BYTES), 65_536));
  expect(err).toMatchObject({ code: 'ERR_FILE_FORMAT', path: 'the stream', offset: 0 });
  expect((err as Error).message).toContain("a file compressed by gzip: pipe it through 'gunzip -c'");
  const hdf5 = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
  expect(((await readAll(inPieces(hdf5, 3))).err as Error).message).toContain('it is an HDF5 file');
});

test('an empty stream has no frames', async () => {
  expect(await readAll(inPieces(Buffer.alloc(0), 1))).toEqual({ got: [], err: undefined });
});

test('a frame is there as soon as its bytes are, and what is behind it is not waited for', async () => {
  const stream = new PassThrough();
  const frames = readFrames(stream);
  stream.write(BYTES.subarray(0, 28 + 3));
  expect(fields((await frames.next()).value!)).toEqual(fields(FRAMES[0]!));
  await frames.return();
});

test.each([
  ['in front of its first byte', 0],
  ['within a header', 28 + 3],
  ['within a large payload', 28 + 100_000],
])('an abort ends the wait for a stream that says no more, %s, without an error', async (_where, given) => {
  const stream = new PassThrough();
  const controller = new AbortController();
  const reading = readAll(stream, { signal: controller.signal });
  stream.write(BYTES.subarray(0, given));
  await turns();
  controller.abort();
  await waitForEnd('the end of the reading', reading);
  expect((await reading).err).toBeUndefined();
  expect(stream.destroyed).toBe(true);
});

test('a reading that was aborted before it began destroys the stream, too', async () => {
  const stream = new PassThrough();
  expect(await readAll(stream, { signal: AbortSignal.abort() })).toEqual({ got: [], err: undefined });
  expect(stream.destroyed).toBe(true);
});

test.each([0, 10])('return() ends the wait of another call, %i turns later', async (count) => {
  const stream = new PassThrough();
  const frames = readFrames(stream);
  const waiting = frames.next();
  await turns(count);
  await waitForEnd('the end of the reading', frames.return());
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('a stream that fails is ERR_FILE_READ with the reason, also before it is read', async () => {
  const stream = new PassThrough();
  stream.write(BYTES.subarray(0, 100));
  const frames = readFrames(stream);
  await frames.next();
  const cause = new Error('the cable was pulled');
  stream.destroy(cause);
  expect(await rejection(frames.next())).toMatchObject({ code: 'ERR_FILE_READ', cause, path: 'the stream' });
});

test('a stream of objects, or of text, is refused', () => {
  expect(() => readFrames(Readable.from(['a']))).toThrow(
    new TypeError('paths is a stream of objects, but must be one of bytes'),
  );
  expect(() => readFrames(new PassThrough().setEncoding('utf8'))).toThrow(
    new TypeError('paths is a stream of text (utf8), but must be one of bytes'),
  );
});

test('a StreamReader plays one, and close() ends one without an end', async () => {
  const reader = new StreamReader();
  const got: unknown[] = [];
  reader.addSlave((frame) => void got.push(fields(frame)));
  await reader.open(inPieces(BYTES, 65_536));
  await reader.closeWait();
  expect(got).toEqual(FRAMES.map(fields));
  const endless = new PassThrough();
  endless.write(recordOf(FRAMES[0]!));
  await reader.open(endless);
  const closed = once(endless, 'close');
  await waitForEnd('the end of close()', reader.close());
  await closed;
});
