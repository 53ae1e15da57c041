// Batches of any records, and any bytes as batches, beside a parser that shares nothing with the library's.

import fc from 'fast-check';
import { CombinerV1, CombinerV2, Frame, Logging, Master } from '../../../lib';
import { BatchRecords, splitInverted, splitV1, splitV2, type Split } from '../../../lib/stream/batcher/split';
import {
  inverted,
  MALFORMED_CASES,
  RECORDED_BATCHES,
  recordOfFrame,
  recordText,
  referenceSplit,
  splitterOf,
  type Record,
} from '../../helpers/batches';
import { collectNamed, type NamedLine } from '../../helpers/log';
import { bufferBytes } from '../../helpers/gc';

let log: NamedLine[];
beforeEach(() => (log = collectNamed()));
afterEach(() => Logging.setSink(undefined));

const byte = fc.integer({ min: 0, max: 255 });
const record = fc.record({
  channel: byte,
  flags: fc.integer({ min: 0, max: 65535 }),
  data: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});
const records = fc.array(record, { minLength: 1, maxLength: 30 });
const width = fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined });

const textOf = (bytes: Buffer, split: Split): string[] => {
  const found = split(bytes);
  if (!(found instanceof BatchRecords)) return [found.text];
  return [...found].map(({ offset, size, destination, firstUser, lastUser }) =>
    recordText({
      channel: destination,
      flags: firstUser | (lastUser << 8),
      data: bytes.subarray(offset, offset + size),
    }),
  );
};

/** Of the payloads, which need not be a batch's. */
async function batchOf(code: number | undefined, list: readonly Record[]): Promise<Buffer> {
  const [source, combiner] = [new Master(), code === undefined ? new CombinerV2() : new CombinerV1(code)];
  const sent: Frame[] = [];
  source.to(combiner).to((frame) => sent.push(frame));
  for (const { data, flags, channel } of list) await source.sendFrame(new Frame(data, { flags, channel }));
  await combiner.sendBatch();
  expect([sent.length, combiner.count]).toEqual([1, 0]);
  return sent[0]!.payload;
}

/** Of a batch of one record, which no splitter takes. */
const isTooSmall = (code: number | undefined, [first, ...others]: readonly Record[]): boolean =>
  others.length === 0 && first!.data.length < (code === undefined || code === 1 ? 1 : code === 0 ? 5 : 0);

test('what a combiner puts together, a splitter takes apart, at every width and in V2', async () => {
  await fc.assert(
    fc.asyncProperty(width, records, async (code, list) => {
      fc.pre(!isTooSmall(code, list));
      const bytes = await batchOf(code, list);
      const [source, splitter] = [new Master(), splitterOf(code === undefined ? 2 : 1)];
      const frames: Frame[] = [];
      source.to(splitter).to((frame) => frames.push(frame));
      await source.sendFrame(new Frame(bytes));
      expect(frames.map((frame) => recordText(recordOfFrame(frame)))).toEqual(list.map(recordText));
      expect(frames.every(({ error }) => error === 0)).toBe(true);
      if (code !== undefined && code >= 2)
        expect(textOf(inverted(bytes), splitInverted)).toEqual(list.map(recordText));
    }),
    { numRuns: 300 },
  );
});

/** Sound batches and damaged ones, as Rogue has seen them. */
const seeds = [
  ...RECORDED_BATCHES.flatMap(({ batches }) => batches.map(({ bytes }) => bytes)).filter(
    ({ length }) => length < 1_200,
  ),
  ...MALFORMED_CASES.map(({ bytes }) => bytes),
];
const position = fc.nat({ max: 10_000 });
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ at: position, value: byte }) },
  { weight: 2, arbitrary: fc.record({ at: position, size: fc.nat(300) }) },
  {
    weight: 1,
    arbitrary: fc.record({ at: position, size: fc.integer({ min: 2 ** 32 - 80, max: 2 ** 32 - 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ cut: position }) },
  { weight: 1, arbitrary: fc.record({ append: fc.uint8Array({ maxLength: 90 }) }) },
);

const damaged = fc
  .tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 5 }))
  .map(([seed, changes]) => {
    let bytes = Buffer.from(seed);
    for (const one of changes) {
      if ('cut' in one) bytes = bytes.subarray(0, one.cut % (bytes.length + 1));
      else if ('append' in one) bytes = Buffer.concat([bytes, one.append]);
      else if ('value' in one && bytes.length > 0) bytes[one.at % bytes.length] = one.value;
      else if ('size' in one && bytes.length >= 8) {
        // Often where a tail has its size.
        const from =
          bytes.length - (one.at % 3 === 0 ? 8 : one.at % 3 === 1 ? 7 : (one.at % (bytes.length - 7)) + 8);
        bytes.writeUInt32LE(one.size, Math.max(0, from));
      }
    }
    return bytes;
  });
