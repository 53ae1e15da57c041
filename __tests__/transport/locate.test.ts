import os from 'node:os';
import dns from 'node:dns';
import { locate } from '../../lib/transport/locate';
import { endpointsOf } from '../../lib/wire/endpoints';
import { rejection } from '../helpers/errors';
import { knowNames } from '../helpers/known-names';
import { listed } from '../helpers/machine';

const PORT = 8000;
const USE_ANOTHER = 'use an IP address of this machine, or * for every interface';

let asked: jest.SpyInstance;
beforeEach(() => {
  asked = knowNames({
    both: ['::1', '127.0.0.1', '127.0.0.2'],
    six: ['fd00::1', 'fd00::2'],
    eth7: ['10.9.9.9'],
  });
  jest.spyOn(os, 'networkInterfaces').mockReturnValue({
    eth7: [listed('fd00::7'), listed('10.0.0.7')],
    eth8: [listed('fe80::8', 8)],
  });
});
afterEach(() => jest.restoreAllMocks());

function bound(addr: string, takesInterfaces = false): Promise<string> {
  return locate(endpointsOf(addr, PORT, true), { takesInterfaces });
}

function connected(addr: string): Promise<string> {
  return locate(endpointsOf(addr, PORT, false), { takesInterfaces: false });
}

test('of a name a server binds the first IPv4 address, and IPv6 where that is all there is', async () => {
  expect(await bound('both')).toBe('127.0.0.1');
  expect(await bound('six')).toBe('fd00::1');
});

test('an interface goes before a host of its name, which is not asked for', async () => {
  expect(await bound('eth7')).toBe('10.0.0.7');
  expect(await bound('eth8')).toBe('fe80::8%eth8');
  expect(asked).not.toHaveBeenCalled();
});

test.each([
  ['*', '0.0.0.0'],
  ['[::]', '::'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['FE80::8%eth8', 'fe80::8%eth8'],
  ['fe80::8%8', 'fe80::8%8'],
])('a server at %s binds %s, and nobody is asked', async (addr, expected) => {
  expect(await bound(addr)).toBe(expected);
  expect(asked).not.toHaveBeenCalled();
});

test('the name of a client is looked up when it connects, not before, an interface like any other', async () => {
  for (const addr of ['both', 'eth7', 'nowhere']) expect(await connected(addr)).toBe(addr);
  expect(await connected('[FE80::1%9]')).toBe('fe80::1%9');
  expect(asked).not.toHaveBeenCalled();
});

test.each([
  [
    'nowhere',
    'ENOTFOUND',
    `which is no interface of this machine and no host name that resolves; ${USE_ANOTHER}`,
  ],
  ['fe80::1', 'EINVAL', 'which needs the interface it is on, as in fe80::1%eth0'],
  ['fe80::1%nope', 'ENODEV', 'and this machine has no interface nope; use one of its own'],
  ['fe80::1%77777', 'ENODEV', 'and this machine has no interface 77777; use one of its own'],
])('a server at %s: ERR_BIND with %s, the port, and why', async (addr, code, why) => {
  const err = await rejection(bound(addr));
  expect(err).toMatchObject({ name: 'GeneralError', code: 'ERR_BIND', port: PORT, cause: { code } });
  expect(err.message).toBe(`Failed to bind server to port ${PORT} at address ${addr}, ${why} (${code})`);
});

test('name servers that do not answer are told from a name that nobody has', async () => {
  jest
    .spyOn(dns.promises, 'lookup')
    .mockRejectedValue(Object.assign(new Error(), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }));
  const err = await rejection(bound('daq-host'));
  expect(err.message).toBe(
    `Failed to bind server to port ${PORT} at address daq-host, which is no interface of this machine, ` +
      `and no name server answered; ${USE_ANOTHER} (EAI_AGAIN)`,
  );
});

test('a client at an address of a link without its interface: ERR_CONNECT that says so', async () => {
  const err = await rejection(connected('fe80::1'));
  expect(err).toMatchObject({ code: 'ERR_CONNECT', port: PORT + 1 });
  expect(err.message).toContain('at address fe80::1, which needs the interface it is on, as in fe80::1%eth0');
});

test('an interface whose address Node does not tell: ERR_BIND, or left to an engine that asks the kernel', async () => {
  jest.spyOn(os, 'networkInterfaces').mockReturnValue({});
  // Linux has it all the same.
  const err = await rejection(bound('lo'));
  expect(err).toMatchObject({ code: 'ERR_BIND', cause: { code: 'ENODEV' } });
  expect(err.message).toContain(
    `at address lo, an interface that is down, without a link or without an address; ${USE_ANOTHER}`,
  );
  expect(await bound('lo', true)).toBe('lo');
});
