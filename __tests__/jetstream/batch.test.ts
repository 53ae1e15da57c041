// Small frames as data-file records, and back.

import * as fc from 'fast-check';
import { Frame, type GeneralError } from '../../lib';
import { Batch } from '../../lib/jetstream/batch';
import { orderText, readHead, type RecordsHead } from '../../lib/jetstream/format';
import { framesOf } from '../../lib/jetstream/records';
import { BufferPool } from '../../lib/memory/buffer-pool';
import { fields, recordOf } from '../helpers/files';
import { LogMessages, type LogMessage } from '../helpers/log-messages';

const BATCH_BYTES = 4096;
const STORED = { sequence: 9, storedAt: 1.5 };

const someFrames = (channels: number) =>
  fc.array(
    fc
      .record({
        size: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 300 })),
        channel: fc.nat({ max: channels - 1 }),
        flags: fc.nat({ max: 0xffff }),
        error: fc.nat({ max: 0xff }),
      })
      .map(({ size, ...more }) => new Frame(Buffer.alloc(size, size * 7 + more.flags), more)),
    { minLength: 1, maxLength: 60 },
  );

/** As many of the frames as it takes. */
function batchOf(frames: readonly Frame[], pool = new BufferPool(BATCH_BYTES, 1)): [Batch, Frame[]] {
  const batch = new Batch(pool);
  const taken = frames.filter((frame) => {
    const hasRoom = batch.hasRoomFor(frame.size);
    if (hasRoom) batch.add(frame);
    return hasRoom;
  });
  return [batch, taken];
}

/** The heads of the messages that a batch becomes, by way of their headers. */
function headsOf(batch: Batch, first: number): RecordsHead[] {
  const parts = batch.parts();
  return parts.map(({ channel, count, offset, gaps }, part) => {
    const headers: Record<string, string> = {
      'Nats-Msg-Id': 'w',
      'Rogue-Log': '1',
      'Rogue-Frame': String(first + offset),
      'Rogue-Channel-Frame': '0',
      'Rogue-Count': String(count),
      'Rogue-Batch': `${first}-${first + batch.frames}`,
      'Rogue-Part': `${part}/${parts.length}`,
      'Rogue-Order': orderText(gaps),
    };
    return readHead(`S.${channel}`, { get: (name) => headers[name] ?? '' }) as RecordsHead;
  });
}

describe('a batch', () => {
  test('gives back its frames, their numbers and their order, whatever the channels are', () => {
    const channels = fc.constantFrom(1, 2, 5, 256);
    fc.assert(
      fc.property(channels.chain(someFrames), fc.nat({ max: 1e9 }), (frames, first) => {
        const [batch, taken] = batchOf(frames);
        const parts = batch.parts();
        const back = headsOf(batch, first).flatMap((head, i) =>
          framesOf(head, { ...STORED, payload: parts[i]!.payload }),
        );
        back.sort((a, b) => a.number - b.number);
        expect(back.map(fields)).toEqual(taken.map(fields));
        expect(back.map(({ number }) => number)).toEqual(taken.map((_, i) => first + i));
      }),
    );
  });

  test('is a message for each channel, in the order of their first frames, of records as in a data file', () => {
    fc.assert(
      fc.property(someFrames(4), (frames) => {
        const [batch, taken] = batchOf(frames);
        const channels = [...new Set(taken.map(({ channel }) => channel))];
        expect(batch.parts().map(({ channel, count, payload }) => ({ channel, count, payload }))).toEqual(
          channels.map((channel) => {
            const own = taken.filter((frame) => frame.channel === channel);
            return { channel, count: own.length, payload: Buffer.concat(own.map((one) => recordOf(one))) };
          }),
        );
        expect([batch.frames, batch.bytes]).toEqual([
          taken.length,
          taken.reduce((sum, { size }) => sum + 8 + size, 0),
        ]);
      }),
    );
  });

  test('has an order that is short beside its records', () => {
    const single = (channels: number) =>
      fc.array(fc.nat({ max: channels - 1 }), { minLength: 100, maxLength: 450 });
    fc.assert(
      fc.property(fc.constantFrom(2, 3, 16, 256).chain(single), (channels) => {
        const [batch] = batchOf(channels.map((channel) => new Frame(Buffer.of(1), { channel })));
        for (const { gaps, payload } of batch.parts())
          expect(orderText(gaps).length).toBeLessThanOrEqual(payload.length / 2);
      }),
      { numRuns: 20 },
    );
  });

  test('takes what fits, to the byte', () => {
    const batch = new Batch(new BufferPool(100, 1));
    batch.add(new Frame(10));
    expect([74, 75].map((size) => batch.hasRoomFor(size))).toEqual([true, false]);
    batch.add(new Frame(74));
    expect([batch.bytes, batch.hasRoomFor(1)]).toEqual([100, false]);
  });

  test('has no messages without frames, and its memory is used again', () => {
    const pool = new BufferPool(100, 1);
    const first = new Batch(pool);
    expect(first.parts()).toEqual([]);
    first.add(new Frame(Buffer.of(7)));
    const { buffer } = first.parts()[0]!.payload;
    first.release();
    const second = new Batch(pool);
    second.add(new Frame(Buffer.of(8)));
    expect(second.parts()[0]!.payload.buffer).toBe(buffer);
  });
});

