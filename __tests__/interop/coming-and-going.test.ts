// Peers that connect, send and leave, more of them than the slave takes frames from; and more peers that stay.

import { Logging } from '../../lib';
import { makeServer, stopBridges } from '../helpers/bridges';
import { testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { frameMessage, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { makeGate, waitFor } from '../helpers/wait';

const PEERS = 100;
const MARK = 2;
// Frames of peers that have left that may wait: 64 high-water marks.
const MOST = 64 * MARK;
const REST = 30;

afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

testNative(
  'does not tell',
  'peers that send and leave wait at the gate while the slave takes nothing; it shows, and no frame is lost',
  async () => {
    const port = await reservePorts();
    Logging.setFilter('stream.TcpCore', Logging.Warning);
    const lines = collectLog();
    const server = await makeServer(port, { receiveHighWaterMark: MARK });
    const seen = new Set<string>();
    const gate = makeGate();
    server.addSlave((frame) => {
      seen.add(frame.payload.toString());
      return gate.opened;
    });
    let shaken = 0;
    const visit = async (number: number): Promise<void> => {
      const peer = await RawPeer.connect(port);
      await peer.shakeHands('PUSH');
      shaken += 1;
      await peer.write(frameMessage(`frame ${number}`));
      peer.socket.end();
      await peer.isClosed();
    };
    // The slave has the first one; those that follow wait.
    await visit(0);
    await waitFor('the slave to be busy', () => seen.size === 1);
    for (let number = 1; number <= MOST; number++) await visit(number);
    expect(server.stats).toMatchObject({ receivesWaiting: MOST, peersWaiting: 0 });
    const visits = Promise.all(Array.from({ length: REST }, (_, i) => visit(MOST + 1 + i)));
    await waitFor('the others to wait', () => server.stats.peersWaiting === REST);
    expect(shaken).toBe(1 + MOST);
    expect(lines.filter((line) => line.startsWith('Peers wait to be let in'))).toHaveLength(1);
    gate.open();
    await visits;
    await waitFor('every frame', () => seen.size === 1 + MOST + REST);
    expect(server.stats).toMatchObject({ framesReceived: 1 + MOST + REST, malformed: 0, peersWaiting: 0 });
  },
);

testNative(
  'lets 64 in until the slave takes frames',
  '100 peers that stay get in beside a slave that takes nothing, and each is given its turn',
  async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const seen = new Set<string>();
    const gate = makeGate();
    server.addSlave((frame) => {
      seen.add(frame.payload.toString());
      return gate.opened;
    });
    const peers = await Promise.all(
      Array.from({ length: PEERS }, async (_, i) => {
        const peer = await (await RawPeer.connect(port)).shakeHands('PUSH');
        await peer.write(frameMessage(`peer ${i}`));
        return peer;
      }),
    );
    await waitFor('every peer', () => server.stats.peers.receive === PEERS);
    gate.open();
    await waitFor('every frame', () => seen.size === PEERS);
    expect(peers.some(({ closed }) => closed)).toBe(false);
  },
);

testNative(
  'counts a peer that has left until it is read',
  'a client that comes back 100 times beside one that keeps the slave busy gets in each time',
  async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const gate = makeGate();
    server.addSlave(() => gate.opened);
    const busy = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await busy.write(frameMessage('busy'), frameMessage('busy'));
    for (let visit = 0; visit < PEERS; visit++) {
      const peer = await (await RawPeer.connect(port)).shakeHands('PUSH');
      peer.socket.end();
      await peer.isClosed();
    }
    gate.open();
    await waitFor('the frames', () => server.stats.framesReceived === 2);
  },
);
