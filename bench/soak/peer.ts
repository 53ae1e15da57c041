// One end of a soak: sends PRBS frames for as long as it lives, and tallies what comes.
//
//   peer.js server|client PORT LIFE WORK LEDGER FROM
//
// It says {ready: true}, ten times a second what it has counted, and after the end of stdin and its own stop()
// {stopped: true, descriptorsLeft}; then it ends by itself, unless something was left behind. A line of JSON on stdin is
// an order: see `order.ts`. After {do: 'reopen'} it says {reopened: true, wrong}.

import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logging, reqFrame, TcpClient, TcpServer, type Frame, type TcpCore } from '../../lib/index';
import { say } from '../peers/lines';
import { freePorts } from '../ports';
import { Account } from './account';
import { Ledger, type Entry } from './ledger';
import type { Order } from './order';
import { fillPrbs, markOf, Tally } from './tally';
import { MIXED_BYTES, type Work } from './work';

const HOST = '127.0.0.1';
const REPORT_MS = 100;
// A pause behind every so many frames: the machine has other work, and the soak is not a race.
const BURST = 20;
const PAUSE_MS = 2;
const PACE_MS = 5;

const [role, port, life, work, ledgerPath, from] = process.argv.slice(2);
const { options, sends, slave, strangers = false } = JSON.parse(work!) as Work;

const DESCRIPTOR_LOOKS = 100;
// What stop() may take for frames that have arrived.
const DELIVER_MS = 1_000;

const ledger = new Ledger(ledgerPath!);
const state = { hushing: false, hushed: false, slowUntil: 0, slowMs: 0 };
/** The bridge of this moment; while it is being replaced, the promise of the next one. */
let bridge: TcpCore;
let reopening: Promise<void> | undefined;
let account: Account;

Logging.setFilter('stream', Logging.Warning);

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

async function main(): Promise<void> {
  const create = (at: number): Promise<TcpCore> =>
    (role === 'server' ? TcpServer : TcpClient).create(HOST, at, options);
  // What the engine opens once and keeps. On ports of its own: on the others it would be dealt frames.
  const [spare] = await freePorts(2);
  await (await create(spare!)).stop();
  const before = descriptors();
  const tally = new Tally(strangers, (...at) => ledger.onReceived(...at), JSON.parse(from!) as Entry);
  const connections = { connects: 0, disconnects: 0 };
  const open = async (): Promise<void> => {
    bridge = await create(Number(port));
    account = new Account(bridge);
    bridge.addSlave((frame) => {
      account.delivered += 1;
      tally.add(frame);
      frame.release();
      if (performance.now() < state.slowUntil) return sleep(state.slowMs);
      return slave !== undefined && tally.frames % slave.everyFrames === 0 ? sleep(slave.takesMs) : undefined;
    });
    bridge.on('connect', () => (connections.connects += 1));
    bridge.on('disconnect', () => (connections.disconnects += 1));
  };
  await open();
  say({ ready: true });
  const report = setInterval(() => {
    const rssMegabytes = process.memoryUsage.rss() / 1e6;
    say({
      at: Date.now(),
      ...tally.counts,
      life: tally.life,
      last: tally.last,
      lastBefore: tally.lastBefore,
      rssMegabytes,
      ...Account.totals(),
      ...connections,
      hushed: state.hushed,
    });
  }, REPORT_MS);
  const sending = send();
  createInterface({ input: process.stdin })
    .on('line', (line) => obey(JSON.parse(line) as Order))
    .once('close', () => void end());

  function obey(order: Order): void {
    if (order.do === 'hush') state.hushing = true;
    else if (order.do === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
    else if (order.do === 'be slow') {
      state.slowMs = order.perFrameMs;
      state.slowUntil = performance.now() + order.ms;
    } else reopening ??= reopen().finally(() => (reopening = undefined));
  }

  /** An ordinary shutdown, the account of it, and a new bridge on the same ports. */
  async function reopen(): Promise<void> {
    await bridge.stop({ deliverMs: DELIVER_MS });
    // Sends that waited have been told by now.
    await sleep(0);
    const wrong = account.close();
    await open();
    say({ reopened: true, wrong });
  }

  async function end(): Promise<void> {
    clearInterval(report);
    await reopening;
    await bridge.stop();
    await sending;
    for (const text of account.close()) console.error(text);
    ledger.close();
    process.stdin.destroy();
    // libzmq's threads close a monitor's two descriptors some milliseconds after it has said its last word.
    for (let look = 0; look < DESCRIPTOR_LOOKS && descriptors() > before; look++) await sleep(PACE_MS);
    say({ stopped: true, descriptorsLeft: descriptors() - before });
  }
}

async function send(): Promise<void> {
  if (sends === 'nothing') return;
  const mark = markOf(Number(life));
  const started = performance.now();
  for (let sequence = 0; !state.hushing; sequence++) {
    const frame = reqFrame(sizeOf(sequence), { flags: mark, channel: sequence & 0xff });
    fillPrbs(frame.payload, sequence);
    if (!(await sendOne(frame))) return;
    ledger.onSent();
    if (sends === 'mixed') {
      if (sequence % BURST === 0) await sleep(PAUSE_MS);
    } else if (sends.framesPerSecond !== undefined) {
      while ((performance.now() - started) * sends.framesPerSecond < sequence * 1000) await sleep(PACE_MS);
    }
  }
  state.hushed = true;
}

/** Sends it on the bridge of the moment, or on the next one; false once there is none. */
async function sendOne(frame: Frame): Promise<boolean> {
  for (;;) {
    try {
      await account.send(frame);
      return true;
    } catch (err) {
      if ((err as { code?: string }).code !== 'ERR_BRIDGE_STOPPED') throw err;
      if (reopening === undefined) return false;
      await reopening;
    }
  }
}

function sizeOf(sequence: number): number {
  if (typeof sends === 'object') return sends.sizeBytes;
  // Sizes in an order that is neither sorted nor in step with the channels.
  return MIXED_BYTES[(sequence * 7 + (sequence >> 4)) % MIXED_BYTES.length]!;
}

void main();
