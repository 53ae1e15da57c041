// Files larger than the memory they are read in, most of them holes, so that the disk has little of them.

import { closeSync, ftruncateSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { fileName, removeFiles } from '../../helpers/files';
import { endPeers, startPeer } from '../../helpers/process';

afterEach(async () => {
  await endPeers();
  removeFiles();
});

const LARGE_BYTES = 4_000_000;
const SMALL_BYTES = 1000;

/** Records of zeros, a large one of channel 0 and a small one of channel 1 in turn. */
function makeFile(path: string, pairs: number): { lastPosition: number } {
  const fd = openSync(path, 'w');
  const header = Buffer.alloc(8);
  let [end, lastPosition] = [0, 0];
  for (let i = 0; i < pairs; i++) {
    for (const [channel, size] of [LARGE_BYTES, SMALL_BYTES].entries()) {
      header.writeUInt32LE(size + 4);
      header.writeUInt8(channel, 7);
      writeSync(fd, header, 0, 8, end);
      lastPosition = end;
      end += 8 + size;
    }
  }
  ftruncateSync(fd, end);
  closeSync(fd);
  return { lastPosition };
}

test.each(['iterate', 'play'])('1.2 GB are read in constant memory: %s', async (how) => {
  const [path, pairs] = [fileName('large.dat'), 300];
  const { lastPosition } = makeFile(path, pairs);
  const reader = startPeer('reader-peer.cjs', [how, path]);
  const seen = await reader.say('frames', 90_000);
  expect(seen).toMatchObject({ frames: 2 * pairs, bytes: pairs * (LARGE_BYTES + SMALL_BYTES), lastPosition });
  expect(seen.grownMegabytes).toBeLessThan(250);
});

test('positions beyond 2^32, and records that nobody asked for are not read', async () => {
  const [path, pairs] = [fileName('larger.dat'), 1100];
  const { lastPosition } = makeFile(path, pairs);
  expect(lastPosition).toBeGreaterThan(2 ** 32);
  const reader = startPeer('reader-peer.cjs', ['iterate', path, 1]);
  expect(await reader.say('frames')).toMatchObject({
    frames: pairs,
    bytes: pairs * SMALL_BYTES,
    lastPosition,
  });
});

test('a header that announces more than 2^31 bytes is read in pieces, or is torn, and ends no process', async () => {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(2 ** 31 + 1_000_000);
  const path = fileName('huge.dat');
  writeFileSync(path, header);
  // In a process of its own: Node would end this one.
  const reader = startPeer('reader-peer.cjs', ['iterate', path]);
  expect(await reader.end()).toBe(1);
  expect(reader.stderr).toContain('ERR_FILE_FORMAT');
  truncateSync(path, 2 ** 31 + 1_000_004);
  const again = startPeer('reader-peer.cjs', ['iterate', path]);
  expect(await again.say('frames', 90_000)).toMatchObject({ frames: 1, bytes: 2 ** 31 + 999_996 });
});
