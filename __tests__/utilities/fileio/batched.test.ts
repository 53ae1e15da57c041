// Data files of batches, of Rogue and of ours.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CombinerV1,
  CombinerV2,
  Frame,
  Logging,
  Master,
  poolStats,
  readFrames,
  SplitterV2,
  StreamReader,
  StreamWriter,
  type BatchFormat,
  type FileFrame,
  type ReadFramesOptions,
} from '../../../lib';
import { inverted, type InputFrame } from '../../helpers/batches';
import { fileName, read, recordOf, removeFiles, sha256 } from '../../helpers/files';
import { collectLog } from '../../helpers/log';

const FOLDER = join(__dirname, '..', '..', 'fixtures', 'batched-files');

interface Item {
  name: string;
  files: [{ file: string }];
  version?: 1 | 2;
  inverted?: boolean;
  /** The records of each batch. */
  input?: InputFrame[][];
  fileReader: {
    configChan: number | null;
    batched: boolean;
    records: {
      channel: number;
      flags: number;
      error: number;
      headerSize: number;
      size: number;
      sha256: string;
      batch: { tdest: number; fUser: number; lUser: number };
    }[];
    exception?: object;
  }[];
}

const ITEMS = (JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as { items: Item[] }).items;
// No reader can take apart what InverterV2 has made.
const SOUND = ITEMS.filter(
  ({ input, version, inverted: isInverted }) => input && !(version === 2 && isInverted),
);

let log: string[];
beforeEach(() => (log = collectLog()));
afterEach(() => {
  Logging.setSink(undefined);
  removeFiles();
});

const pathOf = ({ files }: Item): string => join(FOLDER, files[0].file);
const item = (name: string): Item => ITEMS.find((one) => one.files[0].file === `batched-${name}.dat`)!;
const formatOf = ({ version, inverted: isInverted }: Item): BatchFormat =>
  isInverted === true ? 'inverted' : version === 1 ? 'v1' : 'v2';

/** What a frame of a file says of itself, and of its place. */
const placeOf = ({ payload, channel, flags, position, batch }: FileFrame): object => ({
  sha256: sha256(payload),
  channel,
  flags,
  position,
  index: batch!.index,
});

/** Where each record of a file begins that is not of this channel. */
function positionsIn(path: string, configChan: number | null): number[] {
  const bytes = readFileSync(path);
  const positions: number[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32LE(at))
    if (bytes[at + 7] !== configChan) positions.push(at);
  return positions;
}

/** Reads with the count of what was left out. */
async function readCounted(
  path: string,
  options: ReadFramesOptions,
): Promise<{ frames: FileFrame[]; dropCount: number }> {
  const reading = readFrames(path, options);
  const frames: FileFrame[] = [];
  for await (const frame of reading) frames.push(frame);
  return { frames, dropCount: reading.dropCount };
}

describe.each(SOUND)('$name', (one) => {
  const { configChan } = one.fileReader[0]!;
  const options = { batched: formatOf(one), ...(configChan === null ? {} : { configChan }) };

  test('has the records that went in, each with its place', async () => {
    const positions = positionsIn(pathOf(one), configChan);
    const { frames, dropCount } = await readCounted(pathOf(one), options);
    expect(frames.map(placeOf)).toEqual(
      one.input!.flatMap((batch, i) =>
        batch.map(({ sha256: sum, channel, flags }, index) => ({
          sha256: sum,
          channel,
          flags,
          position: positions[i],
          index,
        })),
      ),
    );
    expect([dropCount, log]).toEqual([0, []]);
  });
});

// Those that pyrogue reads right. What it makes of the width byte 0, no inverter sends.
const READ_BY_PYROGUE = ITEMS.filter(
  ({ files, fileReader }) =>
    files[0].file !== 'batched-hand-width-byte-0.dat' &&
    fileReader.some(({ batched, exception }) => batched && exception === undefined),
);

test('pyrogue reads three of the files right', () => {
  expect(READ_BY_PYROGUE.map(({ files }) => files[0].file)).toEqual([
    'batched-inverted-w2.dat',
    'batched-inverted-w2-config.dat',
    'batched-hand-empty-sub-frame.dat',
  ]);
});

