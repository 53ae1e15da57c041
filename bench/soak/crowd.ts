// Part `crowd`: more clients than a server lets run ahead of its slow slave, and clients that come, send and leave.

import { setTimeout as sleep } from 'node:timers/promises';
import { Frame, TcpClient, TcpServer, type TcpCore } from '../../lib/index';
import { freePorts } from '../ports';
import { numberText } from '../table';
import type { PartResult, Settings } from './part';

const HOST = '127.0.0.1';
const CLIENTS = 150;
const FRAMES_EACH = 40;
const VISITS = 200;
const FRAMES_A_VISIT = 5;
const SIZE_BYTES = 1_000;
// With this mark the clients that stay, and those that have left, bring more than 64 marks.
const MARK = 8;
const LIMIT_MS = 30_000;
const LOOK_MS = 5;

/** All clients get in beside a slow slave, and every frame arrives. */
export async function runCrowd({ engine, progress }: Settings): Promise<PartResult> {
  const failures: string[] = [];
  const [port] = await freePorts(2);
  const options = { engine, receiveHighWaterMark: MARK, sendHighWaterMark: 1000, lingerMs: LIMIT_MS };
  const server = await TcpServer.create(HOST, port!, options);
  let delivered = 0;
  let takesMs = 20;
  server.to(async () => {
    delivered += 1;
    if (takesMs > 0) await sleep(takesMs);
  });
  progress(`${engine}: ${CLIENTS} clients at a server with a slow slave`);
  const started = performance.now();
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => TcpClient.create(HOST, port!, options)),
  );
  const sending = clients.map((client) => send(client, FRAMES_EACH));
  const isIn = await has(() => server.stats.peers.receive >= CLIENTS);
  const inMs = Math.round(performance.now() - started);
  if (!isIn)
    failures.push(`${server.stats.peers.receive} of ${CLIENTS} clients were in after ${LIMIT_MS} ms`);

  progress(`${engine}: ${VISITS} visits beside them`);
  takesMs = 0;
  let mostWaiting = 0;
  const look = setInterval(() => (mostWaiting = Math.max(mostWaiting, server.stats.peersWaiting)), LOOK_MS);
  for (let visit = 0; visit < VISITS; visit++) {
    const visitor = await TcpClient.create(HOST, port!, options);
    await send(visitor, FRAMES_A_VISIT);
    await visitor.stop();
  }
  await Promise.all(sending);
  const sent = CLIENTS * FRAMES_EACH + VISITS * FRAMES_A_VISIT;
  if (!(await has(() => delivered >= sent))) failures.push(`${delivered} of ${sent} frames arrived`);
  clearInterval(look);
  await Promise.all(clients.map((client) => client.stop()));
  await server.stop();
  const { framesReceived, undelivered, refusedPeers } = server.stats;
  if (framesReceived + undelivered !== sent) {
    failures.push(
      `of ${sent} frames ${framesReceived} were delivered and ${undelivered} counted as undelivered`,
    );
  }
  if (refusedPeers > 0) failures.push(`${refusedPeers} peers were refused`);
  const row = [CLIENTS, inMs, VISITS, mostWaiting, sent, delivered].map(numberText);
  const columns = ['clients', 'all in after, ms', 'visits', 'most at the gate', 'frames sent', 'delivered'];
  return {
    tables: [
      { title: `${engine} engine, crowd: clients at a server with a slow slave`, columns, rows: [row] },
    ],
    failures,
    figures: { clients: CLIENTS, inMs, visits: VISITS, mostWaiting, sent, delivered },
  };
}

async function send(client: TcpCore, frames: number): Promise<void> {
  for (let i = 0; i < frames; i++) await client.send(new Frame(Buffer.alloc(SIZE_BYTES, i)));
}

/** Waits until this holds. @returns false when that took too long. */
async function has(condition: () => boolean): Promise<boolean> {
  const endsAt = performance.now() + LIMIT_MS;
  while (!condition() && performance.now() < endsAt) await sleep(LOOK_MS);
  return condition();
}
