// Peers that leave, and bridges that stop: what arrived is delivered, or counted.

import { Frame, Logging, type TcpServer } from '../../lib';
import { makeServer, stopBridges } from '../helpers/bridges';
import { engines, testNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { COMMAND, commandBody, frameMessage, part, ping, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { makeGate, pause, turns, waitFor } from '../helpers/wait';

afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

/** A peer that sends this many frames. */
async function send(port: number, frames: number, size = 100): Promise<RawPeer> {
  const raw = await (await RawPeer.connect(port)).shakeHands('PUSH');
  await raw.write(...Array.from({ length: frames }, () => frameMessage(Buffer.alloc(size))));
  return raw;
}

describe('disconnect of the receiving direction', () => {
  test.each([
    ['a slave that waits', () => pause(1)],
    ['a slave that takes frames at once', () => undefined],
  ])('comes after the last frame of that connection (%s)', async (_what, take) => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const frames = 100;
    let taken = 0;
    const takenThen: number[] = [];
    server.to(async () => {
      await take();
      taken += 1;
    });
    server.on('disconnect', ({ direction }) => {
      if (direction === 'receive') takenThen.push(taken);
    });
    const raw = await send(port, frames);
    raw.socket.end();
    await waitFor('the event', () => takenThen.length > 0);
    expect(takenThen).toEqual([frames]);
    expect(server.stats.peers.receive).toBe(0);
  });

  testNative(
    'tells of a peer behind others when it can',
    'does not wait for the frames of other peers',
    async () => {
      const port = await reservePorts();
      const server = await makeServer(port);
      const gate = makeGate();
      const left: string[] = [];
      server.to(({ size }) => (size === 1000 ? gate.opened : undefined));
      server.on('disconnect', () => left.push('left'));
      const quick = await send(port, 3);
      await waitFor('the frames', () => server.stats.framesReceived === 3);
      await send(port, 1, 1000);
      await waitFor('the busy slave', () => server.stats.framesReceived === 4);
      quick.socket.end();
      await waitFor('the event', () => left.length === 1);
      gate.open();
    },
  );
});

describe('stop({ deliverMs })', () => {
  test('goes on until everything that has arrived is delivered', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { receiveHighWaterMark: 50 });
    const frames = 300;
    let taken = 0;
    server.to(async () => {
      await turns(1);
      taken += 1;
    });
    const raw = await send(port, frames);
    await waitFor('the first', () => taken > 0);
    const stopped = server.stop({ deliverMs: 60_000 });
    await expect(server.send(new Frame(1))).rejects.toMatchObject({ code: 'ERR_BRIDGE_STOPPED' });
    await stopped;
    expect(taken).toBe(frames);
    expect(server.stats).toMatchObject({ framesReceived: frames, undelivered: 0 });
    await raw.isClosed();
  });

  test('is not disturbed by PINGs that came before', async () => {
    const port = await reservePorts();
    const server = await makeServer(port, { receiveHighWaterMark: 2, heartbeatMs: 20 });
    let taken = 0;
    server.to(async () => {
      await turns(1);
      taken += 1;
    });
    const raw = await (await RawPeer.connect(port)).shakeHands('PUSH');
    const pinged = Buffer.concat([
      frameMessage(Buffer.alloc(5_000)),
      part(COMMAND, commandBody('PING', ping(0))),
    ]);
    await raw.write(...Array.from({ length: 200 }, () => pinged));
    await waitFor('the first', () => taken > 0);
    await server.stop({ deliverMs: 60_000 });
    expect(taken).toBe(200);
  });

  test('hands frames to frames() before it ends', async () => {
    const port = await reservePorts();
    const server = await makeServer(port);
    const reader = server.frames({ maxDepth: 2 });
    await send(port, 20);
    await waitFor('the first', () => server.stats.framesReceived > 0);
    void server.stop({ deliverMs: 60_000 });
    let read = 0;
    for await (const frame of reader) read += frame.size === 100 ? 1 : 0;
    expect(read).toBe(20);
  });

  test('ends when the time is over, and what is left is counted and said', async () => {
    const port = await reservePorts();
    Logging.setFilter('stream.TcpCore', Logging.Warning);
    const lines = collectLog();
    const server = await makeServer(port);
    server.to(() => new Promise<void>(() => undefined));
    await send(port, 10);
    await waitFor('the first', () => server.stats.framesReceived === 1);
    await arrived(server, 9);
    await server.stop({ deliverMs: 20 });
    expect(server.stats).toMatchObject({ framesReceived: 1, undelivered: 9, receivesWaiting: 0 });
    expect(
      lines.filter((line) => line.startsWith('9 frames that had arrived were not delivered')),
    ).toHaveLength(1);
  });

  test.each([-1, 2 ** 31, 0.5])('refuses %p', (deliverMs) => {
    return makeServer().then((server) => {
      expect(() => server.stop({ deliverMs })).toThrow(`deliverMs is ${deliverMs}, but must be`);
    });
  });
});

test('stop() counts every frame that had arrived, those of a held-back connection too', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { receiveHighWaterMark: 4 });
  const gate = makeGate();
  server.to(() => gate.opened);
  // One with the slave, four within the mark, the others in memory that has been read, or in libzmq's.
  const raw = await send(port, 30);
  await waitFor('the first', () => server.stats.framesReceived === 1);
  if (engines.server === 'native') await waitFor('the mark', () => server.stats.receivesWaiting === 4);
  await turns();
  await server.stop();
  gate.open();
  const { framesReceived, undelivered } = server.stats;
  expect(framesReceived).toBe(1);
  // libzmq leaves what does not fit into its mark in the kernel, or in a buffer of its own.
  if (engines.server === 'native') expect(undelivered).toBe(29);
  else expect(undelivered).toBeGreaterThanOrEqual(1);
  await raw.isClosed();
});

testNative('cannot know', 'ERR_LINGER speaks of frames that the peer has not read', async () => {
  const port = await reservePorts();
  const server = await makeServer(port, { lingerMs: 50 });
  const raw = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
  raw.socket.pause();
  for (let i = 0; i < 5; i++) await server.send(new Frame(100));
  await server.stop();
  expect(server.stats).toMatchObject({ framesSent: 5, discarded: 0, lastError: { code: 'ERR_LINGER' } });
  const { lastError } = server.stats;
  expect(lastError?.message).toContain(
    `the peer at 127.0.0.1:${raw.socket.localPort} had not read everything`,
  );
});

test('a peer that has read everything leaves no ERR_LINGER', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const raw = await (await RawPeer.connect(port + 1)).shakeHands('PULL');
  await server.send(new Frame(100));
  await server.stop();
  await raw.hearsAfterHandshake(100);
  expect(server.stats.lastError).toBeUndefined();
});

testNative('has threads that do so', 'stop() does not wait for strangers that say nothing', async () => {
  const port = await reservePorts();
  // Longer than any wait of this test.
  const server = await makeServer(port, { lingerMs: 600_000 });
  const strangers = await Promise.all([port, port + 1].map((to) => RawPeer.connect(to)));
  await waitFor('the greeting', () => strangers.every(({ heard }) => heard.length > 0));
  let stopped = false;
  void server.stop().then(() => (stopped = true));
  await waitFor('the end', () => stopped);
});

/** Waits until this many frames wait behind the slaves; libzmq does not tell, so its threads get a moment. */
async function arrived(server: TcpServer, frames: number): Promise<void> {
  if (engines.server === 'native') await waitFor('them', () => server.stats.receivesWaiting === frames);
  else await pause(50);
}
