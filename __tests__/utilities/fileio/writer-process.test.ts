// Recordings that end badly, in a process of their own.

import { readFrames } from '../../../lib';
import { fileName, removeFiles } from '../../helpers/files';
import { endPeers, startPeer } from '../../helpers/process';

afterEach(async () => {
  await endPeers();
  removeFiles();
});

/** The numbers of the frames in a file, and the code of the error at its end. */
async function numbersIn(path: string): Promise<{ numbers: number[]; code: string | undefined }> {
  const numbers: number[] = [];
  try {
    for await (const frame of readFrames(path)) {
      const number = frame.payload.readUInt32LE();
      expect(frame.payload.subarray(4).every((byte) => byte === (number & 0xff))).toBe(true);
      numbers.push(number);
    }
  } catch (err) {
    return { numbers, code: (err as { code: string }).code };
  }
  return { numbers, code: undefined };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test.each([50, 5000, 100_000])(
  'killed while it writes frames of %i bytes: whole records read back',
  async (size) => {
    const path = fileName('run.dat');
    const peer = startPeer('writer-peer.cjs', [path, size]);
    await peer.say('written');
    await peer.kill();
    const { numbers, code } = await numbersIn(path);
    expect([undefined, 'ERR_TORN_RECORD']).toContain(code);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers).toEqual(upTo(numbers.length));
  },
);

test.each([50, 5000, 100_000])(
  'a file that may not grow, at %i bytes a frame: refused, and whole',
  async (size) => {
    const path = fileName('run.dat');
    const limitKilobytes = 1000;
    const peer = startPeer('writer-peer.cjs', [path, size], `ulimit -f ${limitKilobytes}; exec`);
    const failed = await peer.say('code');
    expect(failed).toMatchObject({ code: 'ERR_FILE_WRITE', cause: 'EFBIG' });
    const { frameCount, dropCount, sent } = failed as { frameCount: number; dropCount: number; sent: number };
    const fits = Math.floor((limitKilobytes * 1024) / (size + 8));
    // As many as there is room for, not one less, and nothing torn behind them.
    expect(await numbersIn(path)).toEqual({ numbers: upTo(fits), code: undefined });
    expect(frameCount).toBe(fits);
    expect(frameCount + dropCount).toBeGreaterThanOrEqual(sent);
  },
);
