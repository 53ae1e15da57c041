// Who is there: connected, waitForPeer, events, stats.

import { once } from 'node:events';
import { Frame, type PeerInfo, type TcpCore } from '../../lib';
import { LOOPBACK, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { engines } from '../helpers/engines';
import { rejection } from '../helpers/errors';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';
import { connectRaw, endRaw, HANDSHAKE_BYTES, Player, readRecording } from '../helpers/recording';
import { turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  endRaw();
  await stopBridges();
  await endPeers();
});

/** Notes the comings and goings at a bridge, e.g. `connect send`. */
function watch(bridge: TcpCore): { seen: string[]; peers: PeerInfo[] } {
  const seen: string[] = [];
  const peers: PeerInfo[] = [];
  for (const event of ['connect', 'disconnect'] as const) {
    bridge.on(event, (peer) => {
      seen.push(`${event} ${peer.direction}`);
      peers.push(peer);
    });
  }
  return { seen, peers };
}

const BOTH = ['connect receive', 'connect send'];

describe('waitForPeer', () => {
  test('resolves on both sides whoever comes first, and at once when the peer is there', async () => {
    const port = await reservePorts();
    const client = await makeClient(port);
    expect(client.connected).toBe(false);
    const waiting = client.waitForPeer();
    const server = await makeServer(port);
    await waiting;
    await server.waitForPeer();
    await Promise.all([client.waitForPeer({ timeoutMs: 0 }), server.waitForPeer()]);
    expect([client.connected, server.connected]).toEqual([true, true]);
    expect(server.stats.peers).toEqual({ send: 1, receive: 1 });
  });

  test('rejects with ERR_PEER_TIMEOUT that names address, ports and time', async () => {
    const port = await reservePorts();
    const client = await makeClient(port);
    const err = await rejection(client.waitForPeer({ timeoutMs: 20 }));
    expect(err).toMatchObject({ code: 'ERR_PEER_TIMEOUT' });
    expect(err.message).toContain(`no peer at ${LOOPBACK}, ports ${port} and ${port + 1}, within 20 ms: `);
  });

  test("rejects with the signal's reason", async () => {
    const client = await makeClient(await reservePorts());
    const controller = new AbortController();
    const waiting = rejection(client.waitForPeer({ signal: controller.signal }));
    controller.abort(new Error('changed my mind'));
    expect((await waiting).message).toBe('changed my mind');
  });

  test('refuses options that are none', async () => {
    const client = await makeClient(await reservePorts());
    expect(await rejection(client.waitForPeer({ timeoutMs: -1 }))).toBeInstanceOf(RangeError);
    expect((await rejection(client.waitForPeer({ timeout: 3 } as never))).message).toContain(
      "unknown option 'timeout'",
    );
  });

  test('is not satisfied by one direction alone', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const socket = await connectRaw(port);
    socket.on('error', () => undefined);
    const player = new Player(
      socket,
      readRecording('base-port.client-to-server').subarray(0, HANDSHAKE_BYTES),
    );
    await player.play();
    await waitFor('the connection', () => server.stats.peers.receive === 1);
    expect(server.connected).toBe(false);
    expect(await rejection(server.waitForPeer({ timeoutMs: 50 }))).toMatchObject({
      code: 'ERR_PEER_TIMEOUT',
    });
  });
});

describe('events', () => {
  test('a server tells who comes and goes, in which direction, from which address', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const { seen, peers } = watch(server);
    const peer = startPeer('zeromq-peer.cjs', ['client', LOOPBACK, port, 'echo']);
    await waitFor('two connects', () => seen.length === 2);
    expect([...seen].sort()).toEqual(BOTH);
    // libzmq keeps the addresses of a server's peers to itself.
    const tells = engines.server === 'native';
    if (tells) {
      for (const { remoteAddress } of peers) expect(remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(new Set(peers.map(({ remoteAddress }) => remoteAddress)).size).toBe(2);
    }
    await peer.kill();
    await waitFor('two disconnects', () => seen.length === 4);
    expect(seen.slice(2).sort()).toEqual(['disconnect receive', 'disconnect send']);
    expect(server.connected).toBe(false);
    if (tells) {
      const left = peers.slice(2).map(({ remoteAddress }) => remoteAddress);
      expect(left.sort()).toEqual(
        peers
          .slice(0, 2)
          .map(({ remoteAddress }) => remoteAddress)
          .sort(),
      );
    }
  });

  test('a client tells that its server came, went and came back, and counts it', async () => {
    const port = await reservePorts();
    const client = await makeClient(port);
    const { seen, peers } = watch(client);
    const first = await makeServer(port);
    await waitFor('the server', () => seen.length === 2);
    expect(peers.map(({ remoteAddress }) => remoteAddress).sort()).toEqual([
      `${LOOPBACK}:${port}`,
      `${LOOPBACK}:${port + 1}`,
    ]);
    await first.stop();
    await waitFor('the server to go', () => seen.length === 4);
    expect(client.connected).toBe(false);
    await makeServer(port);
    await waitFor('the server to be back', () => seen.length === 6);
    expect(seen.slice(4).sort()).toEqual(BOTH);
    expect(client.stats.reconnects).toBe(2);
  });

  test('the first listener is told of peers that are there already, once', async () => {
    const { server, client } = await makePair();
    for (const bridge of [server, client]) {
      const { seen } = watch(bridge);
      await waitFor('both directions', () => seen.length === 2);
      await turns();
      expect([...seen].sort()).toEqual(BOTH);
      expect(bridge.stats.reconnects).toBe(0);
    }
  });

  test('a peer that comes in as the listener is added is told once', async () => {
    for (let round = 0; round < 20; round++) {
      const port = await reservePorts();
      const [server, client] = [await makeServer(port), await makeClient(port)];
      await turns(round);
      const { seen } = watch(server);
      await client.waitForPeer();
      await client.acceptFrame(new Frame(8));
      await waitFor('the frame', () => server.stats.framesReceived === 1);
      await waitFor('both directions', () => seen.length >= 2);
      await turns();
      expect([...seen].sort()).toEqual(BOTH);
      await stopBridges();
      await waitFor('nobody', () => !server.connected);
    }
  });

  test('once and off do what they say, also for events.once of node:events', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const unwanted = jest.fn();
    server.on('connect', unwanted).off('connect', unwanted);
    const connected = once(server as never, 'connect') as Promise<[PeerInfo]>;
    await makeClient(port);
    expect((await connected)[0].direction).toMatch(/^(send|receive)$/);
    expect(unwanted).not.toHaveBeenCalled();
  });

  test('a peer of the wrong socket type, or one that speaks no ZMTP, is not told of', async () => {
    const port = await reservePorts([1, 2]);
    const server = await makeServer(port);
    const { seen } = watch(server);
    const socket = await connectRaw(port);
    socket.on('error', () => undefined);
    socket.end('SSH-2.0-nobody\r\n');
    // A client one port too high: its PUSH meets our PUSH.
    const wrong = await makeClient(port + 1);
    await makeClient(port);
    await waitFor('the good client', () => seen.length >= 2);
    expect(wrong.connected).toBe(false);
    expect(seen.filter((event) => event.startsWith('connect')).sort()).toEqual(BOTH);
  });
});
