// Frames whose memory is used again, through bridges: what arrives is what was sent, whoever is slow.

import fc from 'fast-check';
import { Fifo, Frame, Master, poolStats, type TcpCore } from '../../lib';
import { makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { engines } from '../helpers/engines';
import { testReuse } from '../helpers/pool';
import { reservePorts } from '../helpers/ports';
import { turns, waitFor } from '../helpers/wait';

afterEach(stopBridges);

const MEGABYTE = 1_000_000;
const SIZES = [1, 64, 1_000, 12_000, 20_000, 100_000, 300_000];

/** A frame whose every byte follows from its number. */
function numbered(sender: Master, number: number, size: number): Frame {
  const frame = sender.reqFrame(size, { flags: number & 0xffff, channel: number & 0xff });
  frame.payload.fill(number);
  return frame;
}

/** Counts frames, and those that are not as they were sent. */
class Checker {
  count = 0;
  readonly wrong: number[] = [];

  readonly check = ({ payload, flags, channel }: Frame): void => {
    const byte = this.count & 0xff;
    const isRight =
      flags === (this.count & 0xffff) && channel === byte && payload.every((found) => found === byte);
    if (!isRight) this.wrong.push(this.count);
    this.count += 1;
  };

  async waitForCount(count: number): Promise<void> {
    await waitFor(
      `frame ${count}`,
      () => this.count >= count,
      60_000,
      () => this.count,
    );
    expect([this.count, this.wrong]).toEqual([count, []]);
  }
}

test('any frames, sent with and without waiting, arrive as they were filled', async () => {
  const { server, client } = await makePair();
  const checker = new Checker();
  server.to(checker.check);
  const source = new Master();
  source.to(client);
  let number = 0;
  const anyRun = fc.array(
    fc.record({ size: fc.constantFrom(...SIZES), awaits: fc.boolean(), direct: fc.boolean() }),
    {
      maxLength: 60,
    },
  );
  await fc.assert(
    fc.asyncProperty(anyRun, async (run) => {
      for (const { size, awaits, direct } of run) {
        const frame = numbered(source, number++, size);
        const sent = direct ? client.send(frame) : source.sendFrame(frame);
        if (awaits) await sent;
      }
    }),
    { numRuns: 60 },
  );
  await checker.waitForCount(number);
});

test('frames that wait for a slow reader, or for a peer that is still to come, keep their memory', async () => {
  const port = await reservePorts();
  const client = await makeClient(port, { sendHighWaterMark: 8 });
  const frames = 60;
  const sends: unknown[] = [];
  for (let number = 0; number < frames; number++) sends.push(client.send(numbered(client, number, 300_000)));
  const checker = new Checker();
  const server = await makeServer(port, { receiveHighWaterMark: 4 });
  server.to(async (frame: Frame) => {
    await turns(2);
    checker.check(frame);
  });
  await Promise.all(sends);
  await checker.waitForCount(frames);
});

test('one frame goes to several bridges, a queue and a slow slave', async () => {
  const [first, second] = [await makePair(), await makePair()];
  const source = new Master();
  const fifo = new Fifo(0, 0, true);
  const checkers = [0, 1, 2, 3].map(() => new Checker());
  first.server.to(checkers[0]!.check);
  second.server.to(checkers[1]!.check);
  source.to(first.client);
  source.to(second.client);
  source.to(fifo).to(checkers[2]!.check);
  source.to(async (frame: Frame) => {
    await turns(1);
    checkers[3]!.check(frame);
  });
  const frames = 200;
  for (let number = 0; number < frames; number++)
    await source.sendFrame(numbered(source, number, SIZES[number % SIZES.length]!));
  for (const checker of checkers) await checker.waitForCount(frames);
});

test('a frame that was refused is still its sender’s', async () => {
  const { server, client } = await makePair();
  const checker = new Checker();
  server.to(checker.check);
  const stopped = await makeClient(await reservePorts());
  await stopped.stop();
  const frame = numbered(client, 0, 5_000);
  await expect(stopped.send(frame)).rejects.toThrow('was stopped');
  await client.send(frame);
  await checker.waitForCount(1);
});

/** Frames with their memory used again: all but the few that are under way. */
async function reusedBy(run: () => Promise<void>): Promise<number> {
  const { reused } = poolStats();
  await run();
  return poolStats().reused - reused;
}

/** One way through `sender`, `frames` of them, each checked. */
async function pass(sender: TcpCore, receiver: TcpCore, frames: number, size: number): Promise<void> {
  const checker = new Checker();
  receiver.to(checker.check);
  for (let number = 0; number < frames; number++) {
    await sender.send(numbered(sender, number, size));
    // One at a time, so that how many are under way does not depend on the machine.
    await checker.waitForCount(number + 1);
  }
  receiver.removeSlave(checker.check);
}

const onNative = engines.server === 'native' && engines.client === 'native';
const testNative = onNative ? test : test.skip;
const testNativeReuse = onNative ? testReuse : test.skip;

describe('on the native engine', () => {
  testNativeReuse.each(SIZES)(
    'the memory of frames of %d bytes is used again once they are written',
    async (size) => {
      const { server, client } = await makePair();
      const reused = await reusedBy(() => pass(client, server, 100, size));
      // A large frame's write may end a turn after the frame has arrived.
      expect(reused).toBeGreaterThanOrEqual(90);
    },
  );

  testNative('a large frame is sent again as an error only while its memory is its own', async () => {
    const { server, client } = await makePair();
    const checker = new Checker();
    server.to(checker.check);
    const frame = numbered(client, 0, MEGABYTE);
    await client.send(frame);
    await checker.waitForCount(1);
    await waitFor('the frame to be written', () => {
      try {
        return frame.payload.length === 0;
      } catch {
        return true;
      }
    });
    const { refused } = client.stats;
    await expect(client.send(frame)).rejects.toMatchObject({ code: 'ERR_FRAME_RELEASED' });
    expect(client.stats.refused).toBe(refused + 1);
  });

  testNativeReuse(
    'what has arrived is used again when its slaves release it, and kept when they do not',
    async () => {
      const { server, client } = await makePair();
      const kept: Frame[] = [];
      const keep = (frame: Frame): unknown => kept.push(frame);
      server.to(keep);
      for (let number = 0; number < 20; number++) await client.send(new Frame(Buffer.alloc(50_000, number)));
      await waitFor('all frames', () => kept.length === 20);
      expect(kept.every(({ payload }, number) => payload.every((byte) => byte === number))).toBe(true);
      server.removeSlave(keep);
      let released = 0;
      server.to((frame: Frame) => {
        using used = frame;
        released += used.size > 0 ? 1 : 0;
      });
      const reused = await reusedBy(async () => {
        for (let number = 0; number < 20; number++) {
          await client.send(new Frame(Buffer.alloc(50_000, number)));
          await waitFor('the frame', () => released === number + 1);
        }
      });
      expect(reused).toBe(19);
    },
  );

  testNative('what arrives by a bridge and leaves by one is used again without a word', async () => {
    const [up, down] = [await makePair(), await makePair()];
    up.server.to(down.client);
    const { returned } = poolStats();
    const checker = new Checker();
    down.server.to(checker.check);
    for (let number = 0; number < 50; number++) {
      const payload = Buffer.alloc(100_000, number);
      await up.client.send(new Frame(payload, { flags: number, channel: number }));
    }
    await checker.waitForCount(50);
    await waitFor('their memory', () => poolStats().returned - returned === 50);
  });
});
