// Messages of a log, in the order of the stream, into frames in the order in which they were written.

import * as fc from 'fast-check';
import { Frame, GeneralError } from '../../lib';
import { Assembler, type Numbering } from '../../lib/jetstream/assembler';
import { readHead } from '../../lib/jetstream/format';
import { fields } from '../helpers/files';
import { LogMessages, type LogMessage } from '../helpers/log-messages';

const on = (channel: number, value = 0, size = 4): Frame => new Frame(Buffer.alloc(size, value), { channel });

/** An assembler and what comes out of it. */
class Reading {
  readonly frames: Frame[] = [];
  readonly numbers: number[] = [];
  readonly lines: string[] = [];
  readonly assembler: Assembler;
  private sequence = 0;

  constructor(numbering: Numbering = 'log') {
    this.assembler = new Assembler(numbering, (line) => this.lines.push(line));
  }

  add(...messages: (LogMessage | LogMessage[])[]): this {
    for (const { subject, headers, payload } of messages.flat()) {
      const head = readHead(subject, { get: (name) => headers[name] ?? '' })!;
      this.sequence += 1;
      this.note(this.assembler.add(head, { sequence: this.sequence, storedAt: 0, payload }));
    }
    return this;
  }

  end(): this {
    this.note(this.assembler.end());
    return this;
  }

  /** What the next message is refused with. */
  refusal(message: LogMessage, code = 'ERR_LOG_GAP'): string {
    try {
      this.add(message);
    } catch (err) {
      expect(err).toBeInstanceOf(GeneralError);
      expect(err).toMatchObject({ code });
      return (err as Error).message;
    }
    throw new Error('the message was not refused');
  }

  private note(frames: ReturnType<Assembler['add']>): void {
    this.frames.push(...frames);
    this.numbers.push(...frames.map(({ number }) => number));
  }
}

const WHY =
  'the log was trimmed by its limits, purged, or begun anew while it was read; ' +
  'read on from a later place, or give the log larger limits';

describe('messages of a log', () => {
  test('are frames in the order in which they were written', () => {
    const log = new LogMessages('S');
    const mixed = [on(0, 1), on(3, 2), on(0, 3), on(7, 4), on(3, 5)];
    const large = on(3, 6, 1000);
    const reading = new Reading().add(
      log.records([on(0), on(0)]),
      log.batch(mixed),
      log.lone(on(9, 7)),
      log.chunks(large, 3),
      log.records([on(1, 8)]),
    );
    expect(reading.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(reading.frames.map(fields)).toEqual(
      [on(0), on(0), ...mixed, on(9, 7), large, on(1, 8)].map(fields),
    );
  });

  test('are any frames, whatever messages they come in', () => {
    const piece = fc.record({
      kind: fc.constantFrom('records', 'batch', 'lone', 'chunks'),
      channels: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const log = new LogMessages('S');
        const all: Frame[] = [];
        const messages = pieces.flatMap(({ kind, channels }) => {
          const several = channels.map((channel, i) => on(channel, all.length + i, 5));
          const same = several.map((frame) => new Frame(frame.payload, { channel: channels[0]! }));
          const frames = kind === 'batch' ? several : kind === 'records' ? same : same.slice(0, 1);
          all.push(...frames);
          if (kind === 'batch') return log.batch(frames);
          if (kind === 'chunks') return log.chunks(frames[0]!, 1 + (channels.length % 5));
          return [kind === 'lone' ? log.lone(frames[0]!) : log.records(frames)];
        });
        const reading = new Reading().add(messages);
        expect(reading.frames.map(fields)).toEqual(all.map(fields));
        expect(reading.numbers).toEqual(all.map((_, i) => i));
        for (const channel of [0, 1, 2, 3]) {
          const own = messages.filter(({ subject }) => subject === `S.${channel}`);
          expect(new Reading('channel').add(own).frames.map(fields)).toEqual(
            all.filter((frame) => frame.channel === channel).map(fields),
          );
        }
      }),
    );
  });

  test('of a batch are handed out with its last one; those of one channel at once', () => {
    const batch = new LogMessages('S').batch([on(1), on(2), on(1)]);
    const [first, second] = batch as [LogMessage, LogMessage];
    const reading = new Reading().add(first);
    expect(reading.numbers).toEqual([]);
    expect(reading.add(second).numbers).toEqual([0, 1, 2]);
    expect(new Reading('channel').add(first).numbers).toEqual([0, 2]);
  });

  test('begin anywhere', () => {
    const log = new LogMessages('S', 'w', undefined, 500);
    expect(new Reading().add(log.records([on(1)]), log.lone(on(1))).numbers).toEqual([500, 501]);
    expect(new Reading('channel').add(log.lone(on(1)), log.records([on(1)])).numbers).toEqual([502, 503]);
  });

  test('begin within a batch', () => {
    const log = new LogMessages('S');
    const batch = log.batch([on(1), on(2), on(3), on(2)]);
    expect(new Reading().add(batch.slice(1), log.records([on(1)])).numbers).toEqual([1, 2, 3, 4]);
    expect(new Reading().add(batch.slice(2)).numbers).toEqual([2]);
  });

  test.each(['log', 'channel'] as const)(
    'begin within a frame: the next one is the first (%s)',
    (numbering) => {
      const log = new LogMessages('S');
      const reading = new Reading(numbering).add(log.chunks(on(1), 4).slice(2), log.records([on(1, 7)]));
      expect(reading.frames.map(fields)).toEqual([on(1, 7)].map(fields));
      expect([reading.assembler.abandoned, reading.lines]).toEqual([0, []]);
    },
  );
});

