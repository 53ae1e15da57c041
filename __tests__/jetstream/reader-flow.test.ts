// A reader of a log and its slaves, and what ends the reading, on a real server.

import { pipeline } from 'node:stream/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { Slave, type Frame } from '../../lib';
import type { JetStreamReader } from '../../lib/jetstream';
import { rejection } from '../helpers/errors';
import { fields } from '../helpers/files';
import { LogMessages, publishMessages, type LogMessage } from '../helpers/log-messages';
import {
  closeLogs,
  collect,
  errorsOf,
  frameOf,
  newStream,
  openReader,
  openWriter,
  waitForFrames,
  writeAll,
} from '../helpers/logs';
import { connectTo, describeWithNats, NatsServer } from '../helpers/nats';
import { makeGate, turns, waitForStandstill } from '../helpers/wait';

const MIB = 1024 * 1024;

let server: NatsServer;
let client: NatsConnection;
let stream: string;

beforeEach(() => (stream = newStream()));
afterEach(closeLogs);

/** A log of frames of this size, in a message each. */
async function makeLog(count: number, size = 100): Promise<Frame[]> {
  const frames = Array.from({ length: count }, (_, i) => frameOf(i, size));
  const writer = await openWriter(server, { stream, batchBytes: 1024 });
  for (const frame of frames) await writeAll(writer, [frame]);
  await writer.stop();
  return frames;
}

async function streams(): Promise<Awaited<ReturnType<typeof jetstreamManager>>['streams']> {
  return (await jetstreamManager(client)).streams;
}

/** A slave that accepts frames up to this one, and it when the test says so. */
function holdAt(reader: JetStreamReader, number: number): { frames: Frame[]; open: () => void } {
  const { opened, open } = makeGate();
  const frames: Frame[] = [];
  reader.addSlave(async (frame) => {
    frames.push(frame);
    if (frames.length > number) await opened;
  });
  return { frames, open };
}

const place = (): string => `${stream} at 127.0.0.1:${server.port}`;
const WHY =
  'the log was trimmed by its limits, purged, or begun anew while it was read; ' +
  'read on from a later place, or give the log larger limits';

