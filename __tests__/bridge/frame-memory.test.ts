// What slaves may do with a frame's memory: hand it on, to workers too, without harm to other frames.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { deflateSync, inflateSync } from 'node:zlib';
import { Frame, Logging, Prbs, type TcpCore } from '../../lib';
import { Collector, makeClient, makePair, makeServer, stopBridges } from '../helpers/bridges';
import { collectLog } from '../helpers/log';
import { reservePorts } from '../helpers/ports';
import { waitFor } from '../helpers/wait';

const SIZES = [1, 100, 3_000, 200, 20_000, 64, 70_000, 12_000];
const FRAMES = 800;

/** Tells the size of each array it is sent, and the byte that all of it has. */
const PROGRAM = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (bytes) => {
    parentPort.postMessage([bytes.length, bytes.every((byte) => byte === bytes[0]) ? bytes[0] : undefined]);
  });`;

const workers: Worker[] = [];

afterEach(async () => {
  await stopBridges();
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  Logging.setSink(undefined);
});

async function makeWorker(): Promise<{ worker: Worker; told: unknown[] }> {
  const worker = new Worker(PROGRAM, { eval: true });
  workers.push(worker);
  const told: unknown[] = [];
  worker.on('message', (message) => told.push(message));
  await once(worker, 'online');
  return { worker, told };
}

const numbered = (number: number): Frame => new Frame(Buffer.alloc(SIZES[number % SIZES.length]!, number));

/** In bursts, so that many come with one read. */
async function sendAll(sender: TcpCore): Promise<void> {
  for (let i = 0; i < FRAMES;) {
    const burst: (Promise<void> | void)[] = [];
    for (const end = Math.min(i + 40, FRAMES); i < end; i++) burst.push(sender.acceptFrame(numbered(i)));
    await Promise.all(burst);
  }
}

/** Size and byte of every frame that was sent. */
const SENT = Array.from({ length: FRAMES }, (_, i) => [SIZES[i % SIZES.length], i & 0xff]);

const seen = ({ payload }: Frame): unknown => [
  payload.length,
  payload.every((byte) => byte === payload[0]) ? payload[0] : undefined,
];

type Take = (payload: Buffer) => void;
const TAKERS: [string, (worker: Worker) => Take][] = [
  [
    'postMessage with it in the transfer list',
    (worker) => (payload) => worker.postMessage(payload, [payload.buffer as ArrayBuffer]),
  ],
  [
    'structuredClone with it in the transfer list',
    () => (payload) => void structuredClone(payload, { transfer: [payload.buffer as ArrayBuffer] }),
  ],
];
// Node 22 and later.
const { transfer } = ArrayBuffer.prototype as { transfer?: (this: ArrayBufferLike) => ArrayBuffer };
if (transfer !== undefined) {
  TAKERS.push(['ArrayBuffer.prototype.transfer', () => (payload) => void transfer.call(payload.buffer)]);
}

test.each(TAKERS)(
  'a slave that takes the memory of every frame by %s takes no other frame',
  async (_by, taker) => {
    collectLog();
    const { worker } = await makeWorker();
    const take = taker(worker);
    const { server, client } = await makePair();
    const whole: unknown[] = [];
    // The primary slave, so it comes last.
    server.addSlave(({ payload }) => take(payload));
    server.addSlave((frame) => void whole.push(seen(frame)));
    await sendAll(client);
    await waitFor(
      'all frames',
      () => server.stats.framesReceived === FRAMES,
      10_000,
      () => server.stats,
    );
    expect(whole).toEqual(SENT);
    expect(server.stats).toMatchObject({ malformed: 0, peers: { receive: 1 } });
  },
);

test('a worker gets every payload whole: of a clone by transfer, of the frame by postMessage alone', async () => {
  const { server, client } = await makePair();
  const [byTransfer, byMessage] = [await makeWorker(), await makeWorker()];
  const collector = new Collector();
  server.addSlave(collector);
  server.addSlave((frame) => {
    byMessage.worker.postMessage(frame.payload);
    const { payload } = frame.clone();
    byTransfer.worker.postMessage(payload, [payload.buffer as ArrayBuffer]);
    expect(payload).toHaveLength(0);
  });
  await sendAll(client);
  await waitFor('both workers', () => Math.min(byTransfer.told.length, byMessage.told.length) === FRAMES);
  expect(byTransfer.told).toEqual(SENT);
  expect(byMessage.told).toEqual(SENT);
  expect(collector.frames.map(seen)).toEqual(SENT);
  expect(server.stats.slaveErrors).toBe(0);
});

test('a received frame can be sent on by a bridge of either engine', async () => {
  const { server, client } = await makePair();
  const port = await reservePorts();
  const [last, relay] = [await makeServer(port), await makeClient(port)];
  server.to(relay);
  const collector = last.to(new Collector());
  await sendAll(client);
  await collector.waitForCount(FRAMES);
  expect(collector.frames.map(seen)).toEqual(SENT);
});

test('what takes bytes takes a received payload', async () => {
  const { server, client } = await makePair();
  const collector = server.to(new Collector());
  const checker = server.to(new Prbs());
  const sizes = [40, 1_000, 20_000];
  const generator = new Prbs();
  generator.to(client);
  for (const size of sizes) await generator.genFrame(size);
  await collector.waitForCount(sizes.length);
  expect([checker.rxCount, checker.rxErrors]).toEqual([sizes.length, 0]);

  const texts = sizes.map((size) => 'rogue '.repeat(size).slice(0, size));
  for (const text of texts) await client.acceptFrame(new Frame(Buffer.from(text)));
  await collector.waitForCount(2 * sizes.length);
  const payloads = collector.frames.slice(sizes.length).map(({ payload }) => payload);
  expect(payloads.map((payload) => new TextDecoder().decode(payload))).toEqual(texts);
  expect(payloads.map((payload) => inflateSync(deflateSync(payload)).toString())).toEqual(texts);
  const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
  expect(payloads.map(sha256)).toEqual(texts.map(sha256));
  expect(Buffer.concat(payloads).toString()).toBe(texts.join(''));
  expect(payloads.map((payload) => Buffer.from(payload).toString())).toEqual(texts);
});
