// A peer that is killed and started again, on either side: the stream goes on.

import { Frame, Master, type TcpCore } from '../../lib';
import { LOOPBACK, makeClient, makeServer, stopBridges } from './bridges';
import { reservePorts } from './ports';
import { endPeers, startPeer } from './process';
import { waitFor } from './wait';

const HIGH_WATER_MARK = 50;
const FRAME_BYTES = 20_000;
// What can be on its way to a peer that dies: our mark, its mark, and what two kernel buffers hold.
const MOST_LOST_A_KILL = HIGH_WATER_MARK + 1000 + 8_000_000 / FRAME_BYTES;

/** The tests of so many restarts. @param pace awaited behind each frame of ours; a flood without. */
export function testRestarts(kills: number, pace?: () => Promise<void>): void {
  afterEach(async () => {
    await stopBridges();
    await endPeers();
  });

  describe.each([
    { ours: 'server', theirs: 'client', kills, make: makeServer },
    { ours: 'client', theirs: 'server', kills, make: makeClient },
  ])('a $theirs killed with SIGKILL and restarted $kills times', ({ ours, theirs, make }) => {
    test(`while our ${ours} sends: each one gets frames in order, none twice, and little is lost`, async () => {
      const port = await reservePorts();
      const bridge: TcpCore = await make(port, { sendHighWaterMark: HIGH_WATER_MARK });
      const master = new Master();
      master.to(bridge);
      let number = 0;
      let ended = false;
      const sending = (async () => {
        while (!ended) {
          const payload = Buffer.alloc(FRAME_BYTES);
          payload.writeUInt32LE(number++);
          // Refused once the bridge is stopped, as it is after a failure: then this must not go on for ever.
          await master.sendFrame(new Frame(payload)).catch(() => (ended = true));
          await pace?.();
        }
      })();
      let next = 0;
      let unreported = 0;
      for (let kill = 0; kill < kills; kill++) {
        const peer = startPeer('bridge-peer.cjs', [theirs, LOOPBACK, port, 'sink']);
        await peer.say('ready');
        let askedAt = 0;
        do {
          // A report is at least as new as its question; frames go on meanwhile, thousands of them.
          askedAt = number;
          const reports = peer.said.length;
          peer.tell({ report: true });
          await waitFor('a report', () => peer.said.length > reports);
        } while (Number(peer.said.at(-1)?.received ?? 0) <= 20);
        const { first, last, ordered } = peer.said.at(-1) as {
          first: number;
          last: number;
          ordered: boolean;
        };
        expect(ordered).toBe(true);
        expect(first).toBeGreaterThanOrEqual(next);
        if (kill > 0) expect(first - next).toBeLessThanOrEqual(MOST_LOST_A_KILL + unreported);
        next = last + 1;
        // What is sent until it is dead may have arrived; nobody is left to say so.
        await peer.kill();
        unreported = number - askedAt;
      }
      ended = true;
      await bridge.stop();
      await sending;
    });

    test(`while it sends to our ${ours}: frames go on after each restart, in order, none twice`, async () => {
      const port = await reservePorts();
      const bridge: TcpCore = await make(port);
      // By sender, each of which counts from 0. What one that was killed had sent may come beside what the next one sends:
      // they are two connections.
      const runs = new Map<number, number>();
      let isOrdered = true;
      bridge.to(({ payload }: Frame) => {
        const sender = payload.readUInt32LE(4);
        const count = runs.get(sender) ?? 0;
        isOrdered &&= payload.readUInt32LE() === count;
        runs.set(sender, count + 1);
      });
      for (let kill = 0; kill < kills; kill++) {
        const peer = startPeer('bridge-peer.cjs', [theirs, LOOPBACK, port, 'source']);
        await waitFor(
          'frames after the restart',
          () => runs.size === kill + 1 && [...runs.values()].at(-1)! > 20,
        );
        await peer.kill();
      }
      expect(isOrdered).toBe(true);
      expect(bridge.stats).toMatchObject({ malformed: 0, slaveErrors: 0 });
    });
  });
}
