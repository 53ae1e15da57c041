// Heartbeats end the connection to a peer that has vanished, and to no other.

import { Pull, Push } from 'zeromq';
import { Frame, Logging } from '../../lib';
import { tcpTable } from '../../lib/system/tcp-table';
import { LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { testNative } from '../helpers/engines';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';
import { COMMAND, commandBody, frameMessage, part, ping, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { makeGate, pause, turns, waitFor } from '../helpers/wait';

const HEARTBEAT_MS = 40;

afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await endPeers();
  await stopBridges();
});

/** Blocks the event loop, so that timers are due before sockets are looked at; libzmq's threads go on meanwhile. */
async function block(ms: number): Promise<void> {
  // From a timer it would be the other way round.
  await turns(1);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

testNative(
  'loses what it has not read when it answers a PING',
  'a sender that has flushed and closed loses nothing to the heartbeats of a slow receiver',
  async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { receiveHighWaterMark: 10, heartbeatMs: HEARTBEAT_MS });
    const frames = 300;
    let taken = 0;
    const gate = makeGate();
    server.to(async () => {
      await gate.opened;
      await pause(1);
      taken += 1;
    });
    const raw = await (await RawPeer.connect(port)).shakeHands('PUSH');
    // PINGs among the frames, too: the answer to one meets a closed socket as well.
    const pinged = part(COMMAND, commandBody('PING', ping(0)));
    // More than one read brings, and less than both take in all.
    const payload = Buffer.alloc(320);
    const messages = Array.from({ length: frames }, (_, i) =>
      i % 50 === 49 ? Buffer.concat([frameMessage(payload), pinged]) : frameMessage(payload),
    );
    await raw.write(...messages);
    // The server is held before the first PING: an answer that the peer has not read makes closing a reset. And nothing is
    // left in the peer's own kernel, which throws that away with the first answer after the close.
    await waitFor('the mark', () => server.stats.receivesWaiting === 10);
    const { localPort } = raw.socket;
    const unsent = (): number =>
      tcpTable('tcp', 0)
        .onPort(localPort!)
        .reduce((sum, { unacknowledged }) => sum + unacknowledged, 0);
    await waitFor('everything to be in our kernel', () => unsent() === 0);
    // Both halves are closed: from now on its host answers whatever comes with a reset.
    raw.socket.destroySoon();
    await raw.isClosed();
    gate.open();
    await waitFor(
      'every frame',
      () => taken === frames,
      30_000,
      () => server.stats,
    );
    expect(server.stats).toMatchObject({ framesReceived: frames, undelivered: 0, refusedPeers: 0 });
  },
);

testNative('leaves it to the kernel', 'a PULL keeps a sender whose event loop is blocked', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { heartbeatMs: HEARTBEAT_MS });
  const numbers: number[] = [];
  server.to(({ payload }) => void numbers.push(payload.readUInt32LE()));
  // Not a native pairing: this end is under test.
  const frames = 900;
  const peer = startPeer('blocking-peer.cjs', ['client', port, frames, 20 * HEARTBEAT_MS]);
  await peer.say('done');
  await waitFor(
    'every frame',
    () => numbers.length === frames,
    30_000,
    () => server.stats,
  );
  expect(numbers).toEqual(Array.from({ length: frames }, (_, number) => number));
  expect(server.stats).toMatchObject({ reconnects: 0, refusedPeers: 0 });
});

testNative(
  'answers from a thread of its own',
  'a native peer with heartbeats keeps a bridge whose program blocks the event loop, and loses nothing',
  async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const numbers: number[] = [];
    server.to(({ payload }) => void numbers.push(payload.readUInt32LE()));
    const options = JSON.stringify({ heartbeatMs: HEARTBEAT_MS });
    const peer = startPeer('stream-peer.cjs', ['client', LOOPBACK, port, options]);
    await waitFor('frames', () => numbers.length > 5);
    await block(20 * HEARTBEAT_MS);
    const before = numbers.length;
    await waitFor('frames again', () => numbers.length > before + 200);
    expect(peer.said.filter(({ event }) => event === 'disconnect')).toEqual([]);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, number) => number));
  },
);

testNative(
  'answers from a thread of its own',
  'peers that sent PINGs in time are kept although this event loop was blocked',
  async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { heartbeatMs: HEARTBEAT_MS });
    // libzmq's thread goes on pinging, and says that it wants to be missed after 200 ms.
    const options = { heartbeatInterval: 50, heartbeatTimeout: 10_000, heartbeatTimeToLive: 200, linger: 0 };
    const push = new Push(options);
    const pull = new Pull(options);
    push.connect(`tcp://${LOOPBACK}:${port}`);
    pull.connect(`tcp://${LOOPBACK}:${port + 1}`);
    try {
      await server.waitForPeer({ timeoutMs: 10_000 });
      await waitFor('a PING', () => server.stats.peers.receive === 1);
      for (let round = 0; round < 3; round++) {
        await pause(100);
        await block(600);
        await turns();
        expect(server.stats).toMatchObject({ refusedPeers: 0, peers: { send: 1, receive: 1 } });
      }
    } finally {
      push.close();
      pull.close();
    }
  },
);

testNative(
  'has a timer of its own',
  'a handshake that came in time is in time although this event loop was blocked',
  async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    await expect(
      (async () => {
        const waiting = server.waitForPeer({ timeoutMs: 300 });
        // libzmq's threads do their half of the handshakes meanwhile; ours is done when the loop goes on.
        const push = new Push({ linger: 0 });
        const pull = new Pull({ linger: 0 });
        try {
          push.connect(`tcp://${LOOPBACK}:${port}`);
          pull.connect(`tcp://${LOOPBACK}:${port + 1}`);
          await waitFor('one direction', () => server.stats.peers.receive + server.stats.peers.send > 0);
          await block(600);
          await waiting;
        } finally {
          push.close();
          pull.close();
        }
      })(),
    ).resolves.toBeUndefined();
  },
);

testNative('loses what waits', 'a receiver that reads nothing for many intervals loses nothing', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { heartbeatMs: HEARTBEAT_MS });
  const raw = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
  raw.socket.pause();
  const gate = makeGate();
  void pause(10 * HEARTBEAT_MS).then(gate.open);
  for (let i = 0; i < 50; i++) await server.send(new Frame(1000));
  await gate.opened;
  expect(server.stats).toMatchObject({ peers: { send: 1 }, discarded: 0, refusedPeers: 0 });
  raw.socket.resume();
  await raw.hearsAfterHandshake(50 * 1019);
});
