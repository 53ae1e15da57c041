// Wrong arguments are refused before any socket is opened, ports that cannot be had with their number.

import { createServer, type Server } from 'node:net';
import { GeneralError, TcpClient, TcpCore, TcpServer } from '../../lib';
import { LOOPBACK, makeServer, stopBridges } from '../helpers/bridges';
import { rejection } from '../helpers/errors';
import { isFree, reservePorts } from '../helpers/ports';

afterEach(stopBridges);

function occupy(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen({ port, host: LOOPBACK }, () => resolve(server));
  });
}

describe.each([
  ['TcpServer', TcpServer],
  ['TcpClient', TcpClient],
] as const)('%s.create', (name, bridge) => {
  test.each([0, 65_535, 70_000, 1.5])('refuses base port %d', async (port) => {
    const err = await rejection(bridge.create(LOOPBACK, port));
    expect(err).toBeInstanceOf(RangeError);
    expect(err.message).toContain(`port is ${port}, but must be a whole number from 1 to 65534`);
  });

  test('refuses an empty address', async () => {
    const err = await rejection(bridge.create('', 8000));
    expect(err).toBeInstanceOf(RangeError);
    expect(err.message).toContain("addr is '', but must be an IP address or a host name");
  });

  test('refuses an unknown option and names those there are', async () => {
    const err = await rejection(bridge.create(LOOPBACK, 8000, { linger: 1 } as never));
    expect(err).toBeInstanceOf(TypeError);
    expect(err.message).toContain(`unknown option 'linger' in the options of ${name}; allowed are engine,`);
  });

  test.each([
    ['sendHighWaterMark', -1, RangeError],
    ['receiveHighWaterMark', 1.5, RangeError],
    ['sendTimeoutMs', -1, RangeError],
    ['lingerMs', 2 ** 31, RangeError],
    ['lingerMs', '1000', TypeError],
    ['maxFrameBytes', 0, RangeError],
    ['maxFrameBytes', 2 ** 32, RangeError],
    ['allowEmptyFrames', 1, TypeError],
    ['engine', 'carrier pigeon', TypeError],
  ])('refuses %s = %p', async (option, value, errorClass) => {
    const err = await rejection(bridge.create(LOOPBACK, 8000, { [option]: value }));
    expect(err).toBeInstanceOf(errorClass);
    expect(err.message).toMatch(new RegExp(`^${option} is '?${value}'?, but must be `));
  });
});

test('TcpCore.create refuses a role that is none', async () => {
  const err = await rejection(TcpCore.create(LOOPBACK, 8000, {} as never));
  expect(err.message).toBe('server is undefined, but must be true or false');
});

describe('a port that cannot be had', () => {
  test.each([0, 1])(
    'base port + %d in use: ERR_BIND with that port, and the other one is free again',
    async (taken) => {
      const port = await reservePorts();
      const other = await occupy(port + taken);
      const err = await rejection(TcpServer.create(LOOPBACK, port));
      expect(err).toBeInstanceOf(GeneralError);
      expect(err).toMatchObject({ code: 'ERR_BIND', port: port + taken, cause: { code: 'EADDRINUSE' } });
      expect(err.message).toBe(
        `Failed to bind server to port ${port + taken} at address ${LOOPBACK}, ` +
          'another process may be using this port (EADDRINUSE)',
      );
      expect(await isFree(port + 1 - taken)).toBe(true);
      await new Promise((resolve) => other.close(resolve));
      await makeServer(port);
    },
  );

  test('an address of another machine: ERR_BIND that says so', async () => {
    // 192.0.2.0/24 is reserved for documentation: it is nobody's.
    const err = await rejection(TcpServer.create('192.0.2.1', await reservePorts()));
    expect(err).toMatchObject({ code: 'ERR_BIND', cause: { code: 'EADDRNOTAVAIL' } });
    expect(err.message).toContain('the address is not one of this machine');
  });

  test('a second server on the same ports fails while the first one lives, and not after', async () => {
    const port = await reservePorts();
    const first = await makeServer(port);
    expect(await rejection(TcpServer.create(LOOPBACK, port))).toMatchObject({ code: 'ERR_BIND', port });
    await first.stop();
    await makeServer(port);
  });
});

test('a name that cannot be one: ERR_CONNECT with the port, and nothing stays open', async () => {
  const port = await reservePorts();
  const err = await rejection(TcpClient.create('no!name', port));
  expect(err).toMatchObject({ code: 'ERR_CONNECT', port: port + 1, cause: { code: 'EINVAL' } });
  expect(err.message).toContain('no!name, which is no IP address and no host name');
});

describe('addresses', () => {
  test.each(['*', 'localhost', '::1', '[::1]'])(
    'a server at %s and a client that finds it pass a frame',
    async (addr) => {
      const port = await reservePorts();
      const server = await TcpServer.create(addr, port);
      const client = await TcpClient.create(addr === '*' ? LOOPBACK : addr, port);
      try {
        await Promise.all([
          server.waitForPeer({ timeoutMs: 10_000 }),
          client.waitForPeer({ timeoutMs: 10_000 }),
        ]);
        expect([server.connected, client.connected]).toEqual([true, true]);
        expect(server.logName).toBe(`pyrogue.stream.TcpCore.${addr}.Server.${port}`);
      } finally {
        await Promise.all([server.stop(), client.stop()]);
      }
    },
  );
});
