// Many servers, or their clients: connected, and without a frame. The clients report what that costs.
//
//   idle-peer.js servers|clients MEASURE_MS PORTS

import { setTimeout as sleep } from 'node:timers/promises';
import { TcpClient, TcpServer } from '../../lib/index';
import type { IdleResult } from '../idle.bench';
import { orders, say } from './lines';

const HOST = '127.0.0.1';
const TICK_MS = 20;
// Until what connecting has left behind is done: garbage, timers.
const SETTLE_MS = 2_000;

async function main(role: string, measureMs: number, ports: readonly number[]): Promise<void> {
  const create = role === 'servers' ? TcpServer : TcpClient;
  const bridges = [];
  for (const port of ports) bridges.push(await create.create(HOST, port));
  if (role === 'servers') {
    say({ ready: true });
    return;
  }
  await Promise.all(bridges.map((bridge) => bridge.waitForPeer()));
  await sleep(Math.min(SETTLE_MS, measureMs));
  const result: IdleResult = await measure(measureMs);
  say(result);
}

async function measure(measureMs: number): Promise<IdleResult> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  let last = started;
  let longestMs = 0;
  const ticker = setInterval(() => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    last = now;
  }, TICK_MS);
  await sleep(measureMs);
  clearInterval(ticker);
  const { user, system } = process.cpuUsage(cpu);
  const share = (user + system) / 1000 / (performance.now() - started);
  return { share, stallMs: longestMs - TICK_MS };
}

orders();
void main(process.argv[2]!, Number(process.argv[3]), JSON.parse(process.argv[4]!) as number[]);
