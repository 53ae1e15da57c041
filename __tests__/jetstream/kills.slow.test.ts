// Processes killed at random moments, again and again: writer, server, reader.
//
// ROGUE_BRIDGE_SEED=N repeats the moments of another run; ROGUE_BRIDGE_KILLS=N, kills of each kind, is 4 otherwise.

import { JetStreamReader, JetStreamWriter } from '../../lib/jetstream';
import { endRuns, runUntil } from '../helpers/jetstream/killed';
import { belowFrom, countOf, seedOf } from '../helpers/jetstream/moments';
import { InOrder, numberedFrame, readAll } from '../helpers/jetstream/numbered';
import { describeWithNats, endNats, NatsServer } from '../helpers/nats';
import { turns, waitFor } from '../helpers/wait';

const STREAM = 'LOG';
const KILLS = countOf('ROGUE_BRIDGE_KILLS', 4);
// Frames of half a megabyte are in chunks.
const MAX_PAYLOAD = 128 * 1024;
// At most, from one kill to the next.
const FRAMES_BETWEEN = 1_500;
const TEST_MS = 100_000 + 6_000 * KILLS;

const seed = seedOf('ROGUE_BRIDGE_SEED');
const below = belowFrom(seed);

afterEach(endRuns);
afterEach(endNats);

/** Writes numbered frames while it is going on, and takes a turn of the event loop where it may not. */
async function writeWhile(
  writer: JetStreamWriter,
  isGoingOn: () => boolean,
  mayGoOn: () => boolean,
): Promise<void> {
  while (isGoingOn()) {
    if (mayGoOn()) await writer.acceptFrame(numberedFrame(writer.nextFrame));
    if (!mayGoOn() || writer.nextFrame % 16 === 0) await turns(1);
  }
}

/** A log of numbered frames that nobody writes any more. */
async function makeLog(server: NatsServer, frames: number): Promise<void> {
  await using writer = await JetStreamWriter.create({ servers: server.url, stream: STREAM });
  await writeWhile(
    writer,
    () => writer.nextFrame < frames,
    () => true,
  );
  await writer.flush();
}

describeWithNats(`with the seed ${seed}, ${KILLS} times SIGKILL at a random moment`, () => {
  test(
    'of a writer: every frame that it said is stored is there, and none twice or out of order',
    async () => {
      const server = await NatsServer.start({ maxPayload: MAX_PAYLOAD });
      let stored = -1;
      // Frames that a writer could not say of whether they are stored.
      const unsure = new Set<number>();
      for (let kill = 0; kill < KILLS; kill++) {
        const enough = stored + below(FRAMES_BETWEEN);
        await runUntil('log-writer.cjs', [`${server.url}/${STREAM}`], (line) => {
          if (line.from !== undefined) {
            expect(line.from).toBeGreaterThan(stored);
            for (let frame = stored + 1; frame < line.from; frame++) unsure.add(frame);
            stored = line.from - 1;
          }
          stored = line.stored ?? stored;
          // Every other one within a large frame.
          return stored >= enough && (kill % 2 === 0 || line.large !== undefined);
        });
      }
      const { end, missing, abandoned } = await readAll(server.url, STREAM);
      expect(end).toBeGreaterThan(stored);
      expect(missing.filter((frame) => frame <= stored && !unsure.has(frame))).toEqual([]);
      console.log(
        `${KILLS} kills of the writer: frames 0 to ${stored} acknowledged, but for ${unsure.size}, of which ` +
          `${missing.length} are missing; frames abandoned within: ${abandoned}`,
      );
    },
    TEST_MS,
  );

  test(
    'of the server: the writer and the reader go on, and nothing is lost, twice there or out of order',
    async () => {
      const server = await NatsServer.start({ maxPayload: MAX_PAYLOAD });
      const target = { servers: server.url, stream: STREAM };
      await using writer = await JetStreamWriter.create(target);
      await using reader = await JetStreamReader.create({ ...target, from: 'first' });
      let moment: () => void = () => undefined;
      let enough = Infinity;
      const slave = reader.to(new InOrder((count) => count >= enough && moment()));
      let isEnding = false;
      const writing = writeWhile(
        writer,
        () => !isEnding,
        () => {
          if (writer.stats.framesStored >= enough) moment();
          return writer.nextFrame - slave.count < FRAMES_BETWEEN;
        },
      );
      const ends = Promise.race([writing, reader.finished()]).then(() => {
        throw new Error('the writer or the reader has ended');
      });
      for (let kill = 0; kill < KILLS; kill++) {
        // One that comes with an acknowledgement, or a frame that is read: what is seen first.
        const killed = new Promise<void>((resolve, reject) => {
          moment = () => {
            enough = Infinity;
            server.kill().then(resolve, reject);
          };
          enough = Math.max(slave.count, writer.stats.framesStored) + 1 + below(FRAMES_BETWEEN);
        });
        await Promise.race([killed, ends]);
        await Promise.race([server.restart(), ends]);
        // Every other time: it may be killed again before they are back.
        if (kill % 2 === 0) await waitFor('both to be connected', () => writer.connected && reader.connected);
      }
      ends.catch(() => undefined);
      isEnding = true;
      await writing;
      await writer.flush();
      const written = writer.nextFrame;
      await waitFor(
        'the reader to have all',
        () => slave.count === written,
        undefined,
        () => [slave.count, written, reader.stats],
      );
      expect(await readAll(server.url, STREAM)).toEqual({ end: written, missing: [], abandoned: 0 });
      expect(writer.stats).toMatchObject({ framesStored: written, notStored: 0, unacknowledged: 0 });
      expect(Math.min(writer.stats.reconnects, reader.stats.reconnects)).toBeGreaterThanOrEqual(KILLS / 2);
      const { resent, duplicates } = writer.stats;
      console.log(
        `${KILLS} kills of the server: ${written} frames; ${resent} messages sent again, ${duplicates} duplicates`,
      );
    },
    TEST_MS,
  );

  test(
    'of a reader, and of one of a group: the next one goes on, and nothing is lost',
    async () => {
      const server = await NatsServer.start({ maxPayload: MAX_PAYLOAD });
      const frames = KILLS * FRAMES_BETWEEN;
      await makeLog(server, frames);
      const url = `${server.url}/${STREAM}`;
      const alone = async (): Promise<void> => {
        let next = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          const enough = next + below(FRAMES_BETWEEN - 100);
          await runUntil('log-reader.cjs', [`${url}?frame=${next}`], ({ frame }) => {
            if (frame !== undefined) expect(frame).toBe(next++);
            return next >= enough;
          });
        }
        expect(next).toBeLessThan(frames);
      };
      const seen = new Uint8Array(frames);
      let count = 0;
      let again = 0;
      const note = (frame: number): void => {
        if (seen[frame] === 0) count += 1;
        else again += 1;
        seen[frame] = 1;
      };
      const shared = async (): Promise<void> => {
        const group = `${url}?from=first&group=g`;
        for (let kill = 0; kill < KILLS; kill++) {
          const enough = count + below(FRAMES_BETWEEN - 100);
          await runUntil('log-reader.cjs', [group], ({ frame }) => {
            if (frame !== undefined) note(frame);
            return count >= enough;
          });
        }
        // Messages of those that were killed are given out again when their time to acknowledge them is over.
        await runUntil('log-reader.cjs', [group], ({ frame }) => {
          if (frame !== undefined) note(frame);
          return count === frames;
        });
      };
      await Promise.all([alone(), shared()]);
      console.log(`${KILLS} kills of a member of a group: ${count} frames, ${again} of them more than once`);
    },
    TEST_MS,
  );
});
