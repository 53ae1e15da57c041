// Where a reader of a log begins and ends, and what it reads, on a real server.

import type { NatsConnection } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Frame } from '../../lib';
import { Logging } from '../../lib/logging';
import type { ReadFrom } from '../../lib/jetstream';
import { rejection } from '../helpers/errors';
import { fields } from '../helpers/files';
import { collectLog } from '../helpers/log';
import { LogMessages, publishMessages } from '../helpers/log-messages';
import {
  closeLogs,
  collect,
  frameOf,
  newStream,
  openReader,
  openWriter,
  readLog,
  waitForFrames,
  writeAll,
} from '../helpers/logs';
import { connectTo, describeWithNats, NatsServer } from '../helpers/nats';

let server: NatsServer;
let client: NatsConnection;
let stream: string;

beforeEach(() => (stream = newStream()));
afterEach(closeLogs);
afterEach(() => Logging.setSink(undefined));

/** The frames of {@link makeLog}. */
const FRAMES = [1, 1, 1, 1, 1, 1, 2, 3, 1, 2, 2, 4, 1, 1].map((channel, i) =>
  frameOf(i, 10 + i, { channel, flags: i }),
);
// The messages that they are in, by their sequences: records, a batch, a frame in chunks, a lone frame, records.
const SEQUENCES = [1, 1, 1, 1, 1, 2, 3, 4, 2, 3, 7, 8, 9, 9];

/** A log with messages of every kind. */
async function makeLog(): Promise<LogMessages> {
  await makeStream();
  const log = new LogMessages(stream);
  await publishMessages(client, [
    log.records(FRAMES.slice(0, 5)),
    ...log.batch(FRAMES.slice(5, 10)),
    ...log.chunks(FRAMES[10]!, 3),
    log.lone(FRAMES[11]!),
    log.records(FRAMES.slice(12)),
  ]);
  return log;
}

async function makeStream(): Promise<void> {
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: stream, subjects: [`${stream}.*`], allow_direct: true });
}

const publishStray = (channel = 0) => jetstream(client).publish(`${stream}.${channel}`, 'hello');

const numbersFrom = async (from: ReadFrom, channels?: number[]): Promise<number[]> =>
  (await readLog(server, stream, { from, ...(channels !== undefined && { channels }) })).map(
    ({ number }) => number,
  );

const behind = (first: number): number[] => FRAMES.map((_, i) => i).filter((number) => number >= first);

