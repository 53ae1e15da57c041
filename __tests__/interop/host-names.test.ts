// Clients that are given a host by name: looked up by Node, again and again, each for itself.

import dns from 'node:dns';
import { createServer, type Server, type Socket } from 'node:net';
import { Logging } from '../../lib';
import { makeClient, makeServer, passFrames, stopBridges } from '../helpers/bridges';
import { collectLog } from '../helpers/log';
import { knowNames } from '../helpers/known-names';
import { reservePorts } from '../helpers/ports';
import { waitFor } from '../helpers/wait';

const TIMEOUT_MS = 20_000;
const [ONE, OTHER] = ['127.0.0.2', '127.0.0.3'];

beforeEach(() => void collectLog());
afterEach(async () => {
  jest.restoreAllMocks();
  Logging.setSink(undefined);
  await stopBridges();
});

/** Another service on a port: reads, and answers as a web server. */
async function openService(port: number, addr: string): Promise<{ visits: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const service = {
    visits: 0,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  const server: Server = createServer((socket) => {
    service.visits += 1;
    sockets.add(socket.on('error', () => undefined));
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(port, addr, resolve));
  return service;
}

test('two hosts on one base port: each client knows its own, and comes back to it after another service', async () => {
  knowNames({ 'host-one': [ONE], 'host-other': [OTHER] });
  const port = await reservePorts();
  const [one, other] = [await makeServer(port, {}, ONE), await makeServer(port, {}, OTHER)];
  const [toOne, toOther] = [await makeClient(port, {}, 'host-one'), await makeClient(port, {}, 'host-other')];
  await passFrames(one, toOne, TIMEOUT_MS);
  await passFrames(other, toOther, TIMEOUT_MS);
  await other.stop();
  await waitFor('the client to notice', () => {
    const { send, receive } = toOther.stats.peers;
    return send === 0 && receive === 0;
  });
  expect([toOther.connected, toOne.connected, one.connected]).toEqual([false, true, true]);
  const services = [await openService(port, OTHER), await openService(port + 1, OTHER)];
  await waitFor('both connections to meet the service', () => services.every(({ visits }) => visits > 0));
  expect(toOther.connected).toBe(false);
  await Promise.all(services.map((service) => service.close()));
  await passFrames(await makeServer(port, {}, OTHER), toOther, TIMEOUT_MS);
  expect(toOne.connected).toBe(true);
});

test('a name server that does not answer holds up no other bridge, and no stop()', async () => {
  const lookup = jest.spyOn(dns.promises, 'lookup').mockImplementation(() => new Promise(() => undefined));
  const port = await reservePorts();
  const waiting = await makeClient(port, {}, 'silent-host');
  await waitFor('the question', () => lookup.mock.calls.length > 0);
  const other = await reservePorts();
  await passFrames(await makeServer(other, {}, ONE), await makeClient(other, {}, ONE), TIMEOUT_MS);
  expect(waiting.connected).toBe(false);
  await waiting.stop();
});

test('a name that moves to another address is followed', async () => {
  const names: Record<string, string[]> = { 'moving-host': [ONE] };
  knowNames(names);
  const port = await reservePorts();
  const before = await makeServer(port, {}, ONE);
  const client = await makeClient(port, {}, 'moving-host');
  await passFrames(before, client, TIMEOUT_MS);
  names['moving-host'] = [OTHER];
  await before.stop();
  await passFrames(await makeServer(port, {}, OTHER), client, TIMEOUT_MS);
});

test('a name that does not resolve at first is found once it does', async () => {
  const names: Record<string, string[]> = {};
  knowNames(names);
  const port = await reservePorts();
  const server = await makeServer(port, {}, ONE);
  const client = await makeClient(port, {}, 'late-host');
  await waitFor('the failure', () => client.stats.lastConnectError !== undefined);
  expect(client.stats.lastConnectError).toMatchObject({
    code: 'ENOTFOUND',
    message: 'the name does not resolve',
  });
  names['late-host'] = [ONE];
  await passFrames(server, client, TIMEOUT_MS);
});