test.each(READ_BY_PYROGUE)('$name: as pyrogue’s FileReader reads it', async (one) => {
  const { configChan, records } = one.fileReader.find(({ batched }) => batched)!;
  const frames = await read(pathOf(one), {
    batched: 'inverted',
    ...(configChan === null ? {} : { configChan }),
  });
  expect(
    frames.map(({ payload, channel, firstUser, lastUser, batch }) => ({
      sha256: sha256(payload),
      batch: [channel, firstUser, lastUser],
      header: [batch!.channel, batch!.flags, batch!.error, batch!.size],
    })),
  ).toEqual(
    records.map(({ sha256: sum, channel, flags, error, headerSize, batch }) => ({
      sha256: sum,
      batch: [batch.tdest, batch.fUser, batch.lUser],
      header: [channel, flags, error, headerSize],
    })),
  );
});

describe('damaged batches are left out, logged and counted', () => {
  const TAIL = 'is no batch, and left out:';
  test.each([
    [
      'hand-header-cut',
      [24],
      [`offset 0: a record of 20 bytes ${TAIL} Not enough space (4) for tail (8) at offset 16`],
    ],
    [
      'hand-sub-frame-too-long',
      [24],
      [`offset 0: a record of 40 bytes ${TAIL} Not enough space (16) for frame (104) at offset 16`],
    ],
    [
      'hand-record-of-7-bytes',
      [24],
      [`offset 0: a record of 7 bytes ${TAIL} Not enough space (7) for tail (8)`],
    ],
    [
      'hand-width-byte-200',
      [24],
      [`offset 0: a record of 40 bytes ${TAIL} Width 200 at offset 16 in a batch of width 2`],
    ],
    // No inverter makes such, and where their padding would end nobody has laid down.
    [
      'hand-width-byte-0',
      [24],
      [`offset 0: a record of 72 bytes ${TAIL} Invalid width 0: an inverted batch has 2 to 5`],
    ],
    // Not damaged: a record without data.
    ['hand-empty-sub-frame', [8, 0, 16, 24], []],
  ])('%s', async (name, sizes, lines) => {
    const path = pathOf(item(name));
    const { frames, dropCount } = await readCounted(path, { batched: 'inverted' });
    expect(frames.map(({ size, channel, flags }) => [size, channel, flags])).toEqual(
      sizes.map((size) => [size, 1, 0x0302]),
    );
    expect(frames.at(-1)!.batch).toEqual({ index: 0, size: 32, channel: 2, flags: 0, error: 0 });
    expect(dropCount).toBe(lines.length);
    expect(log).toEqual(lines.map((line) => `${path}, ${line}`));
  });

  test('what InverterV2 has made has no records', async () => {
    const { frames, dropCount } = await readCounted(pathOf(item('inverted-v2')), { batched: 'inverted' });
    expect([frames, dropCount, log.length]).toEqual([[], 3, 3]);
  });

  test('the wrong format gives nothing but lines, ten and one for the rest', async () => {
    const path = fileName('other.dat');
    writeFileSync(path, Buffer.concat(Array.from({ length: 25 }, () => recordOf(new Frame(60)))));
    const { frames, dropCount } = await readCounted(path, { batched: 'v1' });
    expect([frames, dropCount, log.length]).toEqual([[], 25, 11]);
    expect(log[9]).toBe(`${path}, offset 612: a record of 60 bytes ${TAIL} Version mismatch. Got 0`);
    expect(log[10]).toBe('15 more records are no batches, and left out');
  });
});

/** A file of batches, each a record with this metadata. */
function writeBatches(path: string, batches: readonly Buffer[], options: object = {}): void {
  writeFileSync(path, Buffer.concat(batches.map((payload) => recordOf(new Frame(payload, options)))));
}

async function batchOf(combiner: CombinerV1 | CombinerV2, sizes: readonly number[]): Promise<Buffer> {
  let batch: Buffer | undefined;
  combiner.to(({ payload }) => (batch = payload));
  for (const [i, size] of sizes.entries())
    await combiner.acceptFrame(new Frame(Buffer.alloc(size, i + 1), { channel: i }));
  await combiner.sendBatch();
  return batch!;
}

const SIZES = [100, 20_000, 0, 7];
const describeRecord = ({ size, payload, channel, error }: FileFrame): unknown => [
  size,
  [...new Set(payload)],
  channel,
  error,
];
const described = (error: number): unknown =>
  SIZES.map((size, i) => [size, size === 0 ? [] : [i + 1], i, error]);

