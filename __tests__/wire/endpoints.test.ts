import { canonicalAddress, endpointsOf } from '../../lib/wire/endpoints';

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

  test.each(['', ' ', '127.0.0.1:8000', 'tcp://127.0.0.1', 'a b', '[::1', '::1::'])(
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
