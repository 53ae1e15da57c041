// Readers of a group, which share the frames of a log, on a real server.

import type { NatsConnection } from '@nats-io/transport-node';
import { AckPolicy, jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { Frame } from '../../lib';
import type { JetStreamReader, LogFrame } from '../../lib/jetstream';
import { rejection } from '../helpers/errors';
import { fields } from '../helpers/files';
import { LogMessages, publishMessages } from '../helpers/log-messages';
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
import { makeGate, waitFor } from '../helpers/wait';

let server: NatsServer;
let client: NatsConnection;
let manager: JetStreamManager;
let stream: string;

beforeEach(() => (stream = newStream()));
afterEach(closeLogs);

/** Frames in messages of every kind. */
async function makeLog(count = 200): Promise<Frame[]> {
  const size = (i: number): number => (i % 50 === 7 ? 1_500_000 : i % 20 === 3 ? 70_000 : 50 + i);
  const frames = Array.from({ length: count }, (_, i) => frameOf(i, size(i), { channel: i % 3, flags: i }));
  const writer = await openWriter(server, { stream, batchBytes: 1024 });
  await writeAll(writer, frames);
  await writer.stop();
  return frames;
}

const join = (
  more: { channels?: number[]; group?: string; readAheadBytes?: number } = {},
): Promise<JetStreamReader> => openReader(server, { stream, group: 'team', from: 'first', ...more });

const numbersOf = (frames: readonly LogFrame[]): number[] =>
  frames.map(({ number }) => number).sort((a, b) => a - b);

const group = () => manager.consumers.info(stream, 'team');

const isDone = async (): Promise<boolean> => {
  const { num_pending, num_ack_pending } = await group();
  return num_pending === 0 && num_ack_pending === 0;
};

/** What a reader gives to a slave that accepts its first frame when the test says so. */
function hold(reader: JetStreamReader, opened: Promise<void>): LogFrame[] {
  const frames = collect(reader);
  let isFirst = true;
  reader.addSlave(async () => {
    const waits = isFirst;
    isFirst = false;
    if (waits) await opened;
  });
  return frames;
}

describeWithNats('a group', () => {
  beforeAll(async () => {
    server = await NatsServer.start();
    client = await connectTo(server);
    manager = await jetstreamManager(client);
  });

  test('gives each frame to one of its members', async () => {
    const frames = await makeLog();
    const members = await Promise.all([1, 2, 3].map(() => join({ readAheadBytes: 10_000 })));
    // Each member holds its first frame until all have one.
    const { opened, open } = makeGate();
    const got = members.map((member) => hold(member, opened));
    await waitFor('a frame for each member', () => got.every(({ length }) => length > 0));
    open();
    await waitFor('all frames to be acknowledged', isDone);
    const all = got.flat();
    expect(numbersOf(all)).toEqual(frames.map((_, i) => i));
    all.sort((a, b) => a.number - b.number);
    expect(all.map(fields)).toEqual(frames.map(fields));
    expect(members.map(({ stats }) => stats.redelivered)).toEqual([0, 0, 0]);
    expect(members.reduce((sum, { stats }) => sum + stats.framesReceived, 0)).toBe(frames.length);
  });

  test('gives what a member has not accepted to others when it stops, at once', async () => {
    const frames = await makeLog(60);
    const slow = await join();
    const { opened, open } = makeGate();
    const held = hold(slow, opened);
    await waitForFrames(held, 1);
    await waitFor('the slow one to have messages', async () => (await group()).num_ack_pending > 1);
    const other = await join();
    const seen = collect(other);
    await slow.stop();
    open();
    // The servers would wait half a minute for a member that is gone without a word.
    await waitFor('all frames to be acknowledged', isDone, 15_000);
    expect(numbersOf(seen)).toEqual(frames.map((_, i) => i));
    expect(other.stats.redelivered).toBeGreaterThan(0);
    expect(held).toHaveLength(1);
  });

  test('gives a message again whose frames a slave has failed to accept', async () => {
    await makeLog(5);
    const failing = await join();
    const errors = errorsOf(failing);
    let count = 0;
    failing.addSlave(() => {
      count += 1;
      if (count === 2) throw new Error('no');
    });
    expect(await rejection(failing.finished())).toMatchObject({ message: 'no' });
    expect(errors).toEqual(['undefined no']);
    const seen = collect(await join());
    await waitFor('all frames to be acknowledged', isDone, 15_000);
    // At least once: of the message that failed, perhaps some twice.
    expect(new Set([...numbersOf(seen), 0])).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  test('remembers its place', async () => {
    const frames = await makeLog(20);
    const first = await join();
    const seen = collect(first);
    await waitFor('all frames to be acknowledged', isDone);
    await first.stop();
    const model = new LogMessages(stream, 'w', undefined, 20);
    await publishMessages(client, [model.lone(frameOf(20, 5))]);
    // Where it begins is of no importance by now.
    const next = await join();
    const rest = collect(next);
    await waitForFrames(rest, 1);
    expect([numbersOf(seen), numbersOf(rest)]).toEqual([frames.map((_, i) => i), [20]]);
  });

  test('begins where it is asked to when it is made, and not before', async () => {
    await makeLog(20);
    const member = await openReader(server, { stream, group: 'late', from: 'now' });
    const seen = collect(member);
    await publishMessages(client, [new LogMessages(stream, 'w', undefined, 20).lone(frameOf(20, 5))]);
    await waitForFrames(seen, 1);
    expect(numbersOf(seen)).toEqual([20]);
  });

  test('reads channels alone', async () => {
    const frames = await makeLog(60);
    const [one, two] = [await join({ channels: [2] }), await join({ channels: [0, 1], group: 'other' })];
    const seen = [collect(one), collect(two)];
    const own = [[2], [0, 1]].map((channels) =>
      frames.flatMap(({ channel }, i) => (channels.includes(channel) ? [i] : [])),
    );
    await waitFor('all frames', () => seen.every(({ length }, i) => length >= own[i]!.length));
    expect(seen.map(numbersOf)).toEqual(own);
    // The server picks out one channel; the group of it is for all members.
    const error = await rejection(join());
    expect(error).toMatchObject({
      code: 'ERR_LOG_STREAM',
      message: `the group team of ${stream} reads ${stream}.2, and ${stream}.* was asked for: choose another name for the group`,
    });
  });

  test('is not a consumer of another kind that has its name', async () => {
    await makeLog(2);
    await manager.consumers.add(stream, {
      durable_name: 'team',
      ack_policy: AckPolicy.None,
      filter_subject: `${stream}.*`,
    });
    expect(await rejection(join())).toMatchObject({
      code: 'ERR_LOG_STREAM',
      message: `the consumer team of ${stream} is there and is no group: it is pushed, or not acknowledged message by message: choose another name for the group`,
    });
  });

  test('skips and counts messages of others', async () => {
    await makeLog(2);
    await jetstream(client).publish(`${stream}.0`, 'hello');
    const member = await join();
    collect(member);
    await waitFor('all messages to be acknowledged', isDone);
    expect(member.stats).toMatchObject({ foreign: 1, framesReceived: 2 });
  });

  test('ends a member that gets the last chunk of a frame whose others are gone', async () => {
    const model = new LogMessages(stream);
    await manager.streams.add({ name: stream, subjects: [`${stream}.*`], allow_direct: true });
    await publishMessages(client, model.chunks(frameOf(1, 30), 3));
    await manager.streams.purge(stream, { seq: 3 });
    const member = await join();
    collect(member);
    expect(await rejection(member.finished())).toMatchObject({
      code: 'ERR_LOG_GAP',
      message: `${stream} at 127.0.0.1:${server.port}, message 3: chunk 0 of the 3 chunks of frame 0 is missing: the log was trimmed by its limits, or purged`,
    });
  });

  test('ends its members when it is deleted, and when its log is', async () => {
    await makeLog(2);
    for (const end of [
      () => manager.consumers.delete(stream, 'team'),
      () => manager.streams.delete(stream),
    ]) {
      const member = await join();
      const errors = errorsOf(member);
      const seen = collect(member);
      await waitForFrames(seen, 2);
      await end();
      const error = await rejection(member.finished());
      expect(error).toMatchObject({ code: 'ERR_LOG_STREAM' });
      expect(errors).toEqual([`ERR_LOG_STREAM ${error.message}`]);
    }
  });
});