describe('a writer that dies', () => {
  test('within a batch leaves what is stored, as soon as another one goes on behind it', () => {
    const log = new LogMessages('S');
    const batch = log.batch([on(1, 1), on(2, 2), on(3, 3), on(2, 4)]);
    const next = new LogMessages('S', 'model-2', log);
    const reading = new Reading().add(batch.slice(0, 2));
    expect(reading.numbers).toEqual([]);
    expect(reading.add(next.records([on(5, 5)])).numbers).toEqual([0, 1, 3, 4]);
    expect(reading.frames.map(fields)).toEqual([on(1, 1), on(2, 2), on(2, 4), on(5, 5)].map(fields));
  });

  test('within a batch leaves what is stored at the end of the log', () => {
    const batch = new LogMessages('S').batch([on(1), on(2), on(3)]);
    expect(new Reading().add(batch.slice(0, 2)).end().numbers).toEqual([0, 1]);
    expect(new Reading().add(batch).end().numbers).toEqual([0, 1, 2]);
  });

  test('within a batch, and another one behind it', () => {
    const log = new LogMessages('S');
    const first = log.batch([on(1), on(2)]);
    const second = new LogMessages('S', 'model-2', log);
    const unfinished = second.batch([on(1), on(2)]);
    const third = new LogMessages('S', 'model-3', second).batch([on(3), on(4)]);
    expect(new Reading().add(first[0]!, unfinished[0]!, third).numbers).toEqual([0, 2, 4, 5]);
  });

  test.each(['log', 'channel'] as const)('within a frame leaves nothing of it (%s)', (numbering) => {
    const log = new LogMessages('S');
    const before = log.records([on(1)]);
    const next = (writer: string) => new LogMessages('S', writer, log);
    const second = next('model-2');
    const messages = [next('model-1').chunks(on(1, 1), 3).slice(0, 2), second.chunks(on(1, 2), 3)];
    const reading = new Reading(numbering).add(before, ...messages, second.records([on(1, 3)]));
    expect(reading.numbers).toEqual([0, 1, 2]);
    expect(reading.frames.map(fields)).toEqual([on(1), on(1, 2), on(1, 3)].map(fields));
    expect(reading.assembler.abandoned).toBe(1);
    expect(reading.lines).toEqual(['frame 1 was never written to its end: its first 2 chunks are left out']);
  });

  test('within a frame of a channel that is read alone, whatever other channels got in between', () => {
    const log = new LogMessages('S');
    const before = log.records([on(1)]);
    const unfinished = new LogMessages('S', 'model-2', log).chunks(on(1, 1), 3).slice(0, 2);
    const next = new LogMessages('S', 'model-3', log);
    next.records([on(2), on(2)]);
    const reading = new Reading('channel').add(before, unfinished, next.records([on(1, 4)]));
    expect(reading.numbers).toEqual([0, 3]);
    expect(reading.assembler.abandoned).toBe(1);
    expect(new Reading('channel').add(before, unfinished).refusal(next.lone(on(1)))).toMatch(
      /chunk 2 of the 3/,
    );
  });

  test('within a frame that another one begins again, and again', () => {
    const empty = new LogMessages('S');
    const attempt = (writer: string) => new LogMessages('S', writer, empty).chunks(on(1, 9), 4);
    const last = new LogMessages('S', 'd', empty);
    const reading = new Reading().add(
      attempt('a').slice(0, 1),
      attempt('b').slice(0, 3),
      attempt('c').slice(0, 2),
      last.batch([on(2), on(3)]),
    );
    expect([reading.numbers, reading.assembler.abandoned]).toEqual([[0, 1], 3]);
  });

  test('within a frame at the end of the log', () => {
    const reading = new Reading().add(new LogMessages('S').chunks(on(1), 4).slice(0, 3)).end();
    expect([reading.numbers, reading.assembler.abandoned]).toEqual([[], 1]);
  });
});

