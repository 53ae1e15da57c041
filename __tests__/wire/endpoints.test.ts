import {
  canonicalAddress,
  endpointText,
  endpointsOf,
  isLinkLocal,
  isLoopback,
  socketAddress,
} from '../../lib/wire/endpoints';

describe('endpoints', () => {
  test('a server pulls on the base port and pushes on the next, a client the other way round', () => {
    expect(endpointsOf('127.0.0.1', 8000, true)).toMatchObject({
      pull: 'tcp://127.0.0.1:8000',
      push: 'tcp://127.0.0.1:8001',
    });
    expect(endpointsOf('daq-host.example', 8000, false)).toMatchObject({
      push: 'tcp://daq-host.example:8000',
      pull: 'tcp://daq-host.example:8001',
    });
  });

  test('an IPv6 address is bracketed once, and * stands for every interface of a server', () => {
    expect(endpointsOf('::1', 9000, false).push).toBe('tcp://[::1]:9000');
    expect(endpointsOf('[::1]', 9000, false).push).toBe('tcp://[::1]:9000');
    expect(endpointsOf('*', 9000, true).pull).toBe('tcp://*:9000');
  });

  test.each([
    'eth0',
    'eth0.100',
    'br_daq',
    'localhost.',
    'LOCALHOST',
    'fe80::1%eth0',
    'FE80::1%br_daq',
    'fe80::1%4',
  ])('address %s is kept as it was given', (addr) => {
    const shown = addr.includes(':') ? `[${addr}]` : addr;
    expect(endpointsOf(addr, 8000, true)).toMatchObject({ addr, pull: `tcp://${shown}:8000` });
  });

  test.each([1, 65_534])('port %d is one', (port) => {
    expect(endpointsOf('127.0.0.1', port, true).pushPort).toBe(port + 1);
  });

  test.each([
    [0, RangeError],
    [65_535, RangeError],
    [-1, RangeError],
    [8000.5, RangeError],
    ['8000', TypeError],
    [undefined, TypeError],
  ])('port %p is refused with its value, what is allowed, and why', (port, errorClass) => {
    const make = (): unknown => endpointsOf('127.0.0.1', port as never, true);
    expect(make).toThrow(errorClass);
    expect(make).toThrow(
      'must be a whole number from 1 to 65534, because the bridge uses this port and the next one',
    );
  });

  test.each(['', ' ', '127.0.0.1:8000', 'tcp://127.0.0.1', 'a b', '[::1', '::1::', 'fe80::1%', '::1%a:b'])(
    'address %p is refused with its value and what is allowed',
    (addr) => {
      const make = (): unknown => endpointsOf(addr, 8000, true);
      expect(make).toThrow(RangeError);
      expect(make).toThrow(`addr is '${addr}', but must be an IP address or a host name`);
    },
  );

  test('* is refused for a client, which has to know where to connect', () => {
    expect(() => endpointsOf('*', 8000, false)).toThrow(
      "addr is '*', but must be an IP address or a host name, without",
    );
  });

  test('an address that is no string is a TypeError', () => {
    expect(() => endpointsOf(undefined as never, 8000, true)).toThrow(TypeError);
  });
});

test.each([
  ['::1', '::1'],
  ['[0:0:0:0:0:0:0:1]', '::1'],
  ['2001:DB8::00A', '2001:db8::a'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::FFFF:7f00:102', '127.0.1.2'],
  ['10.0.0.1', '10.0.0.1'],
  ['daq-host', 'daq-host'],
])('%s is %s in the tables of the kernel', (addr, expected) => {
  expect(canonicalAddress(addr)).toBe(expected);
});

test.each([
  ['[::1]', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['[FE80::1%eth0]', 'fe80::1%eth0'],
  ['fe80::1%4', 'fe80::1%4'],
  ['fe80::1%br_daq', 'fe80::1%br_daq'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['[::FFFF:7F00:1]', '127.0.0.1'],
  ['::ffff:127.0.0.1%lo', '127.0.0.1'],
  ['127.0.0.1', '127.0.0.1'],
  ['localhost.', 'localhost'],
  ['LOCALHOST', 'localhost'],
  // Of other names the dot says that they are whole.
  ['Daq-Host.example.', 'Daq-Host.example.'],
  ['Eth0', 'Eth0'],
  ['*', '*'],
])('%s is %s for a socket', (addr, expected) => {
  expect(socketAddress(addr)).toBe(expected);
});

test('an endpoint has brackets around IPv6 alone', () => {
  expect(endpointText('fe80::1%eth0', 8000)).toBe('tcp://[fe80::1%eth0]:8000');
  expect(endpointText('127.0.0.1', 8000)).toBe('tcp://127.0.0.1:8000');
  expect(endpointText('daq-host', 8000)).toBe('tcp://daq-host:8000');
});

test.each(['fe80::1', 'FEBF::1%eth0'])('%s is of one link', (addr) => {
  expect(isLinkLocal(addr)).toBe(true);
});

test.each(['fec0::1', 'fd00::1', '::1', 'fe80', '10.0.0.1'])('%s is not of one link', (addr) => {
  expect(isLinkLocal(addr)).toBe(false);
});

test.each([
  ...['127.0.0.1', '127.1.2.3', '127.1', '::1', '[::1]', '::1%lo', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'],
  ...['::FFFF:7F00:1', 'localhost', 'LOCALHOST', 'localhost.', 'localhost.localdomain', 'localhost6'],
  ...['ip6-localhost', 'ip6-loopback', 'lo'],
])('a server at %s is reached from this machine alone', (addr) => {
  expect(isLoopback(addr)).toBe(true);
});

test.each([
  '*',
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '::ffff:10.0.0.1',
  '::2',
  'eth0',
  'lo.example',
  'localhost.example',
  '127',
])('a server at %s may be reached from elsewhere', (addr) => {
  expect(isLoopback(addr)).toBe(false);
});
