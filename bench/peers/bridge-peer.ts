// One side of a pair, on this library: the server receives or echoes, the client sends or pings.

import { Frame, Master, TcpClient, TcpServer } from '../../lib/index';
import { Counter, orders, peerArguments, ping, say, sendAll, type PeerArguments } from './lines';

const HOST = '127.0.0.1';

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
  const server = await TcpServer.create(HOST, port);
  server.addSlave((frame) => void counter.add(frame.size));
  say({ ready: true });
}

async function send({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  const payload = Buffer.alloc(sizeBytes, 0x5a);
  const master = new Master();
  await order();
  master.to(await TcpClient.create(HOST, port));
  await sendAll(work, order, () => master.sendFrame(new Frame(payload)));
}

async function echo({ port }: PeerArguments): Promise<void> {
  const server = await TcpServer.create(HOST, port);
  server.addSlave(server);
  say({ ready: true });
}

async function pingServer({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  const payload = Buffer.alloc(sizeBytes, 0x5a);
  const master = new Master();
  await order();
  const client = master.to(await TcpClient.create(HOST, port));
  let arrived: (sizeBytes: number) => void = () => undefined;
  client.addSlave((frame) => arrived(frame.size));
  await client.waitForPeer();
  await ping(work, async () => {
    const back = new Promise<number>((resolve) => (arrived = resolve));
    await master.sendFrame(new Frame(payload));
    return back;
  });
}