describe('records of a message', () => {
  const frames = [1, 5, 300].map(
    (size, i) => new Frame(Buffer.alloc(size, i), { channel: 3, flags: 0x1234 + i, error: i }),
  );

  function read({ subject, headers, payload }: LogMessage): ReturnType<typeof framesOf> {
    const head = readHead(subject, { get: (name) => headers[name] ?? '' }) as RecordsHead;
    return framesOf(head, { ...STORED, payload });
  }

  function refusal(payload: Buffer): string {
    try {
      read({ ...new LogMessages('S').records(frames), payload });
    } catch (err) {
      expect((err as GeneralError).code).toBe('ERR_LOG_FORMAT');
      return (err as Error).message;
    }
    throw new Error('the records were not refused');
  }

  const { payload: sound } = new LogMessages('S').records(frames);

  test('know their place, and lie in the message', () => {
    const message = new LogMessages('S', 'w', undefined, 70).records(frames);
    const back = read(message);
    expect(back.map(fields)).toEqual(frames.map(fields));
    expect(back.map(({ number, sequence, storedAt }) => [number, sequence, storedAt])).toEqual([
      [70, 9, 1.5],
      [71, 9, 1.5],
      [72, 9, 1.5],
    ]);
    for (const frame of back) {
      expect(frame.payload.buffer).toBe(message.payload.buffer);
      expect(frame.heldBytes).toBe(message.payload.length);
    }
  });

  test('may be empty: a reader skips these', () => {
    expect(read(new LogMessages('S').records([new Frame(0), new Frame(0)])).map(({ size }) => size)).toEqual([
      0, 0,
    ]);
  });

  test('that end early are damaged, wherever they end', () => {
    for (let length = 0; length < sound.length; length++) {
      const offset = length < 9 ? 0 : length < 22 ? 9 : 22;
      expect(refusal(sound.subarray(0, length))).toBe(`its record at offset ${offset} is damaged`);
    }
  });

  test('with bytes behind them are damaged', () => {
    expect(refusal(Buffer.concat([sound, Buffer.alloc(5)]))).toBe('it has 5 bytes behind its 3 records');
  });

  test.each<[what: string, at: number, value: number]>([
    ['another channel', 16, 4],
    ['a length below that of its header', 9, 3],
    ['a length beyond the end', 11, 1],
    ['a length of gigabytes', 12, 255],
  ])('with %s are damaged', (_what, at, value) => {
    const damaged = Buffer.from(sound);
    damaged[at] = value;
    expect(refusal(damaged)).toBe('its record at offset 9 is damaged');
  });
});