describe('a gap', () => {
  test('between messages', () => {
    const log = new LogMessages('S');
    const reading = new Reading().add(log.records([on(1), on(1)]));
    log.next = 7;
    expect(reading.refusal(log.lone(on(1)))).toBe(`frames 2 to 6 are missing, and frame 7 follows: ${WHY}`);
  });

  test('backwards', () => {
    const log = new LogMessages('S');
    const reading = new Reading().add(log.records([on(1), on(1)]));
    log.next = 1;
    expect(reading.refusal(log.lone(on(1)))).toBe(
      `frames from 2 on are missing, and frame 1 follows: ${WHY}`,
    );
  });

  test('between messages of one channel, by the numbers of the channel', () => {
    const log = new LogMessages('S');
    const reading = new Reading('channel').add(log.records([on(1)]), log.records([on(1)]));
    log.lone(on(1));
    log.lone(on(2));
    expect(reading.refusal(log.lone(on(1)))).toBe(
      `frames 2 to 2 of channel 1 are missing, and frame 3 follows: ${WHY}`,
    );
  });

  test('in front of a batch of which the first part is missing', () => {
    const log = new LogMessages('S');
    const reading = new Reading().add(log.records([on(1)]));
    const batch = log.batch([on(1), on(2)]);
    expect(reading.refusal(batch[1]!)).toBe(
      `frames from 1 on are missing, and part 1 of the batch of frames 1 to 2 follows: ${WHY}`,
    );
  });

  test('within a batch', () => {
    const log = new LogMessages('S');
    const batch = log.batch([on(1), on(2), on(3)]);
    expect(new Reading().add(batch[0]!).refusal(batch[2]!)).toBe(
      `part 1 of the 3 parts of the batch of frames 0 to 2 is missing, and part 2 of the batch of frames 0 to 2 follows: ${WHY}`,
    );
  });

  test.each<[what: string, next: (log: LogMessages) => LogMessage]>([
    ['its own writer', (log) => log.lone(on(1))],
    ['another writer at another place', (log) => new LogMessages('S', 'model-2', log, 5).lone(on(1))],
    [
      'another writer with a frame of the batch',
      (log) => new LogMessages('S', 'model-2', log, 1).lone(on(1)),
    ],
  ])('within a batch that ends with a message of %s', (_what, next) => {
    const log = new LogMessages('S');
    const reading = new Reading().add(log.batch([on(1), on(2), on(3)])[0]!);
    expect(reading.refusal(next(log))).toMatch(/^part 1 of the 3 parts of the batch of frames 0 to 2 /);
  });

  test('within a frame', () => {
    const log = new LogMessages('S');
    const chunks = log.chunks(on(1), 4);
    expect(new Reading().add(chunks.slice(0, 2)).refusal(chunks[3]!)).toBe(
      `chunk 2 of the 4 chunks of frame 0 is missing, and chunk 3 of frame 0 follows: ${WHY}`,
    );
  });

  test.each<[what: string, next: (log: LogMessages) => LogMessage]>([
    ['its own writer', (log) => log.lone(on(1))],
    ['another writer at another place', (log) => new LogMessages('S', 'model-2', log).lone(on(1))],
  ])('within a frame that is followed by one of %s', (_what, next) => {
    const log = new LogMessages('S');
    const reading = new Reading().add(log.chunks(on(1), 4).slice(0, 2));
    expect(reading.refusal(next(log))).toMatch(/^chunk 2 of the 4 chunks of frame 0 .*, and frame 1 follows/);
  });

  test('at the beginning of a frame', () => {
    const log = new LogMessages('S');
    const reading = new Reading().add(log.records([on(1)]));
    log.next = 5;
    expect(reading.refusal(log.chunks(on(1), 3)[0]!)).toMatch(
      /^frames 1 to 4 are missing, and frame 5 follows/,
    );
  });
});

test('chunks that are not the whole frame are refused', () => {
  const [first, second] = new LogMessages('S').chunks(on(1, 0, 10), 2) as [LogMessage, LogMessage];
  const short = { ...second, payload: second.payload.subarray(1) };
  expect(new Reading().add(first).refusal(short, 'ERR_LOG_FORMAT')).toBe(
    'the 2 chunks of its frame have 9 bytes, and 10 are right',
  );
});
