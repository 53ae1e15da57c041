// Several peers on one socket: who gets what, who waits for whom, what is lost with whom.
// zeromq/libzmq src/lb.cpp, src/fq.cpp; the numbers were measured on libzmq 4.3.5.

import { connect } from 'node:net';
import { Frame, Master, type TcpServer } from '../../lib';
import { Collector, LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import {
  COMMAND,
  commandBody,
  ping,
  frameMessage,
  greeting,
  message,
  part,
  RawPeer,
  ready,
  HANDSHAKE_BYTES,
  MORE,
} from '../helpers/raw-peer';
import { endRaw, listenRaw } from '../helpers/recording';
import { makeGate, pause, turns, waitFor, waitForStandstill } from '../helpers/wait';

beforeEach(() => void collectLog());
afterEach(async () => {
  endRaw();
  await stopBridges();
});

const numbered = (number: number): Frame => new Frame(Buffer.from(String(number)));

/** The numbers in what a peer was sent. */
function numbersOf(heard: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < heard.length;) {
    const size = heard[at + 11]!;
    numbers.push(Number(heard.toString('latin1', at + 12, at + 12 + size)));
    at += 12 + size;
  }
  return numbers;
}

async function joinPush(server: TcpServer, port: number, count: number): Promise<RawPeer[]> {
  const peers: RawPeer[] = [];
  for (let i = 1; i <= count; i++) {
    peers.push(await (await RawPeer.connect(port + 1)).shakeHands('PULL'));
    await waitFor('the peer to count', () => server.stats.peers.send === i);
  }
  return peers;
}

describe('PUSH', () => {
  test('deals frames in turn, in the order the peers joined: 0,3,6 1,4,7 2,5,8', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const peers = await joinPush(server, port, 3);
    for (let number = 0; number < 9; number++) await server.acceptFrame(numbered(number));
    for (const peer of peers) await peer.hearsAfterHandshake(3 * 13);
    expect(peers.map((peer) => numbersOf(peer.heardAfterHandshake))).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5, 8],
    ]);
  });

  test('goes on without loss when one peer leaves and another joins', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const [first, second] = (await joinPush(server, port, 2)) as [RawPeer, RawPeer];
    for (let number = 0; number < 4; number++) await server.acceptFrame(numbered(number));
    await first.hearsAfterHandshake(2 * 13);
    first.destroy();
    await waitFor('the peer to be gone', () => server.stats.peers.send === 1);
    const third = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    await waitFor('the new one', () => server.stats.peers.send === 2);
    for (let number = 4; number < 8; number++) await server.acceptFrame(numbered(number));
    await third.hearsAfterHandshake(2 * 13);
    await second.hearsAfterHandshake(4 * 13);
    const all = [first, second, third].flatMap((peer) => numbersOf(peer.heardAfterHandshake));
    expect(all.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('a peer that reads nothing costs its high-water mark, and delays nobody else', async () => {
    const port = await reservePorts();
    const highWaterMark = 5;
    const server = await makeServer(port, { sendHighWaterMark: highWaterMark });
    const stuck = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    stuck.socket.pause();
    const live = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    await waitFor('both', () => server.stats.peers.send === 2);
    const size = 100_000;
    const count = 300;
    const wire = frameMessage(Buffer.alloc(size)).length;
    for (let number = 0; number < count; number++) await server.acceptFrame(new Frame(size));
    // What the stuck one got is what kernel buffers and its mark hold.
    const most = highWaterMark + 2 + 12_000_000 / size;
    await live.hearsAfterHandshake((count - most) * wire);
    expect(server.stats).toMatchObject({ framesSent: count, sendsWaiting: 0 });
  });

  test('a send that waits behind a peer that dies goes to the next one, once and whole', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { sendHighWaterMark: 1 });
    const stuck = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    stuck.socket.pause();
    await waitFor('the peer', () => server.stats.peers.send === 1);
    let waiting: Promise<void> | undefined;
    // Large frames, until one does not fit any more.
    for (let i = 0; i < 1000 && waiting === undefined; i++) {
      const sent = Promise.resolve(server.acceptFrame(new Frame(Buffer.alloc(1_000_000, i & 0xff))));
      let settled = false;
      void sent.then(() => (settled = true));
      for (let look = 0; look < 50 && !settled; look++) await pause(2);
      if (!settled) waiting = sent;
    }
    expect(waiting).toBeDefined();
    const last = server.stats.framesSent & 0xff;
    stuck.destroy();
    const next = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    await waiting;
    const expected = frameMessage(Buffer.alloc(1_000_000, last));
    const heard = await next.hearsAfterHandshake(expected.length);
    await turns();
    expect(heard.equals(expected)).toBe(true);
  });

  test('frames queued for a connection that drops do not appear on the next one', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { sendHighWaterMark: 50 });
    const stuck = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    stuck.socket.pause();
    await waitFor('the peer', () => server.stats.peers.send === 1);
    const size = 1_000_000;
    const sends = Array.from({ length: 100 }, (_, i) => {
      const payload = Buffer.alloc(size);
      payload.writeUInt32LE(i);
      return Promise.resolve(server.acceptFrame(new Frame(payload))).catch(() => undefined);
    });
    const accepted = await waitForStandstill('the mark', () => server.stats.framesSent);
    expect(accepted).toBeGreaterThanOrEqual(50);
    stuck.destroy();
    await waitFor('the peer to be gone', () => server.stats.peers.send === 0);
    const next = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    await Promise.all(sends);
    const wire = frameMessage(Buffer.alloc(size)).length;
    const expected = 100 - accepted;
    const heard = await next.hearsAfterHandshake(expected * wire);
    const numbers = Array.from({ length: expected }, (_, i) => heard.readUInt32LE((i + 1) * wire - size));
    expect(numbers).toEqual(Array.from({ length: expected }, (_, i) => accepted + i));
  });

  testNative('drops them without a word', 'what was lost with a connection is counted', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { sendHighWaterMark: 50 });
    const stuck = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
    stuck.socket.pause();
    await waitFor('the peer', () => server.stats.peers.send === 1);
    for (let i = 0; i < 60; i++)
      void Promise.resolve(server.acceptFrame(new Frame(1_000_000))).catch(() => undefined);
    await waitFor('sends that wait', () => server.stats.sendsWaiting > 0);
    stuck.destroy();
    await waitFor('the loss to be counted', () => server.stats.discarded > 0);
    const { discarded, framesSent } = server.stats;
    expect(discarded).toBeLessThanOrEqual(50);
    expect(framesSent).toBeGreaterThanOrEqual(discarded);
  });

  testNative(
    'keeps it for ever, and its peer with it',
    'what is sent to it is thrown away, and the leaving of its sender noticed',
    async () => {
      const port = await reservePorts();
      const server = await makeServer(port);
      const peer = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
      await waitFor('the peer', () => server.stats.peers.send === 1);
      for (let i = 0; i < 3000; i++) await peer.write(frameMessage(Buffer.alloc(10_000)), message('x'));
      peer.end();
      await waitFor('the peer to be gone', () => server.stats.peers.send === 0);
      expect(server.stats).toMatchObject({ framesReceived: 0, malformed: 0 });
    },
  );
});

