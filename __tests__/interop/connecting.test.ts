// What a client tells about attempts to connect that fail.

import { Socket } from 'node:net';
import { GeneralError, Logging, type ConnectError } from '../../lib';
import { Connection, type ConnectionOwner } from '../../lib/transport/native/connection';
import { LOOPBACK, makeClient, makeServer, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { testNative, whereNative } from '../helpers/engines';
import { collectLog } from '../helpers/log';
import { isFree, reservePorts } from '../helpers/ports';
import { COMMAND, commandBody, greeting, part, RawPeer } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

const NOT_TOLD = 'does not tell';

afterEach(async () => {
  Logging.setSink(undefined);
  endRaw();
  await stopBridges();
});

describe('a client without a server', () => {
  testNative(NOT_TOLD, 'tells of each attempt: code, address, when, how often in a row', async () => {
    Logging.setFilter('stream.TcpCore', Logging.Warning);
    const lines = collectLog();
    const port = await reservePorts();
    const client = await makeClient(port, { reconnectMs: 1 });
    expect(client.stats.lastConnectError).toBeUndefined();
    const retries: ConnectError[] = [];
    client.on('retry', (failure) => retries.push(failure));
    await waitFor('some attempts', () => retries.length >= 6);
    for (const direction of ['send', 'receive']) {
      const own = retries.filter((failure) => failure.direction === direction);
      expect(own.map(({ attempts }) => attempts)).toEqual(own.map((_, i) => i + 1));
      const at = direction === 'send' ? port : port + 1;
      expect(own[0]).toMatchObject({ code: 'ECONNREFUSED', address: `${LOOPBACK}:${at}` });
      expect(own[0]?.at).toBeInstanceOf(Date);
    }
    expect(client.stats.lastConnectError).toEqual(retries.at(-1));
    // One line, however often, and for both directions.
    expect(lines).toEqual([expect.stringMatching(/^Cannot connect to 127.0.0.1:\d+: nothing listens there/)]);
    const server = await makeServer(port);
    await Promise.all([client, server].map((bridge) => bridge.waitForPeer({ timeoutMs: 10_000 })));
  });

  testNative(NOT_TOLD, 'names it in the error of waitForPeer, and carries it as its cause', async () => {
    const port = await reservePorts();
    const client = await makeClient(port);
    await waitFor('an attempt', () => client.stats.lastConnectError !== undefined);
    const err = await rejection(client.waitForPeer({ timeoutMs: 1 }));
    expect(err).toMatchObject({ code: 'ERR_PEER_TIMEOUT', cause: { code: 'ERR_CONNECT' } });
    expect(err.message).toMatch(
      /attempts to connect to 127.0.0.1:\d+ failed, nothing listens there \(ECONNREFUSED\)$/,
    );
    expect(err.cause).toBeInstanceOf(GeneralError);
  });

  test('tells of a name that does not resolve', async () => {
    const port = await reservePorts();
    const client = await makeClient(port, {}, 'no-such-host.invalid');
    await waitFor('the failure', () => client.stats.lastConnectError !== undefined);
    const { lastConnectError } = client.stats;
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(lastConnectError?.code);
    expect(lastConnectError?.address).toMatch(/^no-such-host.invalid:\d+$/);
  });
});

testNative(NOT_TOLD, 'a client that is refused tells why', async () => {
  const port = await reservePorts();
  const next = await RawPeer.listen(port);
  const client = await makeClient(port);
  const raw = await next();
  await raw.write(greeting(), part(COMMAND, commandBody('ERROR', '\x06go off')));
  const failure = await new Promise<ConnectError>((resolve) =>
    client.on('retry', (info) => {
      if (info.code === 'EPROTO') resolve(info);
    }),
  );
  expect(failure).toMatchObject({ direction: 'send', attempts: 1, address: `${LOOPBACK}:${port}` });
  expect(failure.message).toContain('refuses us: "go off"');
});

testNative(NOT_TOLD, 'a client that allow does not name is told that it may be so', async () => {
  const server = await makeServer(undefined, { allow: ['10.9.8.7'] });
  const port = Number(server.logName.split('.').at(-1));
  const client = await makeClient(port);
  const failure = await new Promise<ConnectError>((resolve) => client.on('retry', resolve));
  expect(failure.message).toMatch(/allow list|reset/i);
});

test.each([
  ['reconnectMs', 0],
  ['reconnectMs', 3_600_001],
  ['reconnectMaxMs', 0],
])('%s: %p is refused', async (name, value) => {
  const err = await rejection(makeClient(8000, { [name]: value }));
  expect(err).toBeInstanceOf(RangeError);
  expect(err.message).toContain(`${name} is ${value}, but must be a whole number from 1 to 3600000`);
});

test('reconnectMs and reconnectMaxMs are taken by either engine', async () => {
  const port = await reservePorts();
  const client = await makeClient(port, { reconnectMs: 2, reconnectMaxMs: 5 });
  const server = await makeServer(port);
  await Promise.all([client, server].map((bridge) => bridge.waitForPeer({ timeoutMs: 10_000 })));
});

whereNative.client(
  'a socket that is connected to itself is given up at once, and its port is free for the server',
  async () => {
    const port = await reservePorts();
    const socket = new Socket();
    const ended: (Error | undefined)[] = [];
    const owner = { closed: ({ error }: Connection) => void ended.push(error) } as unknown as ConnectionOwner;
    const connection = new Connection(
      {
        type: 'PUSH',
        maxFrameBytes: 1e6,
        sendHighWaterBytes: 0,
        sendHighWaterMark: 1,
        heartbeatMs: 0,
        handshakeTimeoutMs: 30_000,
      },
      owner,
    );
    connection.connect(socket);
    // What the kernel does of itself where the client's port is one that it hands out, now and then.
    socket.connect({ host: LOOPBACK, port, localAddress: LOOPBACK, localPort: port });
    await waitFor('the end', () => ended.length === 1);
    expect(ended[0]).toMatchObject({ code: 'ECONNREFUSED', message: 'connected to itself' });
    await waitFor('the port to be free', () => isFree(port));
    await makeServer(port);
  },
);
