// What a bridge may be given as its address: names of both families, interfaces, and the ways to write an IP address.

import { join } from 'node:path';
import { Frame, Logging, type TcpClient, type TcpServer } from '../../lib';
import { Collector, LOOPBACK, makeClient, makeServer, passFrames, stopBridges } from '../helpers/bridges';
import { engines } from '../helpers/engines';
import { rejection } from '../helpers/errors';
import { collectLog } from '../helpers/log';
import { knowNames } from '../helpers/known-names';
import { findLink, hasIPv6 } from '../helpers/machine';
import { reservePorts } from '../helpers/ports';
import { endPeers, startPeer, type Peer } from '../helpers/process';
import { frameMessage, greeting, RawPeer, ready } from '../helpers/raw-peer';
import { endRaw } from '../helpers/recording';
import { waitFor } from '../helpers/wait';

const ELSEWHERE = '127.0.0.2';
const TIMEOUT_MS = 10_000;

afterEach(async () => {
  jest.restoreAllMocks();
  Logging.setSink(undefined);
  endRaw();
  await endPeers();
  await stopBridges();
});

/** A server and a client that find each other. */
async function meet(bound: string, connected: string): Promise<{ server: TcpServer; client: TcpClient }> {
  const port = await reservePorts();
  const server = await makeServer(port, {}, bound);
  const client = await makeClient(port, {}, connected);
  expect([server.logName, client.logName]).toEqual([
    `pyrogue.stream.TcpCore.${bound}.Server.${port}`,
    `pyrogue.stream.TcpCore.${connected}.Client.${port}`,
  ]);
  await passFrames(server, client);
  for (const { stats } of [server, client]) expect(stats.peers).toEqual({ send: 1, receive: 1 });
  return { server, client };
}

const withIPv6 = hasIPv6() ? test : test.skip;

describe('a frame passes both ways, and each end knows its peer, where the addresses are', () => {
  test.each([
    ['lo', LOOPBACK],
    ['LOCALHOST', 'localhost.'],
    ['localhost.', 'LOCALHOST'],
    ['::ffff:127.0.0.1', LOOPBACK],
    ['[::FFFF:7F00:1]', '::ffff:127.0.0.1'],
    [LOOPBACK, '[::FFFF:7f00:1]'],
    ['*', '::ffff:127.0.0.1'],
    ['127.1', LOOPBACK],
  ])('%s for the server, %s for the client', async (bound, connected) => {
    await meet(bound, connected);
  });

  withIPv6.each([
    ['[0:0:0:0:0:0:0:1]', '::1'],
    ['::1%lo', '::1%1'],
    ['::1%1', '::1'],
    ['::', LOOPBACK],
    ['[::]', '::1'],
  ])('%s for the server, %s for the client (needs IPv6)', async (bound, connected) => {
    await meet(bound, connected);
  });

  const link = findLink();
  (link === undefined ? test.skip : test)(
    'addresses of a link, its interface by name or by number, in either case (needs a link with IPv6)',
    async () => {
      const { name, number, address } = link!;
      const upper = `[${address.toUpperCase()}%${name}]`;
      await meet(`${address}%${name}`, `${address}%${number}`);
      await meet(`${address}%${number}`, upper);
      await meet(upper, `${address}%${name}`);
    },
  );
});

describe('a name of both families', () => {
  test('binds IPv4 for a server, which Rogue peers speak alone', async () => {
    knowNames({ 'daq-host': ['::1', LOOPBACK] });
    const port = await reservePorts();
    const server = await makeServer(port, {}, 'daq-host');
    await passFrames(server, await makeClient(port));
  });

  withIPv6('binds IPv6 for a server where the name has nothing else (needs IPv6)', async () => {
    knowNames({ 'daq-host': ['::1'] });
    const port = await reservePorts();
    const server = await makeServer(port, {}, 'daq-host');
    await passFrames(server, await makeClient(port, {}, '::1'));
  });

  describe.each([[''], ['--no-network-family-autoselection']])(
    'in a process with NODE_OPTIONS="%s"',
    (option) => {
      withIPv6.each([
        ['::1', ['::1', LOOPBACK]],
        ['::1', [LOOPBACK, '::1']],
        [LOOPBACK, ['::1', LOOPBACK]],
        [LOOPBACK, [LOOPBACK, '::1']],
      ])(
        'brings a client to a server at %s whichever comes first of %j (needs IPv6)',
        async (bound, addresses) => {
          const port = await reservePorts();
          const server = await makeServer(port, {}, bound);
          const collector = server.to(new Collector());
          startClient('localhost', port, option, { localhost: addresses });
          await collector.waitForCount(1);
          await server.waitForPeer({ timeoutMs: TIMEOUT_MS });
        },
      );
    },
  );
});

/** A client in a process of its own that sends frames, where names have these addresses. */
function startClient(addr: string, port: number, option: string, hosts: Record<string, string[]>): Peer {
  const preload = join(__dirname, '..', 'peers', 'hosts.cjs');
  const prefix = `ROGUE_BRIDGE_HOSTS='${JSON.stringify(hosts)}' NODE_OPTIONS='${option} --require ${preload}' exec`;
  return startPeer('bridge-peer.cjs', ['client', addr, port, 'source'], prefix);
}

test('an interface is no address for a client: it is looked up as a host of that name', async () => {
  const port = await reservePorts();
  await makeServer(port);
  const client = await makeClient(port, { sendTimeoutMs: 300 }, 'lo');
  expect(await rejection(client.acceptFrame(new Frame(1)))).toMatchObject({ code: 'ERR_SEND_TIMEOUT' });
  expect(client.stats.peers).toEqual({ send: 0, receive: 0 });
});

