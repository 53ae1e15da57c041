// Bridge in, bridge out: what arrives at one port goes on to another.
//
//   relay-peer.js relay PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS RECEIVERS_PORT

import { TcpClient, TcpServer } from '../../lib/index';
import { peakMegabytes } from '../process-memory';
import { cpuMsSince } from './counting';
import { orders, peerArguments, say } from './lines';

const HOST = '127.0.0.1';

async function main(): Promise<void> {
  const {
    port,
    more: [receiversPort = 0],
  } = peerArguments();
  const order = orders();
  const up = await TcpServer.create(HOST, port);
  const down = await TcpClient.create(HOST, receiversPort);
  up.to(down);
  say({ ready: true });
  await order();
  const startCpu = process.cpuUsage();
  say({ started: true });
  await order();
  say({ relayed: true, cpuMs: cpuMsSince(startCpu), peakMegabytes: peakMegabytes() });
}

void main();
