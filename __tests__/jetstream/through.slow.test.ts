// Frames of every size through bridges and a log, and the same log read in every way.
//
// ROGUE_BRIDGE_FRAMES=N, how many, is 20 000 otherwise, with which one of each kind is there; with 100 000 all channels are.

import { jetstreamManager } from '@nats-io/jetstream';
import { Master, type Frame } from '../../lib';
import {
  JetStreamReader,
  JetStreamWriter,
  type JetStreamReaderOptions,
  type LogPlace,
} from '../../lib/jetstream';
import { makePair, stopBridges } from '../helpers/bridges';
import { Digests, Places, Sequel } from '../helpers/jetstream/digests';
import { channelsOf, CHUNK_BYTES, LARGEST_BYTES, mixedFrame } from '../helpers/jetstream/mixed-frames';
import { countOf } from '../helpers/jetstream/moments';
import { connectTo, describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { waitFor } from '../helpers/wait';

const STREAM = 'LOG';
const FRAMES = countOf('ROGUE_BRIDGE_FRAMES', 20_000);
const READERS = 10;
const MEMBERS = 4;
// Well behind the middle, so that reading from there to the end is soon done.
const LATE = Math.floor(FRAMES * 0.85);
const CHANNELS = channelsOf(FRAMES);
const TEST_MS = 240_000;

type ReadOptions = Omit<JetStreamReaderOptions, 'servers' | 'stream'>;

let server: NatsServer;
const readers: JetStreamReader[] = [];
/** Of all frames, as they were sent. */
const digests = new Digests();
const places = new Places();
const sizes: number[] = [];

afterAll(endNats);
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.stop()));
  await stopBridges();
});

const numbers = Array.from({ length: FRAMES }, (_, number) => number);

/** Sequence of the first message of a frame. */
function firstSequence(number: number): number {
  return places.sequences[number]! - Math.ceil(sizes[number]! / CHUNK_BYTES) + 1;
}

/** The first frame from this number on that is so. */
function find(what: string, from: number, isIt: (number: number) => boolean): number {
  const found = numbers.find((number) => number >= from && isIt(number));
  if (found === undefined) throw new Error(`no frame from ${from} on ${what}`);
  return found;
}

/** Reads from there to the end: these frames come, and no others. */
async function expectFrames(options: ReadOptions, expected: readonly number[]): Promise<void> {
  const reader = await open({ untilEnd: true, ...options });
  const sequel = reader.to(new Sequel(digests, expected));
  await reader.finished();
  expect(sequel.count).toBe(expected.length);
  expect(expected.length).toBeGreaterThan(0);
}

/** Stopped after the test, whatever that does. */
async function open(options: ReadOptions): Promise<JetStreamReader> {
  const reader = await JetStreamReader.create({ servers: server.url, stream: STREAM, ...options });
  readers.push(reader);
  return reader;
}

