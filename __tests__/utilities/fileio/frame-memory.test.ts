// What the memory of frames from data files is, and what slaves may do with it.

import { readFrames, StreamReader } from '../../../lib';
import { fields, fileName, numberedFrame, removeFiles, write } from '../../helpers/files';
import { bufferBytes, waitForHeldBytes } from '../../helpers/gc';

afterEach(removeFiles);

// From this size on a payload has memory of its own.
const OWN_BYTES = 16 * 1024;
const SIZES = [1, 100, OWN_BYTES - 1, OWN_BYTES, 300, 20_000, 70_000, 50, 150_000, 600_000];
const FRAMES = Array.from({ length: 400 }, (_, i) => numberedFrame(i, SIZES[i % SIZES.length]!));
const SEEN = FRAMES.map(fields);

function take(payload: Buffer): void {
  try {
    structuredClone(payload, { transfer: [payload.buffer as ArrayBuffer] });
  } catch {
    // Shared memory cannot be taken.
  }
}

async function writeAll(): Promise<string> {
  const path = fileName('run.dat');
  await write(path, FRAMES);
  return path;
}

test('a reader that transfers the memory of every frame gets the next ones whole', async () => {
  const seen: unknown[] = [];
  for await (const frame of readFrames(await writeAll())) {
    seen.push(fields(frame));
    take(frame.payload);
  }
  expect(seen).toEqual(SEEN);
});

test('so do the slaves of a StreamReader', async () => {
  const reader = new StreamReader();
  const seen: unknown[] = [];
  // The primary slave, so it comes last.
  reader.addSlave(({ payload }) => take(payload));
  reader.addSlave((frame) => void seen.push(fields(frame)));
  await reader.open(await writeAll());
  await reader.closeWait();
  expect(seen).toEqual(SEEN);
});

test('a payload is shared below 16 kB, and memory of its own of just its size from there on', async () => {
  for await (const { payload } of readFrames(await writeAll())) {
    const isOwn = payload.length >= OWN_BYTES;
    expect(payload.buffer instanceof SharedArrayBuffer).toBe(!isOwn);
    if (isOwn) expect(payload.buffer.byteLength).toBe(payload.length);
  }
});

test('a payload that is posted is not cloned with its neighbours', async () => {
  const path = fileName('small.dat');
  await write(
    path,
    Array.from({ length: 1000 }, (_, i) => numberedFrame(i, 100)),
  );
  const before = await bufferBytes();
  const clones: Buffer[] = [];
  for await (const { payload } of readFrames(path)) clones.push(structuredClone(payload));
  expect(clones.map(([first]) => first)).toEqual(clones.map((_, i) => i & 0xff));
  await waitForHeldBytes(before, 10 * 1000 * 100);
});

test('frames that are kept stay as they were while the file is read on', async () => {
  const kept = [];
  for await (const frame of readFrames(await writeAll())) kept.push(frame);
  expect(kept.map(fields)).toEqual(SEEN);
});

test('a small frame that is kept does not hold the large ones that it lay between', async () => {
  const path = fileName('mixed.dat');
  await write(
    path,
    Array.from({ length: 400 }, (_, i) => numberedFrame(i, i % 2 === 0 ? 100 : 50_000)),
  );
  const kept: Buffer[] = [];
  const before = await bufferBytes();
  for await (const { payload } of readFrames(path)) if (payload.length === 100) kept.push(payload);
  await waitForHeldBytes(before, 10 * 200 * 100);
  expect(kept.map(([first]) => first)).toEqual(kept.map((_, i) => (2 * i) & 0xff));
});

test('a reader reads into the same memory again', async () => {
  const path = fileName('large.dat');
  await write(
    path,
    Array.from({ length: 500 }, (_, i) => numberedFrame(i, 20_000)),
  );
  const frames = readFrames(path);
  const first = await frames.next();
  const before = await bufferBytes();
  let count = 1;
  for await (const frame of frames) {
    expect(frame.payload[0]).toBe(count & 0xff);
    count += 1;
    if (count === 400) await waitForHeldBytes(before, 100_000);
  }
  expect([count, first.value?.size]).toEqual([500, 20_000]);
});
