// One side of a pair, on bare sockets of the zeromq package: the least that a program without this library
// would do to carry the same messages.

import { Pull, Push } from 'zeromq';
import { Counter, orders, peerArguments, ping, say, sendAll, type PeerArguments } from './lines';

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
};
void ROLES[work.role]!(work);

async function receive({ port }: PeerArguments): Promise<void> {
  const counter = new Counter(work);
  const pull = new Pull();
  await pull.bind(endpoint(port));
  say({ ready: true });
  while (!counter.add((await pull.receive())[3]!.length));
}

async function send({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  const payload = Buffer.alloc(sizeBytes, 0x5a);
  await order();
  const push = openPush();
  push.connect(endpoint(port));
  await sendAll(work, order, () => push.send([FLAGS, CHANNEL, ERROR, payload]));
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
  const payload = Buffer.alloc(sizeBytes, 0x5a);
  await order();
  const pull = new Pull();
  const push = openPush();
  push.connect(endpoint(port));
  pull.connect(endpoint(port + 1));
  await ping(work, async () => {
    await push.send([FLAGS, CHANNEL, ERROR, payload]);
    return (await pull.receive())[3]!.length;
  });
}

function openPush(): Push {
  return new Push({ immediate: true, linger: 0 });
}

function endpoint(port: number): string {
  return `tcp://127.0.0.1:${port}`;
}
