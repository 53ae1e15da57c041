// Headers of the messages on a log.

import * as fc from 'fast-check';
import {
  endOf,
  HEADER,
  isUnfinished,
  orderText,
  readHead,
  subjectOf,
  type Head,
} from '../../lib/jetstream/format';
import { GeneralError } from '../../lib';

type Headers = Readonly<Record<string, string>>;

const COMMON: Headers = {
  'Nats-Msg-Id': 'daq-1f.42',
  'Rogue-Log': '1',
  'Rogue-Frame': '42',
  'Rogue-Channel-Frame': '7',
};
const RECORDS: Headers = { ...COMMON, 'Rogue-Count': '3' };
const PART: Headers = {
  ...RECORDS,
  'Rogue-Batch': '40-50',
  'Rogue-Part': '1/2',
  'Rogue-Order': '2,0x2',
};
const LONE: Headers = { ...COMMON, 'Rogue-Flags': '65535', 'Rogue-Error': '255' };
const CHUNK: Headers = { ...LONE, 'Rogue-Size': '3000000', 'Rogue-Chunk': '0/3' };

/** As a client has them: '' for one that is not there. */
function read(headers: Headers, subject = 'S.3'): Head | undefined {
  return readHead(subject, { get: (name) => headers[name] ?? '' });
}

function refusal(headers: Headers, subject?: string): string {
  try {
    read(headers, subject);
  } catch (err) {
    expect((err as GeneralError).code).toBe('ERR_LOG_FORMAT');
    return (err as Error).message;
  }
  throw new Error('the message was not refused');
}

const whole = (max = Number.MAX_SAFE_INTEGER) => fc.nat({ max });

describe('the headers', () => {
  test('of a message of another origin', () => {
    expect(readHead('S.3', undefined)).toBeUndefined();
    expect(read({})).toBeUndefined();
    expect(read({ ...RECORDS, 'Rogue-Log': '' })).toBeUndefined();
  });

  test('of records', () => {
    const head = read(RECORDS)!;
    expect(head).toEqual({
      kind: 'records',
      writer: 'daq-1f',
      channel: 3,
      frame: 42,
      channelFrame: 7,
      count: 3,
      group: undefined,
      gaps: [],
    });
    expect([endOf(head), isUnfinished(head)]).toEqual([45, false]);
  });

  test('of a part of a batch', () => {
    const head = read(PART)!;
    expect(head).toMatchObject({
      kind: 'records',
      frame: 42,
      count: 3,
      group: { first: 40, end: 50, part: 1, parts: 2 },
      gaps: [
        { gap: 2, count: 1 },
        { gap: 0, count: 2 },
      ],
    });
    expect([endOf(head), isUnfinished(head)]).toEqual([50, false]);
    expect(isUnfinished(read({ ...PART, 'Rogue-Part': '1/3' })!)).toBe(true);
  });

  test('of a lone frame', () => {
    const head = read(LONE)!;
    expect(head).toEqual({
      kind: 'frame',
      writer: 'daq-1f',
      channel: 3,
      frame: 42,
      channelFrame: 7,
      flags: 65_535,
      error: 255,
      size: undefined,
      group: undefined,
    });
    expect([endOf(head), isUnfinished(head)]).toEqual([43, false]);
  });

  test('of a chunk', () => {
    const head = read(CHUNK)!;
    expect(head).toMatchObject({
      kind: 'frame',
      frame: 42,
      size: 3_000_000,
      group: { first: 42, end: 43, part: 0, parts: 3 },
    });
    expect([endOf(head), isUnfinished(head)]).toEqual([43, true]);
    expect(isUnfinished(read({ ...CHUNK, 'Rogue-Chunk': '2/3' })!)).toBe(false);
  });

  test('name the writer, whatever follows it in the message id', () => {
    const writerOf = (id: string) => read({ ...CHUNK, 'Nats-Msg-Id': id })?.writer;
    expect(['a', 'a.1', 'a-b_c.1.2'].map(writerOf)).toEqual(['a', 'a', 'a-b_c']);
  });

  test('have every channel', () => {
    for (let channel = 0; channel < 256; channel++) {
      expect(read(RECORDS, subjectOf('run.42', channel))?.channel).toBe(channel);
    }
  });

  test('have the numbers that were written', () => {
    fc.assert(
      fc.property(whole(), whole(), whole(0xffff), whole(0xff), (frame, channelFrame, flags, error) => {
        const numbers = { [HEADER.frame]: String(frame), [HEADER.channelFrame]: String(channelFrame) };
        const fields = { [HEADER.flags]: String(flags), [HEADER.error]: String(error) };
        expect(read({ ...LONE, ...numbers, ...fields })).toMatchObject({ frame, channelFrame, flags, error });
      }),
    );
  });
});

