// One side of a pair, on bare sockets of the zeromq package: the least that a program without this library
// would do to carry the same messages.

import { Pull, Push } from 'zeromq';
import { constantPayload, frameKind, newPayload } from './content';
import { Counter, ping, sendAll } from './counting';
import { drain, flood } from './flooding';
import { orders, peerArguments, say, type PeerArguments } from './lines';

const FLAGS = Buffer.alloc(2);
const CHANNEL = Buffer.alloc(1);
const ERROR = Buffer.alloc(1);

const work = peerArguments();
const order = orders();
const ROLES: Record<string, (work: PeerArguments) => Promise<void>> = {
  receive,
  send,
  echo,
  ping: pingServer,
  flood: sendFlood,
  drain: readSlowly,
};
void ROLES[work.role]!(work);

async function receive({ port }: PeerArguments): Promise<void> {
  const counter = new Counter(work);
  const pull = new Pull();
  await pull.bind(endpoint(port));
  say({ ready: true });
  while (!counter.add((await pull.receive())[3]!));
}

async function send({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const push = openPush();
  push.connect(endpoint(port));
  const makePayload = payloadMaker(sizeBytes);
  await sendAll(work, order, (sequence) => push.send([FLAGS, CHANNEL, ERROR, makePayload(sequence)]));
}

function payloadMaker(sizeBytes: number): (sequence: number) => Buffer {
  if (frameKind !== 'one buffer') return (sequence) => newPayload(sizeBytes, sequence);
  const payload = constantPayload(sizeBytes);
  return () => payload;
}

async function echo({ port }: PeerArguments): Promise<void> {
  const pull = new Pull();
  const push = openPush();
  await pull.bind(endpoint(port));
  await push.bind(endpoint(port + 1));
  say({ ready: true });
  for (;;) await push.send(await pull.receive());
}

async function pingServer({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const pull = new Pull();
  const push = openPush();
  push.connect(endpoint(port));
  pull.connect(endpoint(port + 1));
  await ping(work, async (sequence) => {
    await push.send([FLAGS, CHANNEL, ERROR, newPayload(sizeBytes, sequence)]);
    return (await pull.receive())[3]!;
  });
}

async function sendFlood({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const push = openPush();
  push.connect(endpoint(port));
  await flood(work, (sequence) => push.send([FLAGS, CHANNEL, ERROR, newPayload(sizeBytes, sequence)]));
}

async function readSlowly({ port }: PeerArguments): Promise<void> {
  const take = drain(work, order);
  const pull = new Pull();
  await pull.bind(endpoint(port));
  say({ ready: true });
  for (;;) {
    const pause = take((await pull.receive())[3]!);
    if (pause !== undefined) await pause;
  }
}

function openPush(): Push {
  return new Push({ immediate: true, linger: 0 });
}

function endpoint(port: number): string {
  return `tcp://127.0.0.1:${port}`;
}
