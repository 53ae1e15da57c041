// Peers that are not this library, each in a process of its own, in both roles.

import { createHash, randomBytes } from 'node:crypto';
import { Frame, Master, type SlaveLike, type TcpCore } from '../../lib';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from './bridges';
import { reservePorts } from './ports';
import { endPeers, findPyzmq, startPeer, type Peer } from './process';

const pyzmq = findPyzmq();

const PEERS = [
  { peer: 'bare zeromq sockets', program: 'zeromq-peer.cjs', missing: undefined },
  { peer: 'pyzmq', program: 'pyzmq_peer.py', missing: 'missing' in pyzmq ? pyzmq.missing : undefined },
];

/** A peer that does what `mode` says, and a bridge to it with this slave. */
export type Connect = (
  slave: SlaveLike,
  mode: string,
  ...args: number[]
) => Promise<{ peer: Peer; bridge: TcpCore }>;

/** Runs `tests` with each of them as the client and as the server. */
export function describeWithPeers(tests: (connect: Connect) => void): void {
  afterEach(async () => {
    await stopBridges();
    await endPeers();
  });
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
      tests(async (slave, mode, ...args) => {
        const port = await reservePorts();
        const make = bridge === 'server' ? makeServer : makeClient;
        const started = startPeer(program, [role, LOOPBACK, port, mode, ...args]);
        const made = await make(port);
        made.addSlave(slave);
        await started.say('ready');
        await made.waitForPeer({ timeoutMs: 20_000 });
        return { peer: started, bridge: made };
      });
    });
  }
}

/** A test that payloads of these sizes come back as they went. */
export function testPayloads(connect: Connect, sizes: readonly number[]): void {
  test(`payloads of ${sizes.join(', ')} bytes come back as they went`, async () => {
    const collector = new Collector();
    const { bridge } = await connect(collector, 'echo');
    const master = new Master();
    master.to(bridge);
    const sent = sizes.map((size) => ({
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
}
