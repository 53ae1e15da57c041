// A writer of a log, on a real server.

import { writeFileSync } from 'node:fs';
import type { NatsConnection } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Frame, reqFrame } from '../../lib';
import { rejection } from '../helpers/errors';
import { fields, fileName, read, removeFiles, sha256 } from '../helpers/files';
import { LogMessages, publishMessages } from '../helpers/log-messages';
import {
  closeLogs,
  errorsOf,
  expectLog,
  frameOf,
  LARGE,
  newStream,
  openWriter,
  readLog,
  writeAll,
} from '../helpers/logs';
import { connectTo, describeWithNats, NatsServer, storedMessages } from '../helpers/nats';

const MIB = 1024 * 1024;

let server: NatsServer;
let client: NatsConnection;
let stream: string;

beforeEach(() => (stream = newStream()));
afterEach(closeLogs);
afterEach(removeFiles);

describeWithNats('a writer', () => {
  beforeAll(async () => {
    server = await NatsServer.start();
    client = await connectTo(server);
  });

  test('stores frames of every size, channel, flags and error, once and in order', async () => {
    const sizes = [1, 2, 7, LARGE - 9, LARGE - 8, LARGE - 1, LARGE, MIB - 1024, MIB - 1023, MIB, 3_000_000];
    const frames = [
      ...Array.from({ length: 256 }, (_, i) =>
        frameOf(i, 1 + i, { channel: i, flags: i * 257, error: 255 - i }),
      ),
      ...sizes.map((size, i) => frameOf(i, size, { channel: i % 3, flags: 0xffff - i, error: i })),
      ...Array.from({ length: 256 }, (_, i) => frameOf(i, 3, { channel: i % 7 })),
    ];
    const writer = await openWriter(server, { stream });
    await writeAll(writer, frames);
    const bytes = frames.reduce((sum, { size }) => sum + size, 0);
    expect(writer.stats).toMatchObject({
      framesSent: frames.length,
      framesStored: frames.length,
      bytesSent: bytes,
      unacknowledged: 0,
      unacknowledgedBytes: 0,
      resent: 0,
      dropped: 0,
      refused: 0,
      notStored: 0,
      lastError: undefined,
    });
    expect([writer.frameCount, writer.byteCount, writer.nextFrame]).toEqual([
      frames.length,
      bytes,
      frames.length,
    ]);
    await expectLog(server, stream, frames);
  });

  test('stores messages as the format has them', async () => {
    const writer = await openWriter(server, { stream, source: 'crate-7' });
    const same = [1, 2, 3].map((i) => frameOf(i, 10, { channel: 5, flags: i }));
    const mixed = [3, 5, 3, 3, 200].map((channel, i) => frameOf(i, 20 + i, { channel, error: i }));
    const large = frameOf(1, LARGE, { channel: 3, flags: 7, error: 9 });
    const huge = frameOf(2, 2_500_000, { channel: 255, flags: 1, error: 2 });
    for (const frames of [same, mixed, [large], [huge], same]) await writeAll(writer, frames);

    const stored = await storedMessages(client, stream);
    const [id = ''] = stored[0]!.header.get('Nats-Msg-Id').split('.');
    expect(id).toMatch(/^crate-7-[0-9a-f]{12}$/);
    const model = new LogMessages(stream, id);
    const chunk = MIB - 1024;
    const expected = [
      model.records(same),
      ...model.batch(mixed),
      model.lone(large),
      ...model.chunks(huge, 3, chunk),
      model.records(same),
    ];
    const found = stored.map(({ subject, header, data }, i) => {
      const all = header.keys().map((name): [string, string] => [name, header.get(name)]);
      const expects = all.filter(([name]) => name.startsWith('Nats-Expected-'));
      const before = stored[i - 1]?.header.get('Nats-Msg-Id');
      // The first message of those that are sent together expects a sequence alone.
      expect([
        { 'Nats-Expected-Last-Sequence': String(i) },
        { 'Nats-Expected-Last-Sequence': String(i), 'Nats-Expected-Last-Msg-Id': before },
      ]).toContainEqual(Object.fromEntries(expects));
      return {
        subject,
        headers: Object.fromEntries(all.filter((one) => !expects.includes(one))),
        hash: sha256(Buffer.from(data)),
      };
    });
    expect(found).toEqual(
      expected.map(({ subject, headers, payload }) => ({ subject, headers, hash: sha256(payload) })),
    );
  });

  test('of one channel leaves a data file', async () => {
    const frames = Array.from({ length: 300 }, (_, i) =>
      frameOf(i, 1 + i, { channel: 4, flags: i, error: i & 3 }),
    );
    const writer = await openWriter(server, { stream, batchBytes: 4096 });
    await writeAll(writer, frames);
    const stored = await storedMessages(client, stream);
    expect(stored.length).toBeGreaterThan(5);
    writeFileSync(fileName('log.dat'), Buffer.concat(stored.map(({ data }) => data)));
    expect((await read(fileName('log.dat'))).map(fields)).toEqual(frames.map(fields));
  });

  test('makes the stream as it is asked to', async () => {
    await openWriter(server, {
      stream,
      maxBytes: 1e6,
      maxAgeMs: 60_000,
      maxMessages: 10,
      storage: 'memory',
      discard: 'new',
    });
    const { config } = await (await jetstreamManager(client)).streams.info(stream);
    expect(config).toMatchObject({
      subjects: [`${stream}.*`],
      max_bytes: 1e6,
      max_age: 60e9,
      max_msgs: 10,
      storage: 'memory',
      discard: 'new',
      num_replicas: 1,
      retention: 'limits',
    });
  });

  test('makes a stream that keeps all, in files', async () => {
    await openWriter(server, { stream });
    const { config } = await (await jetstreamManager(client)).streams.info(stream);
    expect(config).toMatchObject({
      max_bytes: -1,
      max_age: 0,
      max_msgs: -1,
      storage: 'file',
      discard: 'old',
    });
    // Of settings that are not asked for, a stream may have any; and those that it has may be asked for.
    await openWriter(server, { stream, storage: 'file', replicas: 1 });
  });

  test('goes on behind what is there, in all channels', async () => {
    const runs = [0, 1, 2].map((run) =>
      [1, 2, 1, 9].map((channel, i) => frameOf(10 * run + i, 5, { channel })),
    );
    let count = 0;
    for (const frames of runs) {
      const writer = await openWriter(server, { stream });
      expect(writer.nextFrame).toBe(count);
      await writeAll(writer, frames);
      await writer.stop();
      count += frames.length;
      expect(writer.nextFrame).toBe(count);
    }
    await expectLog(server, stream, runs.flat());
    // Alone, a channel is checked by its own numbers.
    const own = runs.flat().filter(({ channel }) => channel === 1);
    expect((await readLog(server, stream, { channels: [1] })).map(fields)).toEqual(own.map(fields));
  });

  test('goes on behind a batch and a frame that another one has left unfinished', async () => {
    const model = new LogMessages(stream);
    const parts = model.batch([1, 2, 3].map((channel) => frameOf(channel, 5, { channel })));
    const chunks = new LogMessages(stream, 'model-2', model).chunks(frameOf(9, 9, { channel: 2 }), 3);
    const writer = await openWriter(server, { stream });
    await writer.stop();
    await publishMessages(client, [...parts.slice(0, 2), ...chunks.slice(0, 2)]);
    const next = await openWriter(server, { stream });
    expect(next.nextFrame).toBe(3);
    await writeAll(next, [frameOf(4, 5, { channel: 2 }), frameOf(5, 5, { channel: 3 })]);
    const found = await readLog(server, stream);
    expect(found.map(({ number, channel, payload }) => [number, channel, payload[0]])).toEqual([
      [0, 1, 1],
      [1, 2, 2],
      [3, 2, 4],
      [4, 3, 5],
    ]);
    expect((await readLog(server, stream, { channels: [2] })).map(({ number }) => number)).toEqual([1, 3]);
  });

  test('goes on in a channel whose last frame was left unfinished, behind frames of other channels', async () => {
    await (await openWriter(server, { stream })).stop();
    const model = new LogMessages(stream);
    const before = model.lone(frameOf(1, 9, { channel: 2 }));
    await publishMessages(client, [before, ...model.chunks(frameOf(2, 9, { channel: 2 }), 3).slice(0, 2)]);
    for (const channel of [3, 2]) {
      await using writer = await openWriter(server, { stream });
      await writeAll(writer, [frameOf(channel, 5, { channel })]);
    }
    expect((await readLog(server, stream)).map(({ channel }) => channel)).toEqual([2, 3, 2]);
    expect((await readLog(server, stream, { channels: [2] })).map(({ number }) => number)).toEqual([0, 2]);
  });

  test('goes on behind messages of others', async () => {
    await publishStray();
    const writer = await openWriter(server, { stream });
    await writeAll(writer, [frameOf(0, 5), frameOf(1, 5, { channel: 1 })]);
    await publishStray();
    await writeAll(writer, [frameOf(2, 5)]);
    expect(writer.stats).toMatchObject({ framesStored: 3, lastError: undefined });
    await publishStray();
    const next = await openWriter(server, { stream });
    expect(next.nextFrame).toBe(3);
    await writeAll(next, [frameOf(3, 5)]);
    expect((await readLog(server, stream)).map(({ number }) => number)).toEqual([0, 1, 2, 3]);
  });

  test('refuses frames that no bridge could send, and what is no frame', async () => {
    const writer = await openWriter(server, { stream });
    expect(await rejection(writer.acceptFrame(new Frame(0)))).toMatchObject({ code: 'ERR_EMPTY_FRAME' });
    expect(() => writer.acceptFrame('frame' as never)).toThrow(/frame is 'frame', but must be a Frame/);
    expect(writer.stats).toMatchObject({ refused: 1, framesSent: 0, unacknowledged: 0 });
    expect([writer.frameCount, writer.nextFrame]).toEqual([0, 0]);
  });

  test.each([100, LARGE])('refuses a frame of %d bytes whose memory is used again', async (size) => {
    const writer = await openWriter(server, { stream });
    const frame = reqFrame(size);
    frame.release();
    expect(await rejection(writer.acceptFrame(frame))).toMatchObject({ code: 'ERR_FRAME_RELEASED' });
    expect(writer.stats).toMatchObject({ refused: 1, framesSent: 0, unacknowledged: 0 });
    await writeAll(writer, [frameOf(0, 5)]);
    await expectLog(server, stream, [frameOf(0, 5)]);
  });

  test('fits its messages to what the server takes', async () => {
    const small = await NatsServer.start({ maxPayload: 4096 });
    const writer = await openWriter(small, { stream });
    const frames = [1, 2, 1, 3].flatMap((channel, i) =>
      [5, 1000, 2000, 30_000].map((size) => frameOf(i, size, { channel })),
    );
    const tiny = Array.from({ length: 2000 }, (_, i) => frameOf(i, 1, { channel: (i * i) % 7 }));
    await writeAll(writer, [...frames, ...tiny]);
    await expectLog(small, stream, [...frames, ...tiny]);
    await small.restart({ maxPayload: 4095 });
    expect(await rejection(openWriter(small, { stream }))).toMatchObject({
      code: 'ERR_LOG_CONNECT',
      message: `127.0.0.1:${small.port} takes messages of at most 4095 bytes, and a log needs 4096: give max_payload in the configuration of nats-server a larger value`,
    });
    await small.end();
  });

  test('fails when another one takes over', async () => {
    const first = await openWriter(server, { stream, source: 'first', windowBytes: 1024 });
    const errors = errorsOf(first);
    await writeAll(first, [frameOf(0, 5)]);
    const second = await openWriter(server, { stream, source: 'second' });
    await writeAll(second, [frameOf(1, 5)]);
    const held = rejection(first.acceptFrame(frameOf(9, 5000)));
    expect(await held).toMatchObject({ code: 'ERR_LOG_WRITER' });
    for (const one of [first.acceptFrame(frameOf(9, 5)), first.flush()])
      expect(await rejection(one)).toMatchObject({ code: 'ERR_LOG_WRITER' });
    expect(errors.join('\n')).toMatch(
      /^ERR_LOG_WRITER another writer \(second-[0-9a-f]{12}\) has written into run-\d+ at sequence 2: a log has one writer at a time$/,
    );
    expect(first.stats).toMatchObject({ framesStored: 1, notStored: 1, refused: 1, unacknowledged: 0 });
    await writeAll(second, [frameOf(2, 5)]);
    await expectLog(
      server,
      stream,
      [0, 1, 2].map((i) => frameOf(i, 5)),
    );
  });
});

/** A message that is none of a log. */
async function publishStray(): Promise<void> {
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: stream, subjects: [`${stream}.*`] }).catch(() => undefined);
  await jetstream(client).publish(`${stream}.0`, 'hello');
}
