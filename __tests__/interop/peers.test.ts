// Peers that are not this library, each in a process of its own, in both roles.

import { createHash, randomBytes } from 'node:crypto';
import { Frame, Master, type SlaveLike, type TcpCore } from '../../lib';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { reservePorts } from '../helpers/ports';
import { endPeers, findPyzmq, startPeer, type Peer } from '../helpers/process';
import { waitFor } from '../helpers/wait';

const SIZES = [1, 255, 256, 257, 65_536, 1_000_000, 100_000_000];
const FLAGS = [0, 1, 0x00ff, 0x0100, 0x0201, 0x7fff, 0x8000, 0xff00, 0xffff];
const BYTES = [0, 1, 127, 128, 254, 255];
const DUPLEX_FRAMES = 5_000;
const DUPLEX_SIZE = 1_000;

const pyzmq = findPyzmq();

afterEach(async () => {
  await stopBridges();
  await endPeers();
});

const PEERS = [
  { peer: 'bare zeromq sockets', program: 'zeromq-peer.cjs', missing: undefined },
  { peer: 'pyzmq', program: 'pyzmq_peer.py', missing: 'missing' in pyzmq ? pyzmq.missing : undefined },
];

for (const { peer, program, missing } of PEERS) {
  if (missing !== undefined && process.env.CI === undefined) {
    // Said in the test's name, because a skip without a reason is not seen.
    test.todo(`${peer}: skipped, ${missing}`);
    continue;
  }
  describe.each([
    { peer, bridge: 'server', role: 'client' },
    { peer, bridge: 'client', role: 'server' },
  ])('$bridge with $peer as $role', ({ bridge, role }) => {
    // The slave is there before the peer: frames that find no slave are dropped, as in Rogue.
    async function connect(
      slave: SlaveLike,
      mode: string,
      ...args: number[]
    ): Promise<{ peer: Peer; bridge: TcpCore }> {
      const port = await reservePorts();
      const make = bridge === 'server' ? makeServer : makeClient;
      const started = startPeer(program, [role, LOOPBACK, port, mode, ...args]);
      const made = await make(port);
      made.addSlave(slave);
      await started.say('ready');
      await made.waitForPeer({ timeoutMs: 20_000 });
      return { peer: started, bridge: made };
    }

    test(`payloads of ${SIZES.join(', ')} bytes come back as they went`, async () => {
      const collector = new Collector();
      const { bridge } = await connect(collector, 'echo');
      const master = new Master();
      master.to(bridge);
      const sent = SIZES.map((size) => ({
        size,
        payload: size > 1e7 ? Buffer.alloc(size, 0x5a) : randomBytes(size),
      }));
      for (const { payload } of sent) await master.sendFrame(new Frame(payload));
      await collector.waitForCount(sent.length, 60_000);
      const digest = (payload: Buffer): string => createHash('sha256').update(payload).digest('hex');
      expect(collector.frames.map(({ size, payload }) => ({ size, sha256: digest(payload) }))).toEqual(
        sent.map(({ size, payload }) => ({ size, sha256: digest(payload) })),
      );
    });

    test('every boundary of flags, channel and error comes back as it went', async () => {
      const collector = new Collector();
      const { bridge } = await connect(collector, 'echo');
      const master = new Master();
      master.to(bridge);
      const sent = FLAGS.flatMap((flags) =>
        BYTES.flatMap((channel) => BYTES.map((error) => ({ flags, channel, error }))),
      );
      for (const metadata of sent) await master.sendFrame(new Frame(Buffer.from('metadata'), metadata));
      await collector.waitForCount(sent.length);
      expect(collector.frames.map(({ flags, channel, error }) => ({ flags, channel, error }))).toEqual(sent);
    });

    test(`${DUPLEX_FRAMES} frames each way at once arrive whole and in order`, async () => {
      let received = 0;
      let ordered = true;
      const check = ({ payload, flags, channel }: Frame): void => {
        ordered &&= payload.readUInt32LE() === received && payload.length === DUPLEX_SIZE;
        ordered &&= flags === (received & 0xffff) && channel === (received & 0xff);
        received += 1;
      };
      const connected = await connect(check, 'duplex', DUPLEX_FRAMES, DUPLEX_SIZE);
      const master = new Master();
      master.to(connected.bridge);
      for (let number = 0; number < DUPLEX_FRAMES; number++) {
        const payload = Buffer.alloc(DUPLEX_SIZE, number & 0xff);
        payload.writeUInt32LE(number);
        await master.sendFrame(new Frame(payload, { flags: number & 0xffff, channel: number & 0xff }));
      }
      const there = await connected.peer.say('received');
      expect(there).toEqual({ received: DUPLEX_FRAMES, bytes: DUPLEX_FRAMES * DUPLEX_SIZE, ordered: true });
      const collectedAll = (): boolean => received >= DUPLEX_FRAMES;
      await waitFor('all frames of the peer', collectedAll);
      expect({ received, ordered }).toEqual({ received: DUPLEX_FRAMES, ordered: true });
    });
  });
}