describe('PULL', () => {
  test('keeps messages whole that two peers send in pieces at the same time', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const collector = server.to(new Collector());
    const peers = await Promise.all([1, 2].map(async () => (await RawPeer.connect(port)).shakeHands('PUSH')));
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const pieces = [part(MORE, Buffer.alloc(2)), part(MORE, Buffer.of(0)), part(MORE, Buffer.of(0))];
      for (const piece of pieces) for (const peer of peers) await peer.write(piece);
      for (const [i, peer] of peers.entries()) await peer.write(part(0, `peer ${i}`));
    }
    await collector.waitForCount(2 * rounds);
    const payloads = collector.frames.map(({ payload }) => payload.toString());
    for (const i of [0, 1]) expect(payloads.filter((text) => text === `peer ${i}`)).toHaveLength(rounds);
    expect(server.stats.malformed).toBe(0);
  });

  test('takes what waits from each peer in turn: 6 and 3 come out in turn, then the rest', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const gate = makeGate();
    const order: string[] = [];
    server.to(async ({ payload }: Frame) => {
      order.push(payload.toString());
      await gate.opened;
    });
    const first = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await first.write(frameMessage('gate'));
    await waitFor('the first frame', () => order.length === 1);
    // Connected and queued one after the other, so that it is known who is first.
    const a = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await a.write(...Array.from({ length: 6 }, () => frameMessage('A')));
    await waitFor('its peer', () => server.stats.peers.receive === 2);
    await pause(50);
    const b = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await b.write(...Array.from({ length: 3 }, () => frameMessage('B')));
    await waitFor('its peer', () => server.stats.peers.receive === 3);
    // Both queues are inside the bridge by then: nothing tells, and nothing depends on it but this order.
    await pause(50);
    gate.open();
    await waitFor('all frames', () => order.length === 10);
    // Which of the two is first is nobody's promise.
    expect(['ABABABAAA', 'BABABAAAA']).toContain(order.slice(1).join(''));
  });

  test('a peer at its high-water mark holds back nobody else, and loses nothing when it leaves', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { receiveHighWaterMark: 2 });
    const gate = makeGate();
    const payloads: string[] = [];
    server.to(async ({ payload }: Frame) => {
      payloads.push(payload.toString('latin1', 0, 20).trim());
      await gate.opened;
    });
    const eager = await (await RawPeer.connect(port)).shakeHands('PUSH');
    const count = 100;
    const eagerDone = eager.write(
      ...Array.from({ length: count }, (_, i) => frameMessage(`eager ${i}`.padEnd(1000))),
    );
    await waitFor('the first frame', () => payloads.length === 1);
    await eagerDone;
    eager.end();
    const other = await (await RawPeer.connect(port)).shakeHands('PUSH');
    await other.write(frameMessage('other'));
    gate.open();
    await waitFor('all frames', () => payloads.length === count + 1);
    expect(payloads.filter((text) => text !== 'other')).toEqual(
      Array.from({ length: count }, (_, i) => `eager ${i}`),
    );
  });

  test('frames that a slave never waits for arrive at once, those for an async one in order', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { receiveHighWaterMark: 3 });
    const numbers: number[] = [];
    server.to(async ({ payload }: Frame) => {
      await pause(0);
      numbers.push(Number(payload.toString()));
    });
    const raw = await (await RawPeer.connect(port)).shakeHands('PUSH');
    const count = 200;
    await raw.write(...Array.from({ length: count }, (_, i) => frameMessage(String(i))));
    await waitFor('all frames', () => numbers.length === count);
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
  });
});

