// One side of a pair, on this library: the server receives or echoes, the client sends or pings.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RECORDED_OPTIONS } from '../../lib/cli/record';
import { Flow } from '../../lib/cli/watch/flow';
import { viewLines } from '../../lib/cli/watch/view';
import { Frame, StreamWriter, TcpClient, TcpServer } from '../../lib/index';
import { ViewServer } from '../../lib/view';
import { constantPayload, frameKind, newPayload } from './content';
import { Counter, ping, sendAll } from './counting';
import { drain, flood } from './flooding';
import { orders, peerArguments, say, type PeerArguments } from './lines';

const HOST = '127.0.0.1';
// As watch does, in a terminal of the usual size.
const SAMPLE_MS = 1_000;
const DRAW_MS = 500;
const SCREEN = { columns: 80, rows: 24 };
const VIEW = {
  title: 'bench',
  isClient: true,
  connected: true,
  status: 'connected',
  malformed: 0,
};

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

/** What takes the frames, besides the counter: nothing, or what a subcommand of the command does with them. */
async function makeTaker(): Promise<(frame: Frame) => void | Promise<void>> {
  const taker = process.env.ROGUE_BRIDGE_TAKER;
  if (taker === 'watch') {
    const flow = new Flow();
    setInterval(() => flow.sample(), SAMPLE_MS);
    setInterval(() => viewLines(flow, VIEW, SCREEN), DRAW_MS);
    return (frame) => flow.note(frame);
  }
  if (taker === 'record') {
    const folder = mkdtempSync(join(tmpdir(), 'rogue-bridge-bench-'));
    process.once('exit', () => rmSync(folder, { recursive: true }));
    const writer = new StreamWriter();
    await writer.open(join(folder, 'run.dat'));
    const recorder = writer.getChannel(0);
    return (frame) => recorder.acceptFrame(frame);
  }
  return () => undefined;
}

/** The live page, if the receiver is to have one, with or without a page that looks. */
async function openView(): Promise<ViewServer | undefined> {
  const taker = process.env.ROGUE_BRIDGE_TAKER;
  if (taker !== 'view' && taker !== 'looked at') return undefined;
  const view = await ViewServer.create({ port: 0 });
  if (taker === 'looked at') {
    const page = spawn(process.execPath, [join(__dirname, 'page-peer.js'), String(view.port)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    process.once('exit', () => page.kill());
    while (view.viewerCount === 0) await pause(10);
  }
  return view;
}

async function receive({ port }: PeerArguments): Promise<void> {
  const counter = new Counter(work);
  const take = await makeTaker();
  const isRecorded = process.env.ROGUE_BRIDGE_TAKER === 'record';
  const server = await TcpServer.create(HOST, port, isRecorded ? RECORDED_OPTIONS : {});
  server.addSlave((frame) => {
    counter.add(frame.payload);
    return take(frame);
  });
  const view = await openView();
  if (view !== undefined) server.addSlave(view);
  say({ ready: true });
}

async function send({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const client = await TcpClient.create(HOST, port);
  const makeFrame = frameMaker(client, sizeBytes);
  await sendAll(work, order, (sequence) => client.send(makeFrame(sequence)));
}

/** Makes the frames as the parent says: of memory from the pool, of new memory, or of one constant buffer. */
function frameMaker(client: TcpClient, sizeBytes: number): (sequence: number) => Frame {
  if (frameKind === 'one buffer') {
    const payload = constantPayload(sizeBytes);
    return () => new Frame(payload);
  }
  if (frameKind === 'new Frame') return (sequence) => new Frame(newPayload(sizeBytes, sequence));
  return (sequence) => {
    const frame = client.reqFrame(sizeBytes);
    frame.payload.fill(sequence & 0xff);
    return frame;
  };
}

async function echo({ port }: PeerArguments): Promise<void> {
  const server = await TcpServer.create(HOST, port);
  server.addSlave(server);
  say({ ready: true });
}

async function pingServer({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const client = await TcpClient.create(HOST, port);
  const makeFrame = frameMaker(client, sizeBytes);
  let arrived: (payload: Uint8Array) => void = () => undefined;
  client.addSlave((frame) => arrived(frame.payload));
  await client.waitForPeer();
  await ping(work, async (sequence) => {
    const back = new Promise<Uint8Array>((resolve) => (arrived = resolve));
    await client.send(makeFrame(sequence));
    return back;
  });
}

async function sendFlood({ port, sizeBytes }: PeerArguments): Promise<void> {
  say({ ready: true });
  await order();
  const client = await TcpClient.create(HOST, port);
  const makeFrame = frameMaker(client, sizeBytes);
  await flood(work, (sequence) => client.send(makeFrame(sequence)));
}

async function readSlowly({ port }: PeerArguments): Promise<void> {
  const take = drain(work, order);
  const server = await TcpServer.create(HOST, port);
  server.addSlave((frame) => take(frame.payload));
  say({ ready: true });
}