describeWithNats('a reader', () => {
  beforeAll(async () => {
    server = await NatsServer.start();
    client = await connectTo(server);
  });

  test('waits for its slowest slave, and has the server send no more than it may be ahead', async () => {
    const frames = await makeLog(40, 250_000);
    const reader = await openReader(server, { stream, from: 'first', readAheadBytes: 1024 });
    const { frames: seen, open } = holdAt(reader, 3);
    const others = collect(reader);
    const { consumers } = await jetstreamManager(client);
    const [{ name } = { name: '' }] = await consumers.list(stream).next();
    const delivered = async (): Promise<number> => (await consumers.info(stream, name)).delivered.stream_seq;
    let ahead = 0;
    await waitForFrames(seen, 4);
    await waitForStandstill('what the server has sent', () => {
      void delivered().then((count) => (ahead = count));
      return ahead;
    });
    expect([seen.length, others.length]).toEqual([4, 4]);
    // At least a message of the largest size, and as much again in the request that is open.
    expect((ahead - 4) * 250_000).toBeLessThan(2 * (MIB + 4096) + 250_000);
    open();
    await waitForFrames(seen, 40);
    expect(seen.map(fields)).toEqual(frames.map(fields));
    expect(others.map(fields)).toEqual(frames.map(fields));
  });

  test('gets messages that are larger than its servers take now', async () => {
    const other = await NatsServer.start({ maxPayload: MIB });
    const frames = [frameOf(0, 100), frameOf(1, 500_000), frameOf(2, 100), frameOf(3, 400_000)];
    await writeAll(await openWriter(other, { stream }), frames);
    await other.restart({ maxPayload: 16 * 1024 });
    const reader = await openReader(other, { stream, from: 'first', untilEnd: true, readAheadBytes: 1024 });
    const seen = collect(reader);
    await reader.finished();
    expect(seen.map(fields)).toEqual(frames.map(fields));
    await other.end();
  });

  test('ends with what a slave fails with', async () => {
    await makeLog(5);
    const reader = await openReader(server, { stream, from: 'first' });
    const failure = new Error('the disk is full');
    let count = 0;
    reader.addSlave(() => {
      count += 1;
      if (count === 3) throw failure;
    });
    expect(await rejection(reader.finished())).toBe(failure);
    expect(reader.stats).toMatchObject({ framesReceived: 2, position: { frame: 1 }, lastError: failure });
    await turns();
    expect(count).toBe(3);
  });

  test('ends with what a slave rejects with, and tells it once', async () => {
    await makeLog(2);
    const reader = await openReader(server, { stream, from: 'first' });
    const errors = errorsOf(reader);
    reader.addSlave(() => Promise.reject(new Error('no')));
    expect(await rejection(reader.finished())).toMatchObject({ message: 'no' });
    expect(errors).toEqual(['undefined no']);
  });

  test('gives its frames to for await, up to the end of the log', async () => {
    const frames = await makeLog(50);
    const reader = await openReader(server, { stream, from: 'first', untilEnd: true });
    const seen: Frame[] = [];
    for await (const frame of reader.frames({ maxDepth: 3 })) seen.push(frame);
    expect(seen.map(fields)).toEqual(frames.map(fields));
    await reader.finished();
  });

  test('gives its frames to a pipeline, and its failure, too', async () => {
    const frames = await makeLog(20);
    const slave = new Slave();
    const reader = await openReader(server, { stream, from: 'first', untilEnd: true });
    await pipeline(reader.readable(), slave.writable());
    expect(slave.frameCount).toBe(frames.length);
    await publishMessages(client, [
      damaged(new LogMessages(stream, 'w', undefined, 20).records([frameOf(1, 9)])),
    ]);
    const other = await openReader(server, { stream, from: { last: 3 } });
    expect(await rejection(pipeline(other.readable(), new Slave().writable()))).toMatchObject({
      code: 'ERR_LOG_FORMAT',
    });
  });

  test('that is stopped ends what waits for it, at once', async () => {
    await makeLog(5);
    const reader = await openReader(server, { stream, from: 'first' });
    const { frames, open } = holdAt(reader, 2);
    const reading = (async () => {
      const seen: Frame[] = [];
      for await (const frame of reader.frames()) seen.push(frame);
      return seen.length;
    })();
    await waitForFrames(frames, 3);
    await reader.stop();
    await reader.finished();
    expect(await reading).toBe(3);
    open();
    await turns();
    expect(frames).toHaveLength(3);
    expect(reader.connected).toBe(false);
    await reader.stop();
  });

  test('that is disposed of has stopped', async () => {
    await makeLog(1);
    let reader: JetStreamReader;
    {
      await using one = await openReader(server, { stream });
      reader = one;
      collect(one);
    }
    await reader.finished();
    expect(reader.connected).toBe(false);
  });

  test('ends with a gap where the log was purged before it came there', async () => {
    await makeLog(40, 250_000);
    const reader = await openReader(server, { stream, from: 'first', readAheadBytes: 1024 });
    const errors = errorsOf(reader);
    const { frames, open } = holdAt(reader, 3);
    await waitForFrames(frames, 4);
    await (await streams()).purge(stream, { seq: 36 });
    open();
    const error = await rejection(reader.finished());
    const last = frames.length - 1;
    expect(error).toMatchObject({
      code: 'ERR_LOG_GAP',
      message: `${place()}, message 36: frames ${last + 1} to 34 are missing, and frame 35 follows: ${WHY}`,
    });
    expect(errors).toEqual([`ERR_LOG_GAP ${error.message}`]);
    expect(reader.stats).toMatchObject({
      lastError: error,
      framesReceived: last + 1,
      position: { frame: last },
    });
  });

  test('ends with a gap where all was purged that it was to read', async () => {
    await makeLog(40, 250_000);
    const reader = await openReader(server, {
      stream,
      from: 'first',
      untilEnd: true,
      readAheadBytes: 1024,
    });
    const { frames, open } = holdAt(reader, 3);
    await waitForFrames(frames, 4);
    await (await streams()).purge(stream);
    open();
    expect(await rejection(reader.finished())).toMatchObject({
      code: 'ERR_LOG_GAP',
      message: `messages ${frames.length + 1} to 40 of ${stream} are missing: the log was trimmed by its limits, or purged, while it was read to its end`,
    });
    expect(reader.stats.framesReceived).toBe(frames.length);
  });

  test('ends with a gap where the log has reached its limits before it came there', async () => {
    const writer = await openWriter(server, { stream, maxMessages: 20 });
    const write = async (from: number, end: number): Promise<void> => {
      for (let i = from; i < end; i++) await writeAll(writer, [frameOf(i, 250_000, { channel: 2 })]);
    };
    await write(0, 20);
    for (const channels of [undefined, [2]]) {
      const from = writer.nextFrame - 20;
      const reader = await openReader(server, {
        stream,
        from: 'first',
        readAheadBytes: 1024,
        ...(channels && { channels }),
      });
      const { frames, open } = holdAt(reader, 0);
      await waitForFrames(frames, 1);
      await write(from + 20, from + 60);
      open();
      const { message, code } = await rejection(reader.finished());
      const missing = from + frames.length;
      const of = channels === undefined ? '' : ' of channel 2';
      expect([code, message]).toEqual([
        'ERR_LOG_GAP',
        `${place()}, message ${from + 41}: frames ${missing} to ${from + 39}${of} are missing, and frame ${from + 40} follows: ${WHY}`,
      ]);
    }
  });

  test.each<[what: string, damage: (message: LogMessage) => LogMessage, why: string]>([
    ['records', damaged, 'its record at offset 0 is damaged'],
    [
      'headers',
      (one) => ({ ...one, headers: { ...one.headers, 'Rogue-Count': 'x' } }),
      "its header Rogue-Count is 'x'",
    ],
    [
      'a version to come',
      (one) => ({ ...one, headers: { ...one.headers, 'Rogue-Log': '2' } }),
      'its format has the version 2, and this library reads 1',
    ],
  ])('ends with a message that has %s that it cannot read', async (_what, damage, why) => {
    await makeLog(2);
    await publishMessages(client, [
      damage(new LogMessages(stream, 'w', undefined, 2).records([frameOf(2, 9)])),
    ]);
    for (const channels of [undefined, [0]]) {
      const reader = await openReader(server, { stream, from: 'first', ...(channels && { channels }) });
      const frames = collect(reader);
      expect(await rejection(reader.finished())).toMatchObject({
        code: 'ERR_LOG_FORMAT',
        message: `${place()}, message 3: ${why}`,
      });
      expect(frames).toHaveLength(2);
    }
  });
});

/** With a length that goes beyond its end. */
function damaged(message: LogMessage): LogMessage {
  const payload = Buffer.from(message.payload);
  payload[2]! ^= 1;
  return { ...message, payload };
}