testNative(
  'has no such timer of its own',
  'a PING that was held back until after its connection had ended leaves no timer behind',
  async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const port = await reservePorts();
    const before = timers();
    const server = await makeServer(port, { receiveHighWaterMark: 1, heartbeatMs: 20 });
    const gate = makeGate();
    let delivered = 0;
    server.to(async () => {
      delivered += 1;
      await gate.opened;
    });
    const raw = await (await RawPeer.connect(port)).shakeHands('PUSH');
    const forAnHour = part(COMMAND, commandBody('PING', ping(36_000)));
    await raw.write(frameMessage('one'), frameMessage('two'), forAnHour);
    await waitFor('the first frame', () => delivered === 1);
    raw.socket.resetAndDestroy();
    gate.open();
    await waitFor('both frames', () => delivered === 2);
    await waitFor('the peer to be gone', () => server.stats.peers.receive === 0);
    await server.stop();
    await waitFor('no timer to be left', () => timers() <= before);
  },
);

describe('many peers', () => {
  test('200 on a PULL and 200 on a PUSH, which come and go: every frame of the good ones, and none left', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const collector = server.to(new Collector());
    const connectAs = async (type: 'PUSH' | 'PULL', to: number): Promise<RawPeer> =>
      (await RawPeer.connect(to)).shakeHands(type);
    const senders = await Promise.all(Array.from({ length: 200 }, () => connectAs('PUSH', port)));
    const readers = await Promise.all(Array.from({ length: 200 }, () => connectAs('PULL', port + 1)));
    await waitFor('all peers', () => server.stats.peers.send === 200 && server.stats.peers.receive === 200);
    for (const sender of senders) await sender.write(frameMessage('one'), frameMessage('two'));
    await collector.waitForCount(400);
    for (let number = 100; number < 500; number++) await server.acceptFrame(numbered(number));
    // Fair to within one frame: each of the 200 has had two of the 400.
    for (const reader of readers) await reader.hearsAfterHandshake(2 * 15);
    expect(readers.every((reader) => reader.heardAfterHandshake.length === 30)).toBe(true);
    for (const peer of [...senders, ...readers]) peer.destroy();
    await waitFor('nobody', () => server.stats.peers.send === 0 && server.stats.peers.receive === 0);
  });

  test('connections that come and go as fast as they can, saying this or that, delay no good peer', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const collector = server.to(new Collector());
    const client = await makeClient(port);
    const master = new Master();
    master.to(client);
    let storming = true;
    let knocks = 0;
    const says = [
      Buffer.alloc(0),
      greeting().subarray(0, 5),
      greeting(),
      Buffer.concat([greeting(), ready('PUSH')]),
    ];
    const storm = (async () => {
      while (storming) {
        const socket = connect({ port: port + (knocks & 1), host: LOOPBACK });
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('connect', resolve).once('error', resolve));
        // A reader that leaves may take what it was dealt with it, so nobody here speaks as a PULL.
        socket.write(says[knocks % says.length]!, () => socket.destroy());
        knocks += 1;
        await pause(1);
      }
    })();
    const count = 2000;
    for (let i = 0; i < count; i++) {
      await master.sendFrame(numbered(i));
      if (i % 10 === 0) await pause(1);
    }
    await collector.waitForCount(count);
    storming = false;
    await storm;
    expect(knocks).toBeGreaterThan(50);
    expect(collector.frames.map(({ payload }) => Number(payload.toString()))).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    await waitFor('only the good peer', () => server.stats.peers.receive === 1);
  });
});

describe('a client', () => {
  test('comes back within its interval whenever its server drops it, and leaves no descriptor behind', async () => {
    const port = await reservePorts();
    const { server } = await listenRaw(port);
    let connections = 0;
    server.on('connection', (socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.destroy();
    });
    await makeClient(port);
    await waitFor('ten attempts', () => connections >= 10);
  });

  test('speaks first to a server that says nothing yet: the 10 bytes of the signature', async () => {
    const port = await reservePorts();
    const next = await RawPeer.listen(port);
    await makeClient(port);
    const raw = await next();
    await raw.hears(10);
    await turns(20);
    expect(raw.heard).toHaveLength(10);
    await raw.shakeHands('PULL');
    expect(raw.heard.subarray(64, HANDSHAKE_BYTES)).toEqual(ready('PUSH'));
  });
});