describeWithNats(`${FRAMES} frames of 1 byte to ${LARGEST_BYTES / 1e6} MB on ${CHANNELS} channels`, () => {
  beforeAll(async () => {
    server = await NatsServer.start();
  });

  test(
    'go through a bridge, a writer, the log, a reader and another bridge, exact and in order',
    async () => {
      const [before, behind] = [await makePair(), await makePair()];
      await using writer = await JetStreamWriter.create({ servers: server.url, stream: STREAM });
      before.server.to(writer);
      const reader = await open({ from: 'first' });
      reader.to(behind.server);
      reader.to(places);
      const end = behind.client.to(new Sequel(digests, numbers));
      const source = new Master();
      source.to(before.client);
      for (const number of numbers) {
        const frame = mixedFrame(number);
        digests.add(frame);
        sizes.push(frame.size);
        await source.sendFrame(frame);
      }
      const failed = reader.finished().then(() => {
        throw new Error('the reader has ended');
      });
      const all = waitFor(
        'all frames to arrive',
        () => end.isComplete || behind.client.stats.slaveErrors > 0,
        TEST_MS,
        () => [end.count, writer.stats, reader.stats],
      );
      await Promise.race([all, failed]);
      failed.catch(() => undefined);
      expect(behind.client.stats).toMatchObject({ malformed: 0, slaveErrors: 0 });
      expect(end.count).toBe(FRAMES);
      await writer.flush();
      expect(writer.stats).toMatchObject({ framesStored: FRAMES, resent: 0, refused: 0, dropped: 0 });
      expect(new Set(digests.channels).size).toBe(CHANNELS);
      expect(places.sequences).toHaveLength(FRAMES);
    },
    TEST_MS,
  );

  test(
    `are read by ${READERS} readers at once, each of which gets all of them`,
    async () => {
      await Promise.all(Array.from({ length: READERS }, () => expectFrames({ from: 'first' }, numbers)));
    },
    TEST_MS,
  );

  test(
    `are shared by a group of ${MEMBERS}, each one given out at least once`,
    async () => {
      const seen = new Uint8Array(FRAMES);
      let count = 0;
      const group = await Promise.all(
        Array.from({ length: MEMBERS }, () => open({ from: 'first', group: 'g' })),
      );
      const ends = group.map((reader) => {
        reader.to((frame) => {
          const { number } = frame as Frame & LogPlace;
          digests.check(frame, number);
          if (seen[number] === 0) count += 1;
          seen[number] = 1;
        });
        return reader.finished();
      });
      const all = waitFor(
        'all frames to be given out',
        () => count === FRAMES,
        TEST_MS,
        () => count,
      );
      await Promise.race([all, Promise.all(ends)]);
      expect(count).toBe(FRAMES);
      // Each of them has had a share.
      for (const { stats } of group) expect(stats.framesReceived).toBeGreaterThan(0);
    },
    TEST_MS,
  );

  test('are read from a sequence, within what was written at once too', async () => {
    // Its message has frames of one channel of several: those of the others are in the messages beside it.
    const sequence = places.sequences[find('is in a shared batch', LATE, isBetweenOthers)]!;
    await expectFrames(
      { from: { sequence } },
      numbers.filter((number) => firstSequence(number) >= sequence),
    );
  });

  test('are read from a time', async () => {
    // All before it were stored before, and it has one message.
    let before = 0;
    const isLater = numbers.map((number) => {
      const storedAt = places.storedAt[number]!;
      const is = before < Math.ceil(storedAt) - 1;
      before = Math.max(before, storedAt);
      return is;
    });
    const from = find(
      'is stored in a later ms, in one message',
      LATE,
      (number) => isLater[number]! && sizes[number]! < CHUNK_BYTES,
    );
    const time = new Date(Math.floor(places.storedAt[from]!));
    const expected = numbers.filter((number) => places.storedAt[number]! >= time.getTime());
    expect(expected[0]).toBe(from);
    await expectFrames({ from: { time } }, expected);
  });

  test('are read from a frame in the middle of a message', async () => {
    const frame = find('is within a message', LATE, isWithinMessage);
    await expectFrames({ from: { frame } }, numbers.slice(frame));
  });

  test('are read from the middle of a frame in chunks: the next one is the first', async () => {
    const large = find(
      'has many chunks',
      Math.floor(FRAMES * 0.6),
      (number) => sizes[number]! > 10 * CHUNK_BYTES,
    );
    const second = firstSequence(large) + 1;
    const client = await connectTo(server);
    const { streams } = await jetstreamManager(client);
    const chunk = await streams.getMessage(STREAM, { seq: second });
    expect(chunk?.header.get('Rogue-Chunk')).toMatch(/^1\//);
    // What the sizes at the boundaries are made of.
    expect(chunk?.data.length).toBe(CHUNK_BYTES);
    await expectFrames({ from: { sequence: second } }, numbers.slice(large + 1));
    await expectFrames({ from: { sequence: second - 1 } }, numbers.slice(large));
  });

  test('are read by channel: by one that the server picks out, and by several', async () => {
    const one = digests.channels[LATE]!;
    const on = (...channels: number[]): number[] =>
      numbers.filter((number) => channels.includes(digests.channels[number]!));
    await expectFrames({ from: 'first', channels: [one] }, on(one));
    const several = [one, (one + 1) % CHANNELS, (one + 8) % CHANNELS];
    await expectFrames(
      { from: { frame: LATE }, channels: several },
      on(...several).filter((number) => number >= LATE),
    );
  });

  test('are read as the last ones of the log, within a message and within all of it', async () => {
    const first = find('is within a message', Math.floor(FRAMES * 0.95), isWithinMessage);
    await expectFrames({ from: { last: FRAMES - first } }, numbers.slice(first));
    await expectFrames({ from: { last: 1 } }, numbers.slice(-1));
  });
});

/** The frames on both sides of it are in other messages, and one of them comes later in the log. */
function isBetweenOthers(number: number): boolean {
  const { sequences } = places;
  return (
    sizes[number]! < 1_000 &&
    sequences[number]! > sequences[number + 1]! &&
    sequences[number - 1]! !== sequences[number]!
  );
}

function isWithinMessage(number: number): boolean {
  const { sequences } = places;
  return sequences[number - 1] === sequences[number] && sequences[number + 1] === sequences[number];
}
