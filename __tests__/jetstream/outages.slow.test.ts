// A cluster of three servers, three copies of the log, PRBS frames through it, and one server after the other killed or cut
// off without a word.
//
// ROGUE_BRIDGE_SEED=N repeats the choices of another run; ROGUE_BRIDGE_OUTAGES=N, outages, is 2 otherwise.

import { Prbs } from '../../lib';
import { JetStreamReader, JetStreamWriter, type JetStreamWriterStats } from '../../lib/jetstream';
import { belowFrom, countOf, seedOf } from '../helpers/jetstream/moments';
import { describeWithNats, endNats, NatsCluster } from '../helpers/nats';
import { waitFor } from '../helpers/wait';

const STREAM = 'LOG';
const OUTAGES = countOf('ROGUE_BRIDGE_OUTAGES', 2);
const FRAME_BYTES = 1_000;
const PERIOD_MICROS = 1_000;
// That an outage lasts for, once the stream goes on.
const OUTAGE_FRAMES = 10_000;
// An election takes 4 to 9 s, a server that cannot be reached is noticed after several, and the copies are made equal.
const OUTAGE_MS = 60_000;
const KINDS = ['leader killed', 'leader cut off', 'another one killed', 'another one cut off'] as const;

const seed = seedOf('ROGUE_BRIDGE_SEED');
const below = belowFrom(seed);

afterEach(endNats);

/** What one outage did to the stream. */
interface Outage {
  readonly kind: string;
  /** The longest time without a frame at the reader, from the outage until all servers are back. */
  readonly gapMs: number;
  readonly frames: number;
}

/** Follows how long nothing has come. */
class Gaps {
  private last = performance.now();
  private longest = 0;

  note(): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.last);
    this.last = now;
  }

  /** The longest since the last call. */
  take(): number {
    const { longest } = this;
    this.longest = 0;
    return longest;
  }
}

describeWithNats(`with the seed ${seed}, ${OUTAGES} times a server of three is lost`, () => {
  test(
    'while PRBS frames go through the log: every one arrives, in order, once',
    async () => {
      const cluster = await NatsCluster.start();
      const target = { servers: cluster.urls, stream: STREAM };
      await using writer = await JetStreamWriter.create({ ...target, replicas: 3 });
      await using reader = await JetStreamReader.create({ ...target, from: 'first' });
      const [source, sink] = [new Prbs(), new Prbs()];
      const gaps = new Gaps();
      reader.to(sink);
      reader.to(() => gaps.note());
      source.to(writer);
      source.txPeriod = PERIOD_MICROS;
      source.enable(FRAME_BYTES);
      const failed = reader.finished().then(() => {
        throw new Error('the reader has ended');
      });
      failed.catch(() => undefined);
      const seen = (): unknown => [source.txCount, sink.rxCount, writer.stats, reader.stats];
      /** What is sent from now on arrives. */
      const goesOn = async (what: string, frames = 1): Promise<void> => {
        const enough = source.txCount + frames;
        const isThrough = (): boolean => sink.rxCount > enough;
        await Promise.race([waitFor(`frames to arrive ${what}`, isThrough, OUTAGE_MS, seen), failed]);
      };
      const outages: Outage[] = [];
      for (let i = 0; i < OUTAGES; i++) {
        const kind = KINDS[i % KINDS.length]!;
        const leader = await cluster.leaderOf(STREAM);
        const lost = kind.startsWith('leader') ? leader : (leader + 1 + below(2)) % 3;
        await goesOn('before the outage');
        gaps.take();
        const before = sink.rxCount;
        if (kind.endsWith('killed')) await cluster.kill(lost);
        else await cluster.cut(lost);
        // Not before the loss is noticed: the others agree on a leader among themselves.
        if (lost === leader) await cluster.leaderOf(STREAM);
        await goesOn(`with the ${kind}`, OUTAGE_FRAMES);
        if (kind.endsWith('killed')) await cluster.restart(lost);
        else await cluster.heal(lost);
        await cluster.ready();
        await goesOn('with all servers back');
        outages.push({ kind, gapMs: gaps.take(), frames: sink.rxCount - before });
      }
      await source.disable();
      await writer.flush();
      const sent = source.txCount;
      await waitFor('all frames', () => sink.rxCount === sent, OUTAGE_MS, seen);
      console.log(tableOf(outages, sent, writer.stats));
      expect(sink).toMatchObject({ rxErrors: 0, rxCount: sent, rxDropCount: 0 });
      expect(writer.stats).toMatchObject({
        framesStored: sent,
        dropped: 0,
        lost: 0,
        notStored: 0,
        unacknowledged: 0,
      });
    },
    OUTAGES * 2 * OUTAGE_MS,
  );
});

function tableOf(
  outages: readonly Outage[],
  sent: number,
  { resent, duplicates }: JetStreamWriterStats,
): string {
  const rows = outages.map(
    ({ kind, gapMs, frames }) =>
      `${kind.padEnd(22)}${(gapMs / 1000).toFixed(2).padStart(8)}${String(frames).padStart(10)}`,
  );
  return [
    `${sent} frames, ${resent} messages sent again, ${duplicates} of which had been stored`,
    `${'outage'.padEnd(22)}${'gap, s'.padStart(8)}${'frames'.padStart(10)}`,
    ...rows,
  ].join('\n');
}
