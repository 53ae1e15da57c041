// One end of a soak: sends PRBS frames of mixed size for as long as it lives, and tallies what comes.
//
//   peer.js server|client PORT LIFE
//
// It says {ready: true}, ten times a second what it has counted, and after the end of stdin and its own stop()
// {stopped: true, descriptorsLeft}; then it ends by itself, unless something was left behind.

import { readdirSync } from 'node:fs';
import { Frame, TcpClient, TcpServer, type TcpCore, type TcpOptions } from '../../lib/index';
import { say } from '../peers/lines';
import { prbsPayload, Tally } from './tally';

const HOST = '127.0.0.1';
const REPORT_MS = 100;
const OPTIONS: TcpOptions = {
  heartbeatMs: 150,
  lingerMs: 500,
  sendHighWaterMark: 20,
  receiveHighWaterMark: 20,
};
const SIZES_BYTES = [12, 64, 64, 64, 1_000, 1_000, 10_000, 10_000, 100_000, 1_000_000];
// A pause behind every so many frames: the machine has other work, and the soak is not a race.
const BURST = 20;
const PAUSE_MS = 2;

const [role, port, life] = process.argv.slice(2);

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

async function main(): Promise<void> {
  const create = (at: number): Promise<TcpCore> =>
    (role === 'server' ? TcpServer : TcpClient).create(HOST, at, OPTIONS);
  // What the engine opens once and keeps.
  await (await create(Number(port))).stop();
  const before = descriptors();
  const bridge = await create(Number(port));
  const tally = new Tally();
  const connections = { connects: 0, disconnects: 0 };
  bridge.addSlave((frame) => tally.add(frame));
  bridge.on('connect', () => (connections.connects += 1));
  bridge.on('disconnect', () => (connections.disconnects += 1));
  say({ ready: true });
  const report = setInterval(() => {
    const { framesSent, bytesSent, notSent, discarded, malformed, refusedPeers, slaveErrors } = bridge.stats;
    const { frames, bytes, corrupted, duplicated, reordered, late, missing } = tally;
    const rssMegabytes = process.memoryUsage.rss() / 1e6;
    const sent = { framesSent, bytesSent, notSent, discarded, malformed, refusedPeers, slaveErrors };
    say({
      at: Date.now(),
      frames,
      bytes,
      corrupted,
      duplicated,
      reordered,
      late,
      missing,
      rssMegabytes,
      ...sent,
      ...connections,
    });
  }, REPORT_MS);
  const sending = send(bridge);
  process.stdin.resume();
  process.stdin.once('close', () => void end());

  async function end(): Promise<void> {
    clearInterval(report);
    await bridge.stop();
    await sending;
    process.stdin.destroy();
    say({ stopped: true, descriptorsLeft: descriptors() - before });
  }
}

async function send(bridge: TcpCore): Promise<void> {
  try {
    for (let sequence = 0; ; sequence++) {
      // Sizes in an order that is neither sorted nor in step with the channels.
      const size = SIZES_BYTES[(sequence * 7 + (sequence >> 4)) % SIZES_BYTES.length]!;
      const fields = { flags: Number(life), channel: sequence & 0xff };
      await bridge.acceptFrame(new Frame(prbsPayload(size, sequence), fields));
      if (sequence % BURST === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } catch (err) {
    if ((err as { code?: string }).code !== 'ERR_BRIDGE_STOPPED') throw err;
  }
}

void main();
