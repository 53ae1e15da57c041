// Sending waits for the peer, receiving waits for slaves, and memory stays where it was.

import { readFileSync } from 'node:fs';
import { Frame, Logging, Master, type TcpCore } from '../../lib';
import { Collector, LOOPBACK, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer } from '../helpers/process';
import { makeGate, pause, turns, waitFor, waitForStandstill } from '../helpers/wait';

afterEach(async () => {
  await stopBridges();
  await endPeers();
  Logging.setSink(undefined);
});

function numbered(number: number, size = 8): Frame {
  const payload = Buffer.alloc(size);
  payload.writeUInt32LE(number);
  return new Frame(payload);
}

test.each([
  ['client', makeClient, makeServer],
  ['server', (port: number) => makeServer(port), makeClient],
] as const)(
  'a %s that sends before its peer is there waits, in order, and all arrives',
  async (_role, first, second) => {
    const port = await reservePorts();
    const sender: TcpCore = await first(port);
    const sends = Array.from({ length: 200 }, (_, number) => sender.acceptFrame(numbered(number)));
    await turns();
    expect(sender.stats).toMatchObject({ framesSent: 0, sendsWaiting: 200 });
    const receiver: TcpCore = await second(port);
    const collector = receiver.to(new Collector());
    await Promise.all(sends);
    await collector.waitForCount(200);
    const numbers = collector.frames.map(({ payload }) => payload.readUInt32LE());
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, number) => number));
    expect(sender.stats).toMatchObject({ framesSent: 200, sendsWaiting: 0 });
  },
);

test('a slow slave holds the remote sender back, and neither side fills its memory', async () => {
  const highWaterMark = 10;
  const size = 100_000;
  const { server, client } = await makePair({
    server: { receiveHighWaterMark: highWaterMark },
    client: { sendHighWaterMark: highWaterMark },
  });
  const gate = makeGate();
  const received: number[] = [];
  server.to(async ({ payload }: Frame) => {
    received.push(payload.readUInt32LE());
    await gate.opened;
  });
  const total = 500;
  let sent = 0;
  const sending = (async () => {
    for (; sent < total; sent++) await client.acceptFrame(numbered(sent, size));
  })();
  const held = await waitForStandstill('the sender to be held back', () => sent);
  // Both marks, the frame in hand at either end, and what the kernel's buffers can hold at most.
  expect(held).toBeLessThan(2 * highWaterMark + 4 + mostKernelBytes() / size);
  expect(received).toEqual([0]);
  gate.open();
  await sending;
  await waitFor('all frames', () => received.length === total);
  expect(received).toEqual(Array.from({ length: total }, (_, number) => number));
});

test('a sender that awaits keeps its memory flat, however long its peer is stuck', async () => {
  const port = await reservePorts();
  const reader = startPeer('bridge-peer.cjs', ['server', LOOPBACK, port, 'stuck']);
  await reader.say('ready');
  const client = await makeClient(port, { sendHighWaterMark: 10 });
  await client.waitForPeer({ timeoutMs: 20_000 });
  let sent = 0;
  const senders = Array.from({ length: 10 }, async () => {
    for (;;) {
      await client.acceptFrame(new Frame(100_000));
      sent += 1;
    }
  }).map((sender) => rejection(sender));
  await waitForStandstill('the senders to be held back', () => sent);
  expect(client.stats.sendsWaiting).toBe(10);
  await client.stop();
  const codes = (await Promise.all(senders)).map(({ code }) => code);
  expect(codes).toEqual(Array(10).fill('ERR_BRIDGE_STOPPED'));
});

test('a backlog beyond the high-water mark is warned of once, and shows in stats', async () => {
  Logging.setFilter('stream.TcpCore', Logging.Warning);
  const lines = collectLog();
  const client = await makeClient(await reservePorts(), { sendHighWaterMark: 20 });
  const sends = Array.from({ length: 100 }, () => rejection(client.acceptFrame(new Frame(8))));
  await turns();
  expect(client.stats.sendsWaiting).toBe(100);
  expect(lines.filter((line) => !line.startsWith('Cannot connect'))).toEqual([
    '21 frames wait to be sent: await send(), or memory fills up',
  ]);
  await client.stop();
  await Promise.all(sends);
});