test.each(['v1', 'v2', 'inverted'] as const)(
  '%s: large batches, and the metadata of each',
  async (batched) => {
    const bytes = await batchOf(batched === 'v2' ? new CombinerV2() : new CombinerV1(4), SIZES);
    const path = fileName('large.dat');
    const payload = batched === 'inverted' ? inverted(bytes) : bytes;
    writeBatches(path, [payload, payload], { channel: 9, flags: 0x1234, error: 5 });
    const frames = await read(path, { batched, channel: 9 });
    expect(frames.map(describeRecord)).toEqual([described(5), described(5)].flat());
    expect(frames[5]).toMatchObject({
      path,
      position: payload.length + 8,
      batch: { index: 1, size: payload.length, channel: 9, flags: 0x1234, error: 5 },
    });
    expect(await read(path, { batched, channel: [1] })).toEqual([]);
  },
);

test('records keep the memory of their batch, and give it back when the last one is released', async () => {
  const path = fileName('pooled.dat');
  const bytes = await batchOf(new CombinerV2(), SIZES);
  writeBatches(
    path,
    Array.from({ length: 20 }, () => bytes),
  );
  const { returned } = poolStats();
  const kept: FileFrame[] = [];
  let count = 0;
  for await (const frame of readFrames(path, { batched: 'v2' })) {
    // One of the third batch, and all of the fifth.
    if (count === 9 || (count >= 16 && count < 20)) kept.push(frame);
    else frame.release();
    count += 1;
  }
  expect([count, poolStats().returned - returned]).toEqual([80, 18]);
  expect(kept.map(describeRecord)).toEqual([(described(0) as unknown[])[1], ...(described(0) as unknown[])]);
  for (const frame of kept) {
    frame.release();
    expect(() => frame.payload).toThrow('is gone');
  }
  expect(poolStats().returned - returned).toBe(20);
});

test('a reading that ends within a batch gives its memory back, too', async () => {
  const path = fileName('break.dat');
  const bytes = await batchOf(new CombinerV2(), SIZES);
  writeBatches(path, [bytes, bytes]);
  const { returned } = poolStats();
  for await (const frame of readFrames(path, { batched: 'v2' })) {
    frame.release();
    break;
  }
  expect(poolStats().returned - returned).toBe(1);
});

test('a torn batch is a torn record, behind all records before it', async () => {
  const path = fileName('torn.dat');
  const bytes = await batchOf(new CombinerV2(), SIZES);
  writeFileSync(
    path,
    Buffer.concat([recordOf(new Frame(bytes)), recordOf(new Frame(bytes)).subarray(0, 900)]),
  );
  const frames: FileFrame[] = [];
  const reading = async (): Promise<void> => {
    for await (const frame of readFrames(path, { batched: 'v2' })) frames.push(frame);
  };
  await expect(reading()).rejects.toMatchObject({ code: 'ERR_TORN_RECORD', offset: bytes.length + 8 });
  expect(frames).toHaveLength(4);
});

test('what a combiner sends into a file, a StreamReader and a splitter play', async () => {
  const path = fileName('played.dat');
  const [source, combiner, writer] = [new Master(), new CombinerV2(), new StreamWriter()];
  source.to(combiner).to(writer.getChannel(1));
  await writer.open(path);
  for (const channel of [4, 5, 6]) await source.sendFrame(new Frame(Buffer.alloc(100, channel), { channel }));
  await combiner.sendBatch();
  await writer.close();
  const reader = new StreamReader();
  const got: unknown[] = [];
  reader.to(new SplitterV2()).to(({ channel, size, payload }) => got.push([channel, size, payload[99]]));
  await reader.open(path);
  await reader.closeWait();
  expect(got).toEqual([4, 5, 6].map((channel) => [channel, 100, channel]));
  expect((await read(path, { batched: 'v2' })).map(({ channel }) => channel)).toEqual([4, 5, 6]);
  expect((await read(path)).map(({ channel, batch }) => [channel, batch])).toEqual([[1, undefined]]);
});

test('options that are wrong are refused', () => {
  expect(() => readFrames('run.dat', { batched: true as never })).toThrow(
    "batched is true, but must be 'v1', 'v2' or 'inverted'",
  );
  expect(() => new StreamReader({ batched: 'v1' } as never)).toThrow("unknown option 'batched'");
});
