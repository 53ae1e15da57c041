// Peers that connect, send and leave, more of them than are read.

import { Logging } from '../../lib';
import { makeServer, stopBridges } from '../helpers/bridges';
import { reservePorts } from '../helpers/ports';
import { frameMessage, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

const PEERS = 100;
// Those that may be ahead of the slave.
const AHEAD = 64;

afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

test('wait at the gate while the slave takes nothing, and lose nothing', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const seen = new Set<string>();
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  server.addSlave((frame) => {
    seen.add(frame.payload.toString());
    return held;
  });
  let shaken = 0;
  let written = 0;
  const visit = async (number: number): Promise<void> => {
    const peer = await RawPeer.connect(port);
    await peer.shakeHands('PUSH');
    shaken += 1;
    await peer.write(frameMessage(`frame ${number}`));
    written += 1;
    peer.socket.end();
  };
  // The first is being taken, so that those behind it cannot be.
  await visit(0);
  await waitFor('the slave to be busy', () => seen.size === 1);
  const visits = Promise.all(Array.from({ length: PEERS - 1 }, (_, i) => visit(i + 1)));
  await waitFor('as many as may come in', () => written === AHEAD);
  expect(shaken).toBe(AHEAD);
  release();
  await visits;
  await waitFor('every frame', () => seen.size === PEERS);
  expect(server.stats).toMatchObject({ framesReceived: PEERS, malformed: 0 });
});
