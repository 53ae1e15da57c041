// The proxy that cuts servers off in tests.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { isFree } from '../helpers/ports';
import { CutProxy, endNats } from '../helpers/nats';
import { turns, waitFor } from '../helpers/wait';

const HOST = '127.0.0.1';

/** A socket and what has happened to it. */
class End {
  text = '';
  failure: string | undefined;
  isClosed = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => (this.text += bytes.toString('latin1')));
    socket.on('error', (err: NodeJS.ErrnoException) => (this.failure = err.code));
    socket.on('close', () => (this.isClosed = true));
  }

  gets(text: string): Promise<void> {
    return waitFor(
      `'${text}'`,
      () => this.text === text,
      undefined,
      () => this.text.slice(-100),
    );
  }

  closes(): Promise<void> {
    return waitFor('the close', () => this.isClosed);
  }
}

let server: Server;
let proxy: CutProxy;
let accepted: End[];
let clients: End[];

beforeEach(async () => {
  [accepted, clients] = [[], []];
  server = createServer((socket) => accepted.push(new End(socket))).listen(0, HOST);
  await once(server, 'listening');
  proxy = await CutProxy.listen((server.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await endNats();
  server.close();
});

async function open(): Promise<End> {
  const client = new End(connect(proxy.port, HOST));
  clients.push(client);
  await waitFor('the connection', () => client.socket.readyState === 'open' || client.isClosed);
  return client;
}

/** A client and the server's end of its connection, which has passed something both ways. */
async function openPair(): Promise<[End, End]> {
  const before = accepted.length;
  const client = await open();
  client.socket.write('hello');
  await waitFor('the server to accept', () => accepted.length > before);
  const end = accepted.at(-1)!;
  await end.gets('hello');
  end.socket.write('welcome');
  await client.gets('welcome');
  [client.text, end.text] = ['', ''];
  return [client, end];
}

/** What is sent now has arrived at the proxy: something sent behind it through a healthy one has come back. */
async function settle(): Promise<void> {
  const other = await CutProxy.listen(proxy.target);
  for (let i = 0; i < 3; i++) {
    const before = accepted.length;
    const socket = connect(other.port, HOST);
    await waitFor('another connection', () => accepted.length > before);
    socket.destroy();
  }
  await other.end();
  await turns();
}

test('passes bytes and ends', async () => {
  const [client, end] = await openPair();
  const much = Buffer.alloc(5_000_000, 'x');
  client.socket.write(much);
  await waitFor('all of it', () => end.text.length === much.length);
  client.socket.end('bye');
  await end.closes();
  expect(end.text.slice(-4)).toBe('xbye');
  await client.closes();
  expect(proxy).toMatchObject({ accepted: 1, connections: 0 });
});

test('passes the end of a server', async () => {
  const [client, end] = await openPair();
  end.socket.end('bye');
  await client.closes();
  expect(client).toMatchObject({ text: 'bye', failure: undefined });
});

test('passes a reset', async () => {
  const [client, end] = await openPair();
  end.socket.resetAndDestroy();
  await client.closes();
  expect(client.failure).toBe('ECONNRESET');
});

test('resets clients when no server listens', async () => {
  server.close();
  const client = await open();
  await client.closes();
  expect(client.failure).toBe('ECONNRESET');
});

test('hangs: nothing comes through, not even an end, until connections are reset', async () => {
  const [client, end] = await openPair();
  await proxy.hang();
  client.socket.write('lost');
  end.socket.write('lost');
  const late = await open();
  late.socket.write('lost');
  await settle();
  client.socket.destroy();
  await settle();
  expect([client.text, end.text, late.text]).toEqual(['', '', '']);
  expect([end.isClosed, late.isClosed]).toEqual([false, false]);
  await proxy.heal();
  await end.closes();
  await late.closes();
  expect([end.failure, late.failure]).toEqual(['ECONNRESET', 'ECONNRESET']);
  await openPair();
});

test.each([
  { way: 'requests', client: 'answer', end: '' },
  { way: 'answers', client: '', end: 'request' },
] as const)('hangs one way: $way', async ({ way, ...texts }) => {
  const [client, end] = await openPair();
  await proxy.hang(way);
  client.socket.write('request');
  end.socket.write('answer');
  await (way === 'requests' ? client : end).gets(way === 'requests' ? 'answer' : 'request');
  await settle();
  expect({ client: client.text, end: end.text }).toEqual(texts);
});

test('stalls: what was sent meanwhile comes afterwards', async () => {
  const [client, end] = await openPair();
  await proxy.stall();
  client.socket.write('later');
  const before = accepted.length;
  const late = await open();
  late.socket.write('late');
  await settle();
  expect(end.text).toBe('');
  const others = accepted.length;
  expect(others).toBeGreaterThan(before);
  await proxy.heal();
  await end.gets('later');
  await waitFor('the late one', () => accepted.length > others);
  await accepted.at(-1)!.gets('late');
});

test('drops: connections are reset and new ones refused, until it heals', async () => {
  const [client, end] = await openPair();
  await proxy.drop();
  await client.closes();
  await end.closes();
  expect([client.failure, end.failure]).toEqual(['ECONNRESET', 'ECONNRESET']);
  expect((await open()).failure).toBe('ECONNREFUSED');
  expect(await isFree(proxy.port)).toBe(true);
  await proxy.heal();
  await openPair();
});

test('resets connections and takes new ones', async () => {
  const [client] = await openPair();
  proxy.reset();
  await client.closes();
  expect(client.failure).toBe('ECONNRESET');
  await openPair();
});

test('delays, and keeps the order when the delay ends', async () => {
  const [client, end] = await openPair();
  await proxy.delay(100);
  const sentAt = performance.now();
  client.socket.write('first ');
  await settle();
  await proxy.heal();
  client.socket.write('second');
  await end.gets('first second');
  // Later than that is the machine's business.
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(100);
});

test('is gone after the test', async () => {
  const [client] = await openPair();
  await endNats();
  await client.closes();
  expect(await isFree(proxy.port)).toBe(true);
});
