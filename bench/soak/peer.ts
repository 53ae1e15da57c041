// One end of a soak: sends PRBS frames for as long as it lives, and tallies what comes.
//
//   peer.js server|client PORT LIFE WORK LEDGER FROM
//
// It says {ready: true}, ten times a second what it has counted, and after the end of stdin and its own stop()
// {stopped: true, descriptorsLeft}; then it ends by itself, unless something was left behind. A line on stdin ends its
// sending.

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Frame, Logging, TcpClient, TcpServer, type TcpCore } from '../../lib/index';
import { say } from '../peers/lines';
import { Ledger, type Entry } from './ledger';
import { markOf, prbsPayload, Tally } from './tally';
import { MIXED_BYTES, type Work } from './work';

const HOST = '127.0.0.1';
const REPORT_MS = 100;
// A pause behind every so many frames: the machine has other work, and the soak is not a race.
const BURST = 20;
const PAUSE_MS = 2;
const PACE_MS = 5;

const [role, port, life, work, ledgerPath, from] = process.argv.slice(2);
const { options, sends, slave, strangers = false } = JSON.parse(work!) as Work;

const ledger = new Ledger(ledgerPath!);
const state = { hushing: false, hushed: false };

Logging.setFilter('stream', Logging.Warning);

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

async function main(): Promise<void> {
  const create = (at: number): Promise<TcpCore> =>
    (role === 'server' ? TcpServer : TcpClient).create(HOST, at, options);
  // What the engine opens once and keeps.
  await (await create(Number(port))).stop();
  const before = descriptors();
  const bridge = await create(Number(port));
  const tally = new Tally(strangers, (...at) => ledger.onReceived(...at), JSON.parse(from!) as Entry);
  const connections = { connects: 0, disconnects: 0 };
  bridge.addSlave((frame) => {
    tally.add(frame);
    return slave !== undefined && tally.frames % slave.everyFrames === 0 ? sleep(slave.takesMs) : undefined;
  });
  bridge.on('connect', () => (connections.connects += 1));
  bridge.on('disconnect', () => (connections.disconnects += 1));
  say({ ready: true });
  const report = setInterval(() => {
    const { framesSent, bytesSent, notSent, discarded, malformed, refusedPeers, slaveErrors } = bridge.stats;
    const sent = { framesSent, bytesSent, notSent, discarded, malformed, refusedPeers, slaveErrors };
    const rssMegabytes = process.memoryUsage.rss() / 1e6;
    say({
      at: Date.now(),
      ...tally.counts,
      life: tally.life,
      last: tally.last,
      lastBefore: tally.lastBefore,
      rssMegabytes,
      ...sent,
      ...connections,
      hushed: state.hushed,
    });
  }, REPORT_MS);
  const sending = send(bridge);
  process.stdin.once('data', () => (state.hushing = true));
  process.stdin.once('close', () => void end());

  async function end(): Promise<void> {
    clearInterval(report);
    await bridge.stop();
    await sending;
    ledger.close();
    process.stdin.destroy();
    say({ stopped: true, descriptorsLeft: descriptors() - before });
  }
}

async function send(bridge: TcpCore): Promise<void> {
  if (sends === 'nothing') return;
  const mark = markOf(Number(life));
  const started = performance.now();
  try {
    for (let sequence = 0; !state.hushing; sequence++) {
      await bridge.send(
        new Frame(prbsPayload(sizeOf(sequence), sequence), { flags: mark, channel: sequence & 0xff }),
      );
      ledger.onSent();
      if (sends === 'mixed') {
        if (sequence % BURST === 0) await sleep(PAUSE_MS);
      } else if (sends.framesPerSecond !== undefined) {
        while ((performance.now() - started) * sends.framesPerSecond < sequence * 1000) await sleep(PACE_MS);
      }
    }
    state.hushed = true;
  } catch (err) {
    if ((err as { code?: string }).code !== 'ERR_BRIDGE_STOPPED') throw err;
  }
}

function sizeOf(sequence: number): number {
  if (typeof sends === 'object') return sends.sizeBytes;
  // Sizes in an order that is neither sorted nor in step with the channels.
  return MIXED_BYTES[(sequence * 7 + (sequence >> 4)) % MIXED_BYTES.length]!;
}

void main();
