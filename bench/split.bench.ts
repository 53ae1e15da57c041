// How fast are batches taken apart and put together, beside a plain loop over the lengths of their records?

import type { Benchmark } from './benchmark';
import { BatchRecords, splitV2 } from '../lib/stream/batcher/split';
import { CombinerV2 } from '../lib/stream/batcher/combiner';
import { SplitterV1, SplitterV2 } from '../lib/stream/batcher/splitter';
import { V1_LAYOUTS, V2_LAYOUT, recordBytes, type Layout } from '../lib/stream/batcher/layout';
import { writeBatch } from '../lib/stream/batcher/combine';
import { Frame } from '../lib/stream/frame';
import { Master } from '../lib/stream/master';
import { ownedFrame } from '../lib/stream/req-frame';
import type { FrameSlave } from '../lib/stream/slave';
import type { StreamModule } from '../lib/stream/module';
import { ratesOf, type Run } from './rates';
import { median, medianRatio, spread } from './statistics';
import { numberText, percentText, ratioText } from './table';

const BATCH_BYTES = 1_000_000;
const RECORD_BYTES = 100;
const V1_WIDTH = 2;
const MEASURE_MS = 200;
const QUICK_MEASURE_MS = 30;
const WARM_RUNS = 30;
const LOOP = 'loop';

export const split: Benchmark = ({ rounds, quick, progress }) => {
  const runs: Readonly<Record<string, Run>> = {
    [LOOP]: looping(),
    'splitV2 alone': parsing(),
    'SplitterV2, a slave that counts': splitting(new SplitterV2(), V2_LAYOUT, true, ({ size }) => size),
    [`SplitterV1 (width ${V1_WIDTH}), the same`]: splitting(
      new SplitterV1(),
      V1_LAYOUTS[V1_WIDTH]!,
      true,
      ({ size }) => size,
    ),
    'SplitterV2, a plain function': splitting(new SplitterV2(), V2_LAYOUT, false, ({ size }) => size),
    'SplitterV2, a slave that looks at the payload': splitting(
      new SplitterV2(),
      V2_LAYOUT,
      true,
      ({ payload }) => payload.length,
    ),
    CombinerV2: combining(),
  };
  const rates = ratesOf(runs, {
    rounds,
    measureMs: quick ? QUICK_MEASURE_MS : MEASURE_MS,
    warmRuns: WARM_RUNS,
    progress: (what) => progress(`split, ${what}`),
  });
  const cases = [...rates].map(([name, recordsPerSecond]) => ({
    name: `split/${RECORD_BYTES} B in 1 MB/${name}`,
    recordsPerSec: median(recordsPerSecond),
    gigabytesPerSec: (median(recordsPerSecond) * RECORD_BYTES) / 1e9,
    ratioToLoop: name === LOOP ? undefined : medianRatio(recordsPerSecond, rates.get(LOOP)!),
    roundsRecordsPerSec: recordsPerSecond,
  }));
  const table = {
    title: `Batches of 1 MB, records of ${RECORD_BYTES} B, one thread, ${rounds} round(s)`,
    columns: ['case', 'records/s', 'GB/s', 'spread', 'it / loop'],
    rows: cases.map(({ name, recordsPerSec: rate, gigabytesPerSec, ratioToLoop, roundsRecordsPerSec }) => [
      name,
      numberText(rate),
      numberText(gigabytesPerSec),
      percentText(spread(roundsRecordsPerSec)),
      ratioToLoop === undefined ? '' : ratioText(ratioToLoop),
    ]),
  };
  return Promise.resolve({ tables: [table], notes: NOTES, skipped: [], cases, failures: [], shortfalls: [] });
};

const NOTES = [
  'GB is 10^9 bytes of data in records. The loop reads the length of each record and does nothing else. The batches lie in',
  'the memory of the pool, as those that a bridge has received.',
];

/** Records that fit into one batch. */
function countIn(layout: Layout): number {
  return Math.floor((BATCH_BYTES - layout.headerBytes) / recordBytes(RECORD_BYTES, layout));
}

/** In memory of the pool. */
function batchOf(layout: Layout): Frame {
  const count = countIn(layout);
  const frame = ownedFrame(layout.headerBytes + count * recordBytes(RECORD_BYTES, layout));
  const records = Array.from(
    { length: count },
    (_, index) => new Frame(RECORD_BYTES, { channel: index & 3 }),
  );
  writeBatch(frame.payload, records, layout, 0);
  return frame;
}

function looping(): Run {
  const { payload } = batchOf(V2_LAYOUT);
  const { headerBytes, tailBytes } = V2_LAYOUT;
  return () => {
    let records = 0;
    let data = 0;
    for (let end = payload.length; end > headerBytes; records++) {
      const at = end - tailBytes;
      const size =
        (payload[at]! | (payload[at + 1]! << 8) | (payload[at + 2]! << 16) | (payload[at + 3]! << 24)) >>> 0;
      data += size;
      end = at - size;
    }
    return checked(data, records);
  };
}

function parsing(): Run {
  const { payload } = batchOf(V2_LAYOUT);
  return () => {
    const records = splitV2(payload);
    if (!(records instanceof BatchRecords)) throw new Error(records.text);
    let data = 0;
    for (let index = 0; index < records.count; index++) data += records.size(index);
    return checked(data, records.count);
  };
}

function splitting(
  splitter: StreamModule & FrameSlave,
  layout: Layout,
  retainsFrames: boolean,
  sizeOf: (frame: Frame) => number,
): Run {
  const source = new Master();
  let records = 0;
  let data = 0;
  const acceptFrame = (frame: Frame): void => {
    records += 1;
    data += sizeOf(frame);
  };
  source.to(splitter).to({ retainsFrames, acceptFrame });
  // Sent again and again.
  const batch = batchOf(layout).retain();
  return () => {
    records = data = 0;
    void source.sendFrame(batch);
    if (records !== countIn(layout)) throw new Error(`${records} records came out`);
    return checked(data, records);
  };
}

function combining(): Run {
  const [source, combiner] = [new Master(), new CombinerV2()];
  let bytes = 0;
  const acceptFrame = ({ size }: Frame): void => void (bytes = size);
  source.to(combiner).to({ retainsFrames: true, acceptFrame });
  const count = countIn(V2_LAYOUT);
  const frames = Array.from({ length: count }, () => new Frame(RECORD_BYTES));
  return () => {
    for (const frame of frames) void source.sendFrame(frame);
    void combiner.sendBatch();
    return checked(bytes - V2_LAYOUT.headerBytes - count * V2_LAYOUT.tailBytes, count);
  };
}

function checked(dataBytes: number, records: number): number {
  if (dataBytes === records * RECORD_BYTES) return records;
  throw new Error(`${records} records had ${dataBytes} bytes`);
}
