// Peers that are not this library, each in a process of its own, in both roles.

import type { Frame } from '../../lib';
import { Master, type SlaveLike, type TcpCore } from '../../lib';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from './bridges';
import { reservePorts } from './ports';
import { endPeers, findPyzmq, startPeer, type Peer } from './process';
import { describeFrame } from './recording';

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

/** A test that these frames come back as they went. */
export function testEcho(connect: Connect, what: string, frames: readonly Frame[]): void {
  test(`${what} come back as they went`, async () => {
    const collector = new Collector();
    const { bridge } = await connect(collector, 'echo');
    const master = new Master();
    master.to(bridge);
    for (const frame of frames) await master.sendFrame(frame);
    await collector.waitForCount(frames.length, 60_000);
    expect(collector.frames.map(describeFrame)).toEqual(frames.map(describeFrame));
  });
}
