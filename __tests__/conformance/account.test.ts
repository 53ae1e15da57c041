// Every frame that is given to a bridge or arrives is in exactly one place of its statistics, at any moment.

import fc from 'fast-check';
import { Frame, Logging, type TcpClient, type TcpServer } from '../../lib';
import { makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  Logging.setSink(undefined);
  await stopBridges();
});

/** What may happen to a bridge, in any order. */
type Step =
  | { readonly do: 'send'; readonly frames: number; readonly size: number }
  | { readonly do: 'arrive'; readonly frames: number }
  | { readonly do: 'slave'; readonly kind: 'takes' | 'waits' | 'throws' | 'rejects' }
  | { readonly do: 'release' | 'peer leaves' | 'peer comes' | 'turn' };

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('send' as const),
      frames: fc.integer({ min: 1, max: 40 }),
      size: fc.constantFrom(0, 1, 300, 70_000),
    }),
    fc.record({ do: fc.constant('arrive' as const), frames: fc.integer({ min: 1, max: 40 }) }),
    fc.record({
      do: fc.constant('slave' as const),
      kind: fc.constantFrom('takes' as const, 'waits' as const, 'throws' as const, 'rejects' as const),
    }),
    fc.record({
      do: fc.constantFrom('release' as const, 'peer leaves' as const, 'peer comes' as const, 'turn' as const),
    }),
  ),
  { minLength: 5, maxLength: 25 },
);

/** A bridge under test, its peer, and what is known of them from outside. */
class Account {
  given = 0;
  /** How the sends of the bridge have ended. */
  accepted = 0;
  rejected = 0;
  /** What slaves were called with, and how often they failed. */
  delivered = 0;
  failed = 0;
  kind: 'takes' | 'waits' | 'throws' | 'rejects' = 'takes';
  peer: TcpClient | undefined;
  private waiting: (() => void)[] = [];

  constructor(readonly server: TcpServer) {
    server.to(() => this.take());
  }

  private take(): void | Promise<void> {
    this.delivered += 1;
    if (this.kind === 'waits') return new Promise((resolve) => this.waiting.push(resolve));
    if (this.kind === 'takes') return;
    this.failed += 1;
    if (this.kind === 'throws') throw new Error('a slave that throws');
    return Promise.reject(new Error('a slave that rejects'));
  }

  send(frames: number, size: number): void {
    for (let i = 0; i < frames; i++) {
      this.given += 1;
      const sent = this.server.send(new Frame(size));
      if (sent === undefined) this.accepted += 1;
      else {
        sent.then(
          () => (this.accepted += 1),
          () => (this.rejected += 1),
        );
      }
    }
  }

  release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** The sums, which hold at any moment. */
  check(): void {
    const { stats } = this.server;
    expect(stats.framesSent + stats.sendsWaiting + stats.refused + stats.notSent).toBe(this.given);
    expect(stats.discarded).toBeLessThanOrEqual(stats.framesSent);
    expect(stats.framesReceived).toBe(this.delivered);
    expect(stats.slaveErrors).toBeLessThanOrEqual(this.failed);
    expect(stats.withoutSlave).toBe(0);
  }
}

test('the sums of the account hold at any moment, whatever the peer and the slaves do', async () => {
  collectLog();
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (happenings, isStoppedEarly) => {
      const port = await reservePorts();
      const options = { sendHighWaterMark: 20, receiveHighWaterMark: 20, lingerMs: 200 };
      const account = new Account(await makeServer(port, options));
      const come = async (): Promise<void> => {
        account.peer ??= await makeClient(port, { ...options, sendTimeoutMs: 0 });
        await account.peer.waitForPeer({ timeoutMs: 10_000 });
      };
      await come();
      for (const happening of happenings) {
        await act(account, happening, come);
        account.check();
        await Promise.resolve();
        account.check();
      }
      if (!isStoppedEarly) {
        await turns();
        account.check();
      }
      const stopped = account.server.stop();
      account.check();
      await stopped;
      account.check();
      account.release();
      await turns();
      const { stats } = account.server;
      expect(stats).toMatchObject({ sendsWaiting: 0, receivesWaiting: 0 });
      expect(account.accepted).toBe(stats.framesSent);
      expect(account.rejected).toBe(stats.refused + stats.notSent);
      await account.peer?.stop();
    }),
    { numRuns: 12, seed: 20_261_126 },
  );
});

async function act(account: Account, step: Step, come: () => Promise<void>): Promise<void> {
  switch (step.do) {
    case 'send':
      account.send(step.frames, step.size);
      return;
    case 'arrive':
      for (let i = 0; i < step.frames; i++) void account.peer?.send(new Frame(100))?.catch(() => undefined);
      return;
    case 'slave':
      account.kind = step.kind;
      return;
    case 'release':
      account.release();
      return;
    case 'peer leaves':
      await account.peer?.stop();
      account.peer = undefined;
      return;
    case 'peer comes':
      return come();
    case 'turn':
      return turns(2);
  }
}

test('what a peer sent before it left is delivered, waits, or is counted as undelivered', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { receiveHighWaterMark: 100 });
  const frames = 80;
  const waiting: (() => void)[] = [];
  server.to(() => new Promise<void>((resolve) => waiting.push(resolve)));
  const client = await makeClient(port);
  await client.waitForPeer({ timeoutMs: 10_000 });
  for (let i = 0; i < frames; i++) await client.send(new Frame(100));
  await client.stop();
  // The end of the connection has been read, and so has what came before it.
  await waitFor('the end', () => server.stats.peers.receive === 0);
  for (let taken = 0; taken < 30; taken++) {
    await waitFor('a frame', () => waiting.length > 0);
    const { framesReceived, receivesWaiting } = server.stats;
    if (server.engine === 'native') expect(framesReceived + receivesWaiting).toBe(frames);
    waiting.shift()!();
  }
  await waitFor('the next frame', () => waiting.length > 0);
  await server.stop();
  const { framesReceived, undelivered } = server.stats;
  expect([framesReceived, undelivered]).toEqual([31, frames - 31]);
});
