// Interfaces as a server's address, on a host of its own that has some of every kind.

import { spawnSync } from 'node:child_process';
import { isIPv6 } from 'node:net';
import { engines } from '../helpers/engines';
import { endPeers, startPeer, type Peer } from '../helpers/process';

const HOST = `rb-${process.pid}-i`;
// Its network is IPv6 alone.
const IPV6_HOST = `rb-${process.pid}-6`;
const PORT = 8000;

function ip(...args: string[]): boolean {
  return spawnSync('ip', args).status === 0;
}

/** Both ends of a cable; without addresses that the kernel makes up, which cannot be used at once. */
function makeCable(one: string, other: string, host = HOST): boolean {
  const on = (...args: string[]): boolean => ip('-n', host, ...args);
  return (
    on('link', 'add', one, 'type', 'veth', 'peer', 'name', other) &&
    [one, other].every((end) => on('link', 'set', end, 'addrgenmode', 'none'))
  );
}

function setUp(name: string, addresses: readonly string[] = [], host = HOST): boolean {
  return (
    ip('-n', host, 'link', 'set', name, 'up') &&
    addresses.every((address) => {
      // At once, and not after a second in which somebody else may claim it.
      const more = address.includes(':') ? ['nodad'] : [];
      return ip('-n', host, 'addr', 'add', address, 'dev', name, ...more);
    })
  );
}

function makeHost(): boolean {
  return (
    ip('netns', 'add', HOST) &&
    setUp('lo') &&
    makeCable('both0', 'both1') &&
    setUp('both1') &&
    setUp('both0', ['fd13::1/64', '10.213.8.1/24', '10.213.8.2/24']) &&
    makeCable('six0', 'six1') &&
    setUp('six1') &&
    setUp('six0', ['fe80::51/64', 'fd14::1/64']) &&
    makeCable('link0', 'br_daq') &&
    setUp('br_daq', ['fe80::61/64']) &&
    setUp('link0', ['fe80::62/64']) &&
    makeCable('unplugged', 'away') &&
    setUp('unplugged', ['10.213.9.1/24']) &&
    setUp('away', ['10.213.10.1/24']) &&
    ip('-n', HOST, 'link', 'set', 'away', 'down')
  );
}

function makeIPv6Host(): boolean {
  return (
    ip('netns', 'add', IPV6_HOST) &&
    setUp('lo', [], IPV6_HOST) &&
    makeCable('six0', 'six1', IPV6_HOST) &&
    setUp('six1', [], IPV6_HOST) &&
    setUp('six0', ['fd15::1/64'], IPV6_HOST)
  );
}

function endHosts(): void {
  for (const host of [HOST, IPV6_HOST]) ip('netns', 'del', host);
}

const allowed = makeHost() && makeIPv6Host();
if (!allowed) endHosts();

afterEach(endPeers);
afterAll(endHosts);

function start(role: 'server' | 'client', addr: string, host: string, ...mode: string[]): Peer {
  return startPeer('bridge-peer.cjs', [role, addr, PORT, ...mode], `exec ip netns exec ${host}`);
}

/** A frame of a client arrives at the server. */
async function meet(bound: string, connected: string, host = HOST): Promise<void> {
  const both = start('server', bound, host, 'meet', connected);
  await both.say('received');
  expect(await both.end()).toBe(0);
}

async function refusalOf(bound: string): Promise<string> {
  const server = start('server', bound, HOST, 'sink');
  expect(await server.end()).toBe(1);
  return server.stderr;
}

const SILENT =
  /at address \w+, an interface that is down, without a link or without an address; use an IP address/;

(allowed ? describe : describe.skip)('a host of its own (needs the right to make network namespaces)', () => {
  test.each([
    ['both0', '10.213.8.1', 'its first IPv4 address'],
    ['six0', 'fd14::1', 'where it has no IPv4 address, the IPv6 address of more than its link'],
    ['link0', 'fe80::62%link0', 'where it has no other, the address of its link'],
  ])('interface %s is bound by %s: %s', async (name, address) => {
    await meet(name, address);
  });

  test('an interface whose name Node does not take as a scope: told on native, bound on libzmq', async () => {
    const address = 'fe80::61%br_daq';
    if (engines.server === 'libzmq' || isIPv6(address)) {
      await meet('br_daq', address);
      return;
    }
    const why = "since Node takes no interface named br_daq there; use an IPv4 address or engine: 'libzmq'";
    expect(await refusalOf('br_daq')).toContain(`at address br_daq, ${why} (EINVAL)`);
    const client = start('client', address, HOST, 'source');
    expect(await client.end()).toBe(1);
    expect(client.stderr).toContain(`at address ${address}, ${why} (EINVAL)`);
  });

  test.each([
    ['unplugged', '10.213.9.1'],
    ['away', '10.213.10.1'],
  ])(
    'interface %s, without a link or down, is told on native and bound on libzmq; %s is bound on both',
    async (name, address) => {
      if (engines.server === 'libzmq') await meet(name, address);
      else expect(await refusalOf(name)).toMatch(SILENT);
      await meet(address, address);
    },
  );

  test('a client finds the IPv4 address of localhost where the network is IPv6 alone', async () => {
    await meet('lo', 'localhost', IPV6_HOST);
  });

  test('an interface without an address is told', async () => {
    expect(await refusalOf('both1')).toMatch(SILENT);
  });
});
