// Batches that Rogue's combiners sent, and what its splitters and inverters made of those and of damaged ones.

import { CombinerV1, CombinerV2, Frame, Logging, Master } from '../../../lib';
import { writeBatch } from '../../../lib/stream/batcher/combine';
import { V1_LAYOUTS, V2_LAYOUT, type Layout } from '../../../lib/stream/batcher/layout';
import { BatchRecords, splitInverted } from '../../../lib/stream/batcher/split';
import {
  frameOf,
  inverted,
  MALFORMED_CASES,
  RECORDED_BATCHES,
  recordOfFrame,
  recordText,
  referenceSplit,
  splitterOf,
  type RecordedBatch,
} from '../../helpers/batches';
import { rejection } from '../../helpers/errors';
import { collectNamed, type NamedLine } from '../../helpers/log';
import { describeFrame } from '../../helpers/recording';

let log: NamedLine[];
beforeEach(() => (log = collectNamed()));
afterEach(() => Logging.setSink(undefined));

const layoutOf = (version: 1 | 2, width: number | null): Layout =>
  version === 1 ? V1_LAYOUTS[width!]! : V2_LAYOUT;

const described = ({ input }: RecordedBatch): object[] =>
  input.map(({ channel, flags, size, sha256 }) => ({ flags, channel, error: 0, size, sha256 }));

/** Splits one super-frame, and after it a good one, which must not be affected. */
async function split(
  version: 1 | 2,
  frame: Frame,
): Promise<{ frames: Frame[]; text: string[]; dropCount: number; lines: NamedLine[] }> {
  const good = MALFORMED_CASES.find((one) => one.version === version && one.name.endsWith('good'))!;
  const [master, splitter] = [new Master(), splitterOf(version)];
  const frames: Frame[] = [];
  master.to(splitter).to((record) => frames.push(record));
  await master.sendFrame(frame);
  const [own, lines, { dropCount }] = [[...frames], [...log], splitter];
  await master.sendFrame(new Frame(good.bytes));
  expect(frames.slice(own.length).map(describeFrame)).toEqual(good.splitter.emitted);
  expect([log.length, splitter.dropCount]).toEqual([lines.length, dropCount]);
  return { frames: own, text: own.map((one) => recordText(recordOfFrame(one))), dropCount, lines };
}

describe.each(RECORDED_BATCHES)('$name', ({ version, width, batches }) => {
  test('combiner sends byte for byte what Rogue’s did, and refuses what no splitter takes', async () => {
    const combiner = version === 1 ? new CombinerV1(width!) : new CombinerV2();
    const sent: Frame[] = [];
    combiner.to((frame) => sent.push(frame));
    for (const { bytes, input, sequence, defect } of batches) {
      const frames = input.map(frameOf);
      const source = new Master();
      source.to(combiner);
      for (const frame of frames) await source.sendFrame(frame);
      const written = Buffer.alloc(bytes.length, 0xa5);
      writeBatch(written, frames, layoutOf(version, width), sequence);
      expect(written.equals(bytes)).toBe(true);
      if (defect === 'too small for the splitter') {
        expect(await rejection(combiner.sendBatch())).toMatchObject({ code: 'ERR_BATCH_TOO_SMALL' });
        expect([combiner.count, sent.length]).toEqual([1, sequence]);
        // The next ones have the numbers that follow.
        const filler = new Frame(8);
        await source.sendFrame(filler);
        await combiner.sendBatch();
        continue;
      }
      await combiner.sendBatch();
      const { payload, channel, flags, error } = sent[sequence]!;
      expect([payload.equals(bytes), channel, flags, error]).toEqual([true, 0, 0, 0]);
    }
    expect(sent).toHaveLength(batches.length);
  });

  test.each(batches)('splitter: $title', async (batch) => {
    const { bytes, splitter, defect } = batch;
    const { frames, dropCount, lines } = await split(version, new Frame(bytes));
    // Rogue dies of a record without data.
    const emitted = defect === 'crash' ? described(batch) : splitter.emitted;
    expect(frames.map(describeFrame)).toEqual(emitted);
    expect([lines, dropCount]).toEqual([splitter.log, splitter.log.length]);
  });
});

const INVERTED = RECORDED_BATCHES.filter(({ version }) => version === 1).flatMap(({ name, batches }) =>
  batches
    .filter(({ inverter }) => inverter.emitted.length === 1)
    .map((batch) => ({ name: `${name}: ${batch.title}`, batch })),
);

test.each(INVERTED)('inverted $name', ({ batch }) => {
  const bytes = inverted(batch.bytes);
  expect(describeFrame(new Frame(bytes))).toEqual(batch.inverter.emitted[0]);
  const records = splitInverted(bytes);
  if (!(records instanceof BatchRecords)) throw new Error(records.text);
  const frames = [...records].map(({ offset, size, destination, firstUser, lastUser }) => {
    const options = { channel: destination, flags: firstUser | (lastUser << 8) };
    return new Frame(bytes.subarray(offset, offset + size), options);
  });
  expect(frames.map(describeFrame)).toEqual(described(batch));
});

test.each(MALFORMED_CASES)('$name', async ({ version, bytes, frame, splitter, defect }) => {
  const { frames, text, dropCount, lines } = await split(version, new Frame(bytes, frame));
  const expected = frame.error === 0 ? referenceSplit(version, bytes) : undefined;
  if (defect === null || defect === 'too small for the splitter') {
    expect(frames.map(describeFrame)).toEqual(splitter.emitted);
    expect(lines).toEqual(splitter.log);
  } else if (!('records' in expected!)) {
    // Rogue computes in 32 bits: sizes near 2^32 become 0.
    expect(defect).toBe('size overflow');
    expect(lines).toEqual([{ logger: `pyrogue.batcher.CoreV${version}`, ...expected }]);
    expect(lines[0]!.message).toMatch(/^Not enough space \(\d+\) for frame \(42949672\d\d\)$/);
  } else {
    // A record without data is an empty frame in its place, where Rogue dies.
    expect(defect).toBe('crash');
    expect(frames.map(describeFrame).slice(0, splitter.emitted.length)).toEqual(splitter.emitted);
    expect(frames[splitter.emitted.length]!.size).toBe(0);
  }
  if (expected !== undefined) {
    expect(text).toEqual('records' in expected ? expected.records.map(recordText) : []);
  }
  expect(dropCount).toBe(frames.length === 0 ? 1 : 0);
});