const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

test('a splitter does with damaged batches what Rogue does, and logs the same', async () => {
  let [whole, dropped] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1 as const, 2 as const),
      fc.oneof({ weight: 5, arbitrary: damaged }, { weight: 1, arbitrary: noise }),
      async (version, bytes) => {
        log.length = 0;
        const [source, splitter] = [new Master(), splitterOf(version)];
        const frames: Frame[] = [];
        source.to(splitter).to((frame) => frames.push(frame));
        await source.sendFrame(new Frame(bytes));
        const expected = referenceSplit(version, bytes);
        const found = 'records' in expected ? expected.records : [];
        expect(frames.map((frame) => recordText(recordOfFrame(frame)))).toEqual(found.map(recordText));
        const { logger, lines } = { logger: `pyrogue.batcher.CoreV${version}`, lines: [...log] };
        expect(lines).toEqual('records' in expected ? [] : [{ logger, ...expected }]);
        expect(splitter.dropCount).toBe(lines.length);
        if (lines.length === 0) whole += 1;
        else dropped += 1;
      },
    ),
    { numRuns: 5_000 },
  );
  // Both happen often enough to mean something.
  expect(Math.min(whole, dropped)).toBeGreaterThan(300);
});

/** As Rogue's inverter, which drops what it cannot read. */
const safelyInverted = (bytes: Buffer): Buffer =>
  bytes[0]! >> 4 >= 2 && 'records' in referenceSplit(1, bytes) ? inverted(bytes) : bytes;

test('no bytes make the parser of inverted batches throw, or a record go beyond them', () => {
  let whole = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        damaged.map((bytes) => safelyInverted(bytes)),
        damaged,
        noise,
      ),
      (bytes) => {
        const found = splitInverted(bytes);
        if (!(found instanceof BatchRecords)) {
          expect(found.text).toMatch(/^(Not enough space|Invalid width|Width) /);
          return;
        }
        whole += 1;
        let end = 0;
        for (const { offset, size } of found) {
          expect(offset).toBeGreaterThan(end);
          end = offset + size;
        }
        expect(end).toBeLessThanOrEqual(bytes.length);
      },
    ),
    { numRuns: 3_000 },
  );
  expect(whole).toBeGreaterThan(50);
});

test.each([
  ['', 'Not enough space (0) for tail (8)'],
  ['00000000 00000001', 'Invalid width 1: an inverted batch has 2 to 5'],
  ['00000000 00000006', 'Invalid width 6: an inverted batch has 2 to 5'],
  ['00000000 00000003', 'Not enough space (8) for tail (16) at offset 0'],
  ['00000000 00000002 00000000 00000003', 'Width 3 at offset 8 in a batch of width 2'],
  ['00000000 00000002 00000000', 'Not enough space (4) for tail (8) at offset 8'],
  ['01000000 00000002 ff000000', 'Not enough space (4) for frame (8) at offset 0'],
  ['ffffffff 00000002', 'Not enough space (0) for frame (4294967296) at offset 0'],
])('inverted, %s: %s', (hex, text) => {
  expect(splitInverted(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toEqual({ level: 'error', text });
});

describe('the work is bounded by the payload', () => {
  const SIZE = 1_000_000;
  // The most records there can be: all without data.
  const zeros = (head: number): Buffer => {
    const bytes = Buffer.alloc(SIZE);
    bytes[0] = head;
    return bytes;
  };
  // The last word of an inverted batch's tails says its width.
  const heads = Buffer.alloc(SIZE);
  for (let at = 7; at < SIZE; at += 8) heads[at] = 2;
  test.each([
    ['V1', splitV1, zeros(0x01).subarray(0, SIZE - 6), (SIZE - 8) / 8],
    ['V2', splitV2, zeros(0x02).subarray(0, 2 + 7 * 142_856), 142_856],
    ['inverted', splitInverted, heads, SIZE / 8],
  ] as const)(
    '%s: a megabyte of empty records takes less than a megabyte',
    async (_, split, bytes, count) => {
      const before = await bufferBytes();
      const found = split(bytes) as BatchRecords;
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytes.length);
      expect(found.count).toBe(count);
      expect(found.size(count - 1)).toBe(0);
    },
  );
});