test('a server that only this machine can reach is not said to be open to everyone', async () => {
  Logging.setFilter('stream.TcpCore', Logging.Warning);
  const lines = collectLog();
  for (const addr of ['lo', 'LOCALHOST', 'localhost.', '::ffff:127.0.0.1']) {
    await makeServer(undefined, {}, addr);
  }
  expect(lines).toEqual([]);
});

describe('an address that cannot be bound', () => {
  const notOurs = 'the address is not one of this machine; use one of its own, or * for every interface';
  test.each([
    // .invalid is reserved: no name server knows any.
    [
      'no-such-host.invalid',
      /which is no interface of this machine,? and no (host name that resolves|name server answered); /,
    ],
    ['a'.repeat(255), 'which is no interface of this machine and no host name that resolves; '],
    // 192.0.2.0/24 is reserved for documentation.
    ['192.0.2.254', notOurs],
    ['::ffff:192.0.2.254', notOurs],
    ['fe80::1', 'which needs the interface it is on, as in fe80::1%eth0 (EINVAL)'],
    ['fe80::1%no-such', 'and this machine has no interface no-such; use one of its own (ENODEV)'],
    ['fe80::1%77777', 'and this machine has no interface 77777; use one of its own (ENODEV)'],
  ])('%s: ERR_BIND with the port, the address, why, and what to do', async (addr, why) => {
    const port = await reservePorts();
    const err = await rejection(makeServer(port, {}, addr));
    expect(err).toMatchObject({ name: 'GeneralError', code: 'ERR_BIND', port });
    expect(err.message).toContain(`Failed to bind server to port ${port} at address ${addr}, `);
    expect(err.message).toMatch(why);
    // The same port can be had at another address.
    await makeServer(port);
  });
});

describe('two servers of one process on one pair of ports, at different addresses', () => {
  test.each([
    [LOOPBACK, ELSEWHERE],
    ['localhost.', ELSEWHERE],
    ['lo', ELSEWHERE],
    ['::ffff:127.0.0.2', LOOPBACK],
  ])('%s and %s: each has its own client, and counts no other', async (first, second) => {
    const port = await reservePorts();
    const one = await makeServer(port, {}, first);
    const other = await makeServer(port, {}, second);
    const client = await makeClient(port, {}, first === 'lo' ? LOOPBACK : first);
    await passFrames(one, client);
    expect(one.stats.peers).toEqual({ send: 1, receive: 1 });
    expect(other.stats.peers).toEqual({ send: 0, receive: 0 });
    await passFrames(other, await makeClient(port, {}, second));
    for (const { stats } of [one, other]) expect(stats.peers).toEqual({ send: 1, receive: 1 });
  });
});

test.each(['localhost.', 'lo', '::ffff:127.0.0.1'])(
  'a server at %s tells its peer by address as it comes and as it goes, and a client its server as it was given',
  async (addr) => {
    const port = await reservePorts();
    const server = await makeServer(port, {}, addr);
    const told: string[] = [];
    for (const type of ['connect', 'disconnect'] as const) {
      server.on(type, ({ remoteAddress }) => told.push(`${type} ${remoteAddress}`));
    }
    const given = addr === 'lo' ? LOOPBACK : addr;
    const client = await makeClient(port, {}, given);
    const seen: (string | undefined)[] = [];
    client.on('connect', ({ remoteAddress }) => seen.push(remoteAddress));
    await passFrames(server, client);
    await waitFor('the client to tell', () => seen.length === 2);
    // An IPv4 address is shown without its IPv6 wrapping.
    const shown = given.replace('::ffff:', '');
    expect(seen.sort()).toEqual([`${shown}:${port}`, `${shown}:${port + 1}`]);
    await client.stop();
    await waitFor(
      'the end of both connections',
      () => told.length === 4,
      TIMEOUT_MS,
      () => told,
    );
    // libzmq keeps the addresses of a server's peers to itself.
    const expected = engines.server === 'native' ? /^(connect|disconnect) 127\.0\.0\.1:\d+$/ : / undefined$/;
    expect(told.filter((line) => !expected.test(line))).toEqual([]);
  },
);

withIPv6('allow knows IPv4 peers of a server at :: by their IPv4 address (needs IPv6)', async () => {
  Logging.setFilter('stream.TcpCore', Logging.Warning);
  const lines = collectLog();
  const port = await reservePorts();
  const server = await makeServer(port, { allow: [ELSEWHERE, '::ffff:127.0.0.3'] }, '::');
  const stranger = await RawPeer.connect(port, LOOPBACK);
  // libzmq asks about a peer that has greeted, and closes at the next thing it says.
  stranger.socket.write(Buffer.concat([greeting(), ready('PUSH')]));
  await waitFor('the refusal', () => server.stats.refusedPeers === 1);
  stranger.socket.write(frameMessage('not to be delivered'));
  await stranger.isClosed();
  expect(lines).toEqual([
    expect.stringMatching(/the peer at 127\.0\.0\.1(:\d+)? is not one that allow names/),
  ]);
  for (const address of [ELSEWHERE, '127.0.0.3']) {
    const peer = await RawPeer.connect(port, address);
    await peer.shakeHands('PUSH');
  }
  expect(server.stats.refusedPeers).toBe(1);
});
