// Against what Rogue's StreamZip and StreamUnZip were recorded to make of payloads.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Frame, Master, StreamUnZip, type StreamUnZipOptions } from '../../lib';
import { Collector } from '../helpers/bridges';
import { collectLog } from '../helpers/log';
import { describeFrame } from '../helpers/recording';

interface Recorded {
  readonly channel: number;
  readonly flags: number;
  readonly error: number;
  readonly size: number;
  readonly sha256: string;
}

interface Manifest {
  readonly frames: {
    readonly items: readonly { zipped: Recorded & { offset: number | null }; unzipped: Recorded }[];
  };
  readonly cases: {
    readonly items: readonly {
      name: string;
      offset: number;
      size: number;
      stage: string;
      result: string;
      emitted: readonly (Recorded | { message: string })[];
    }[];
  };
}

const FOLDER = join(__dirname, '..', 'fixtures', 'zip');
const manifest = JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as Manifest;
const zipped = readFileSync(join(FOLDER, 'zipped.bin'));
const cases = readFileSync(join(FOLDER, 'unzip-cases.bin'));
const LINGER_MS = 60_000;

/** What comes of the frames. */
async function unzip(
  frames: readonly Frame[],
  options: StreamUnZipOptions = {},
): Promise<[StreamUnZip, Frame[]]> {
  const src = new Master();
  const module = src.to(new StreamUnZip({ threads: 2, ...options }));
  const out = module.to(new Collector());
  for (const frame of frames) await src.sendFrame(frame);
  await module.stop({ lingerMs: LINGER_MS });
  return [module, out.frames];
}

test('everything that StreamZip made becomes what it was, in order, with its metadata', async () => {
  const items = manifest.frames.items.filter(({ zipped }) => zipped.offset !== null);
  expect(items).toHaveLength(10);
  const [, frames] = await unzip(
    items.map(({ zipped: { offset, size, ...fields } }) => {
      const { channel, flags, error } = fields;
      return new Frame(zipped.subarray(offset!, offset! + size), { channel, flags, error });
    }),
  );
  expect(frames.map(describeFrame)).toEqual(items.map(({ unzipped }) => unzipped));
});

const WHY: Record<string, string> = {
  'Truncated or corrupt bzip2 stream: decompressor needs more input than available':
    'the bzip2 stream is cut off',
  'Decompression runtime error -5': 'it is no bzip2 stream',
  'Decompression runtime error -4': 'the bzip2 stream is damaged',
};

test('each recorded payload, good, cut, damaged, foreign or empty, comes to what it came to in Rogue, or to a line', async () => {
  const lines = collectLog();
  const items = manifest.cases.items.filter(({ stage }) => stage === 'StreamUnZip');
  expect(items).toHaveLength(34);
  const [module, frames] = await unzip(
    items.map(({ offset, size }) => {
      return new Frame(cases.subarray(offset, offset + size), { channel: 3, flags: 0x0201 });
    }),
  );
  const good = items.filter(({ result }) => result === 'one frame');
  expect(frames.map(describeFrame)).toEqual(good.map(({ emitted }) => emitted[0]));
  expect(module).toMatchObject({
    errorCount: items.length - good.length,
    dropCount: items.length - good.length,
  });
  // The first ten are logged; in the order in which threads meet them.
  expect(lines).toHaveLength(10);
});

test.each(
  manifest.cases.items
    .filter(({ stage, result }) => stage === 'StreamUnZip' && result !== 'one frame')
    .filter(({ name }) =>
      ['empty frame, room', 'first 3 bytes', 'block CRC', 'zlib', 'level 0'].includes(name),
    ),
)('the line says what is wrong: $name', async ({ offset, size, emitted }) => {
  const lines = collectLog();
  await unzip([new Frame(cases.subarray(offset, offset + size))]);
  const [first] = emitted;
  const rogue = first !== undefined && 'message' in first ? first.message.split('General Error: ')[1]! : '';
  const why = rogue === '' ? 'an empty payload is no bzip2 stream' : WHY[rogue];
  expect(why).toBeDefined();
  expect(lines).toEqual([`Frame 0 (channel 0, ${size} bytes) was lost in a worker: ${why}`]);
});

test('a payload that would become larger than maxFrameBytes is dropped, and what has just that size is not', async () => {
  const lines = collectLog();
  const { zipped: bomb, unzipped } = manifest.frames.items.at(-1)!;
  expect([bomb.size, unzipped.size]).toEqual([45, 1024 * 1024]);
  const payload = zipped.subarray(bomb.offset!, bomb.offset! + bomb.size);
  const [, fits] = await unzip([new Frame(payload)], { maxFrameBytes: unzipped.size });
  expect(fits.map(({ size }) => size)).toEqual([unzipped.size]);
  const [module, none] = await unzip([new Frame(payload)], { maxFrameBytes: unzipped.size - 1 });
  expect(none).toEqual([]);
  expect(module.errorCount).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/it has more than maxFrameBytes = 1048575 bytes$/)]);
});

test.each([{ maxFrameBytes: 0 }, { maxFrameBytes: 2 ** 31 }, { threads: 1.5 }, { maxframebytes: 1 }])(
  'new StreamUnZip(%p) is refused, and the option is named',
  (options) => {
    expect(() => new StreamUnZip(options as StreamUnZipOptions)).toThrow(Object.keys(options)[0]);
  },
);