describeWithNats('a reader', () => {
  beforeAll(async () => {
    server = await NatsServer.start();
    client = await connectTo(server);
  });

  test('gives frames that know their place', async () => {
    const before = Date.now();
    await makeLog();
    const frames = await readLog(server, stream);
    const after = Date.now();
    expect(frames.map(fields)).toEqual(FRAMES.map(fields));
    expect(frames.map(({ number }) => number)).toEqual(behind(0));
    expect(frames.map(({ sequence }) => sequence)).toEqual(SEQUENCES);
    for (const { storedAt } of frames) {
      expect(storedAt).toBeGreaterThanOrEqual(before);
      expect(storedAt).toBeLessThanOrEqual(after);
    }
  });

  test('counts what it reads', async () => {
    await makeLog();
    const reader = await openReader(server, { stream, from: 'first', untilEnd: true });
    expect(reader.identity).toEqual({ log: stream, servers: `127.0.0.1:${server.port}`, role: 'reader' });
    expect(reader.stats).toMatchObject({
      messages: 0,
      position: { sequence: 0, frame: -1 },
      lastFrameAt: undefined,
    });
    collect(reader);
    await reader.finished();
    expect(reader.stats).toEqual({
      framesReceived: 14,
      bytesReceived: FRAMES.reduce((sum, { size }) => sum + size, 0),
      messages: 9,
      foreign: 0,
      redelivered: 0,
      abandoned: 0,
      pending: 0,
      delayMs: expect.any(Number) as number,
      position: { sequence: 9, frame: 13 },
      reconnects: 0,
      lastError: undefined,
      lastFrameAt: expect.any(Date) as Date,
    });
  });

  test('begins with the first frame that the log has', async () => {
    await makeLog();
    expect(await numbersFrom('first')).toEqual(behind(0));
    await (await jetstreamManager(client)).streams.purge(stream, { seq: 2 });
    expect(await numbersFrom('first')).toEqual(behind(5));
  });

  test('begins with a sequence, in the middle of a batch and of a frame, too', async () => {
    await makeLog();
    for (const sequence of [1, 2, 5, 8, 9, 10, 1000]) {
      const first = SEQUENCES.findIndex((one) => one >= sequence);
      expect(await numbersFrom({ sequence })).toEqual(first < 0 ? [] : behind(first));
    }
    expect(await numbersFrom({ sequence: 3 })).toEqual([6, 7, 9, ...behind(10)]);
    expect(await numbersFrom({ sequence: 4 })).toEqual([7, ...behind(10)]);
    // The frame in chunks is not whole.
    expect(await numbersFrom({ sequence: 6 })).toEqual(behind(11));
    expect(await numbersFrom({ sequence: 7 })).toEqual(behind(11));
  });

  test('begins with any frame, in the middle of a message, too', async () => {
    await makeLog();
    for (let frame = 0; frame <= FRAMES.length; frame++)
      expect(await numbersFrom({ frame })).toEqual(behind(frame));
  });

  test('begins with the last frames', async () => {
    await makeLog();
    for (const last of [1, 2, 3, 4, 5, 9, 14, 15, 1e9])
      expect(await numbersFrom({ last })).toEqual(behind(FRAMES.length - last));
  });

  test('begins with what was stored at a time or later', async () => {
    await makeStream();
    const log = new LogMessages(stream);
    await publishMessages(
      client,
      behind(0).map((i) => log.lone(FRAMES[i]!)),
    );
    const all = await readLog(server, stream);
    // The server has nanoseconds, a Date has milliseconds.
    for (const { storedAt } of all) {
      const time = new Date(Math.floor(storedAt));
      const first = all.findIndex((frame) => frame.storedAt >= time.getTime());
      expect(await numbersFrom({ time })).toEqual(behind(first));
    }
    expect(await numbersFrom({ time: new Date(0) })).toEqual(behind(0));
    expect(await numbersFrom({ time: new Date(Date.now() + 3_600_000) })).toEqual([]);
  });

  test('begins with what comes after it was made, even before it has a slave', async () => {
    const log = await makeLog();
    const reader = await openReader(server, { stream });
    await publishMessages(client, [log.lone(frameOf(14, 5)), log.lone(frameOf(15, 5))]);
    const frames = collect(reader);
    await waitForFrames(frames, 2);
    expect(frames.map(({ number }) => number)).toEqual([14, 15]);
  });

  test('waits for a frame that is still to come', async () => {
    const log = await makeLog();
    const reader = await openReader(server, { stream, from: { frame: 16 } });
    const frames = collect(reader);
    await publishMessages(client, [log.records([14, 15, 16, 17].map((i) => frameOf(i, 5)))]);
    await waitForFrames(frames, 2);
    expect(frames.map(({ number }) => number)).toEqual([16, 17]);
  });

  test('does not begin with a frame that the log has no more', async () => {
    await makeLog();
    await (await jetstreamManager(client)).streams.purge(stream, { seq: 8 });
    expect(await rejection(openReader(server, { stream, from: { frame: 3 } }))).toMatchObject({
      code: 'ERR_LOG_GAP',
      message: `frame 3 is not in the log ${stream} any more: its first one is 11; read from there on, with 'first'`,
    });
    expect(await numbersFrom({ last: 12 })).toEqual(behind(11));
  });

  test.each([
    { channels: [1], numbers: [0, 1, 2, 3, 4, 5, 8, 12, 13] },
    { channels: [2], numbers: [6, 9, 10] },
    { channels: [2, 2], numbers: [6, 9, 10] },
    { channels: [4, 3], numbers: [7, 11] },
    { channels: [9], numbers: [] },
    { channels: [9, 10], numbers: [] },
  ])('reads the channels $channels alone', async ({ channels, numbers }) => {
    await makeLog();
    expect(await numbersFrom('first', channels)).toEqual(numbers);
    for (const frame of [0, 6, 9, 13])
      expect(await numbersFrom({ frame }, channels)).toEqual(numbers.filter((number) => number >= frame));
  });

  test('has only what it reads sent by the server, if that is one channel', async () => {
    await makeLog();
    const reader = await openReader(server, { stream, from: 'first', untilEnd: true, channels: [2] });
    collect(reader);
    await reader.finished();
    expect(reader.stats).toMatchObject({ messages: 4, framesReceived: 3, pending: 0 });
  });

  test('ends at once where there is nothing to read', async () => {
    await makeStream();
    for (const from of [
      'first',
      'now',
      { last: 3 },
      { frame: 0 },
      { sequence: 7 },
      { time: new Date(0) },
    ] as const)
      expect(await numbersFrom(from)).toEqual([]);
    await makeLogOfStrays();
    for (const from of ['first', { last: 3 }, { frame: 0 }, { sequence: 2 }] as const)
      expect(await numbersFrom(from)).toEqual([]);
  });

  test('ends at what was the end when it was made', async () => {
    const log = await makeLog();
    const reader = await openReader(server, { stream, from: 'first', untilEnd: true });
    await publishMessages(client, [log.lone(frameOf(14, 5))]);
    const frames = collect(reader);
    await reader.finished();
    expect(frames.map(({ number }) => number)).toEqual(behind(0));
  });

  test('goes on where there is no end', async () => {
    const writer = await openWriter(server, { stream });
    const reader = await openReader(server, { stream });
    const frames = collect(reader);
    for (let i = 0; i < 5; i++) {
      await writeAll(writer, [frameOf(i, 5)]);
      await waitForFrames(frames, i + 1);
    }
    await reader.stop();
    await reader.finished();
    expect(frames.map(fields)).toEqual([0, 1, 2, 3, 4].map((i) => fields(frameOf(i, 5))));
  });

  test('skips and counts messages of others', async () => {
    const log = new LogMessages(stream);
    await makeStream();
    const lines = collectLog();
    await publishStray(1);
    await publishMessages(client, [log.lone(FRAMES[0]!)]);
    await publishStray(1);
    const [first, second] = log.chunks(FRAMES[1]!, 2);
    await publishMessages(client, [first!]);
    await publishStray(1);
    await publishMessages(client, [second!]);
    for (const channels of [undefined, [1]]) {
      const reader = await openReader(server, {
        stream,
        from: 'first',
        untilEnd: true,
        ...(channels !== undefined && { channels }),
      });
      const frames = collect(reader);
      await reader.finished();
      expect(frames.map(fields)).toEqual(FRAMES.slice(0, 2).map(fields));
      expect(reader.stats).toMatchObject({ foreign: 3, messages: 6 });
    }
    expect(lines.filter((line) => line.includes('is none of a log'))).toContainEqual(
      `message 1 of ${stream} at 127.0.0.1:${server.port} (${stream}.1) is none of a log, and is skipped`,
    );
  });

  test('leaves out a frame that was never written to its end, and counts it', async () => {
    const log = await makeLog();
    const unfinished = new LogMessages(stream, 'model-2', log).chunks(frameOf(14, 9), 3).slice(0, 2);
    const next = new LogMessages(stream, 'model-3', log);
    await publishMessages(client, [...unfinished, next.lone(frameOf(15, 5))]);
    const reader = await openReader(server, { stream, from: { frame: 14 }, untilEnd: true });
    const frames = collect(reader);
    await reader.finished();
    expect(frames.map(({ number, payload }) => [number, payload[0]])).toEqual([[14, 15]]);
    expect(reader.stats.abandoned).toBe(1);
  });

  test('leaves out empty frames, which no writer of ours stores', async () => {
    await makeStream();
    await publishMessages(client, [new LogMessages(stream).records([new Frame(0), frameOf(1, 5)])]);
    expect(await numbersFrom('first')).toEqual([1]);
  });

  test('does not make a stream', async () => {
    expect(await rejection(openReader(server, { stream }))).toMatchObject({
      code: 'ERR_LOG_STREAM',
      message: `there is no stream ${stream} on 127.0.0.1:${server.port}: check the name; a writer makes it`,
    });
  });
});

async function makeLogOfStrays(): Promise<void> {
  for (let i = 0; i < 3; i++) await publishStray(i);
}