test('sendTimeoutMs: sends to an absent peer reject with ERR_SEND_TIMEOUT and are never sent', async () => {
  const port = await reservePorts();
  const client = await makeClient(port, { sendTimeoutMs: 30 });
  const errors = await Promise.all(
    [0, 1, 2].map((number) => rejection(client.acceptFrame(numbered(number)))),
  );
  expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('ERR_SEND_TIMEOUT'));
  expect(errors[0]!.message).toContain(`tcp://${LOOPBACK}:${port}`);
  expect(client.stats).toMatchObject({ framesSent: 0, notSent: 3, sendsWaiting: 0 });
  const server = await makeServer(port);
  const collector = server.to(new Collector());
  await client.waitForPeer({ timeoutMs: 10_000 });
  await client.acceptFrame(numbered(3));
  await collector.waitForCount(1);
  expect(collector.frames.map(({ payload }) => payload.readUInt32LE())).toEqual([3]);
});

test('sendTimeoutMs: 0 sends at once or not at all', async () => {
  const port = await reservePorts();
  const client = await makeClient(port, { sendTimeoutMs: 0 });
  expect(await rejection(client.acceptFrame(numbered(0)))).toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
  const server = await makeServer(port);
  const collector = server.to(new Collector());
  await client.waitForPeer({ timeoutMs: 10_000 });
  await client.acceptFrame(numbered(1));
  await collector.waitForCount(1);
  expect(collector.frames[0]!.payload.readUInt32LE()).toBe(1);
});

test('two clients of one server share its frames, each frame goes to one of them', async () => {
  const port = await reservePorts();
  const server = await makeServer(port);
  const collectors = await Promise.all(
    [0, 1].map(async () => {
      const client = await makeClient(port);
      const collector = client.to(new Collector());
      await client.waitForPeer({ timeoutMs: 10_000 });
      return collector;
    }),
  );
  await waitFor('both clients', () => server.stats.peers.send === 2);
  const count = 100;
  for (let number = 0; number < count; number++) await server.acceptFrame(numbered(number));
  await waitFor('all frames', () => collectors.reduce((sum, { frames }) => sum + frames.length, 0) === count);
  const numbers = collectors.map(({ frames }) => frames.map(({ payload }) => payload.readUInt32LE()));
  for (const each of numbers) expect(each).toEqual([...each].sort((a, b) => a - b));
  expect(numbers.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, number) => number));
  expect(numbers.every((each) => each.length > 0)).toBe(true);
});

test('a sender that awaits leaves timers and other sockets their turns', async () => {
  const { server, client } = await makePair();
  server.to(() => undefined);
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  for (let i = 0; i < 20_000; i++) await client.acceptFrame(new Frame(8));
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(2);
});

test('a master waits for its bridge', async () => {
  const client = await makeClient(await reservePorts());
  const master = new Master();
  master.to(client);
  let settled = false;
  const sent = rejection(master.sendFrame(new Frame(8))).finally(() => (settled = true));
  await turns();
  expect(settled).toBe(false);
  await client.stop();
  await sent;
});

test.each([
  ['client', makeClient, makeServer],
  ['server', makeServer, makeClient],
] as const)(
  'asking a %s for its stats while its frames wait holds none of them up',
  async (_role, make, makeOther) => {
    const marks = { sendHighWaterMark: 1, receiveHighWaterMark: 1 };
    const port = await reservePorts();
    const [sender, receiver] = [await make(port, marks), await makeOther(port, marks)];
    const count = 100;
    let received = 0;
    receiver.to(async () => {
      received += 1;
      await turns(1);
    });
    let asking = true;
    const asked = (async () => {
      // Where asking cost the sender its wake-up, it never woke again.
      while (asking) {
        expect(sender.stats.notSent).toBe(0);
        await pause(1);
      }
    })();
    const sending = (async () => {
      for (let i = 0; i < count; i++) await sender.acceptFrame(new Frame(300_000));
    })();
    try {
      await waitFor(
        'all frames',
        () => received === count,
        20_000,
        () => ({ received, sender: sender.stats, receiver: receiver.stats }),
      );
      await sending;
    } finally {
      asking = false;
      await asked;
    }
  },
);

/** What one connection's two buffers may grow to on this system; Linux's defaults where it does not tell. */
function mostKernelBytes(): number {
  try {
    const most = ['tcp_rmem', 'tcp_wmem'].map((name) =>
      Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'latin1').trim().split(/\s+/)[2]),
    );
    return most.reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return 11_000_000;
  }
}