describe('the order of a batch', () => {
  const run = fc.record({ gap: whole(10_000), count: fc.integer({ min: 1, max: 10_000 }) });

  test('is short where gaps are alike', () => {
    expect(orderText([{ gap: 0, count: 1 }])).toBe('0');
    const runs = [0, 1, 3].map((gap, i) => ({ gap, count: [1, 998, 1][i]! }));
    expect(orderText(runs)).toBe('0,1x998,3');
  });

  test('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1 }), whole(1e12), whole(1e6), (gaps, first, behind) => {
        const count = gaps.reduce((sum, one) => sum + one.count, 0);
        const end = gaps.reduce((sum, one) => sum + (one.gap + 1) * one.count, first) + behind;
        const frame = first + gaps[0]!.gap;
        const head = read({
          ...PART,
          'Rogue-Frame': String(frame),
          'Rogue-Count': String(count),
          'Rogue-Batch': `${first}-${end}`,
          'Rogue-Order': orderText(gaps),
        });
        expect(head).toMatchObject({ frame, count, gaps, group: { first, end } });
      }),
    );
  });
});

describe('headers that are wrong', () => {
  const NUMBERS = ['x', '-1', '1.5', '1e3', '0x1', ' 1', '1 ', '+1', '9007199254740992', '12345678901234567'];

  test.each<[name: string, headers: Headers]>([
    ['Rogue-Log', RECORDS],
    ['Rogue-Frame', RECORDS],
    ['Rogue-Channel-Frame', RECORDS],
    ['Rogue-Count', RECORDS],
    ['Rogue-Flags', LONE],
    ['Rogue-Error', LONE],
    ['Rogue-Size', CHUNK],
  ])('have a %s that is no number', (name, headers) => {
    for (const value of NUMBERS)
      expect(refusal({ ...headers, [name]: value })).toBe(`its header ${name} is '${value}'`);
  });

  test.each<[name: string, headers: Headers]>([
    ['Rogue-Frame', RECORDS],
    ['Rogue-Channel-Frame', LONE],
    // Without a count it is a lone frame.
    ['Rogue-Flags', LONE],
    ['Rogue-Error', LONE],
    ['Rogue-Part', PART],
    ['Rogue-Order', PART],
    ['Rogue-Size', CHUNK],
  ])('have no %s', (name, headers) => {
    expect(refusal({ ...headers, [name]: '' })).toBe(`its header ${name} is ''`);
  });

  test.each<[name: string, headers: Headers, value: string]>([
    ['Rogue-Count', RECORDS, '0'],
    ['Rogue-Flags', LONE, '65536'],
    ['Rogue-Error', LONE, '256'],
    ['Rogue-Size', CHUNK, '0'],
    ['Rogue-Batch', PART, '40'],
    ['Rogue-Batch', PART, '40-'],
    ['Rogue-Batch', PART, '40-50-60'],
    ['Rogue-Part', PART, '1'],
    ['Rogue-Part', PART, '1/x'],
    ['Rogue-Order', PART, '2,0x0'],
    ['Rogue-Order', PART, '2,,0'],
    ['Rogue-Order', PART, '2x,0'],
    ['Rogue-Order', PART, '2,0x2x1'],
    ['Rogue-Chunk', CHUNK, '0'],
    ['Rogue-Chunk', CHUNK, '3/3'],
    ['Rogue-Chunk', CHUNK, '0/0'],
  ])('have a %s out of range (%#)', (name, headers, value) => {
    expect(refusal({ ...headers, [name]: value })).toBe(`its header ${name} is '${value}'`);
  });

  test.each<[what: string, change: Headers]>([
    ['a part behind the last one', { 'Rogue-Part': '2/2' }],
    ['fewer records than the order', { 'Rogue-Count': '2' }],
    ['more records than the order', { 'Rogue-Count': '4' }],
    ['frames behind the end of the batch', { 'Rogue-Batch': '40-44' }],
    ['an end in front of its beginning', { 'Rogue-Batch': '42-0', 'Rogue-Order': '0,0x2' }],
    ['a first frame that is not where the order says', { 'Rogue-Frame': '41' }],
  ])('do not fit together: %s', (_what, change) => {
    expect(refusal({ ...PART, ...change })).toBe(
      'Rogue-Batch, Rogue-Part, Rogue-Order and Rogue-Count do not fit together',
    );
  });

  test('are of a version to come', () => {
    expect(refusal({ ...RECORDS, 'Rogue-Log': '2' })).toBe(
      'its format has the version 2, and this library reads 1',
    );
  });

  test.each(['S.256', 'S.-1', 'S.x', 'S.1x', 'S', 'S.', 'S.1.', 'S.1e2', 'S.0x10', 'S.007', 'S. 7'])(
    'have the subject %s',
    (subject) => {
      expect(refusal(RECORDS, subject)).toBe(`its subject '${subject}' does not end in a channel, 0 to 255`);
    },
  );

  test('are refused as such, whatever they are', () => {
    const names = Object.keys({ ...PART, ...CHUNK });
    const value = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.stringMatching(/^[0-9x,/-]{0,12}$/),
      fc.constantFrom('', '0', '1', '0/2', '40-50', '2,0x2'),
    );
    const change = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 });
    fc.assert(
      fc.property(fc.constantFrom(RECORDS, PART, LONE, CHUNK), change, (headers, other) => {
        try {
          const head = read({ ...headers, ...other });
          if (head !== undefined) expect(endOf(head)).toBeGreaterThan(head.frame);
        } catch (err) {
          expect(err).toBeInstanceOf(GeneralError);
          expect(err).toMatchObject({ code: 'ERR_LOG_FORMAT' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
