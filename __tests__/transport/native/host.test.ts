// Whether the host of a silent peer is there, by what the kernel says of the connection.

import * as tables from '../../../lib/system/tcp-table';
import { isHostAnswering, type Ends } from '../../../lib/transport/native/host';

const PORT = 8000;
const PEER_PORT = 45_678;
const HEARD_AT = 1_000;

/** A line of the kernel's table: the peer's `remote` address as it prints it. */
function table(
  remote: string,
  counts: { retransmits?: number; probes?: number },
  readAt = HEARD_AT + 1,
): void {
  const { retransmits = 0, probes = 0 } = counts;
  const ends = `0100000A:1F40 ${remote}:${PEER_PORT.toString(16).toUpperCase()}`;
  const queues = '01 00000040:00000000 01:00000014';
  const line = `   0: ${ends} ${queues} ${String(retransmits).padStart(8, '0')}     0        ${probes} 123 1\n`;
  jest.spyOn(tables, 'hasTcpTable').mockReturnValue(true);
  jest.spyOn(tables, 'tcpTable').mockReturnValue(new tables.TcpTable(line, readAt));
}

const socketTo = (remoteAddress: string, localAddress = '10.0.0.1'): Ends => ({
  localAddress,
  localPort: PORT,
  remoteAddress,
  remotePort: PEER_PORT,
  remoteFamily: 'IPv4',
});

afterEach(() => jest.restoreAllMocks());

const OTHER_HOST = '0200000A';

test.each([
  ['acknowledges all', {}, true],
  ['was slow once', { retransmits: 1, probes: 1 }, true],
  ['acknowledges nothing', { retransmits: 2 }, false],
  ['does not answer whether it has room', { probes: 2 }, false],
])('another host that %s', (_, counts, expected) => {
  table(OTHER_HOST, counts);
  expect(isHostAnswering(socketTo('10.0.0.2'), HEARD_AT)).toBe(expected);
});

test('a table that is older than the silence proves nothing', () => {
  table(OTHER_HOST, { retransmits: 9 }, HEARD_AT - 1);
  expect(isHostAnswering(socketTo('10.0.0.2'), HEARD_AT)).toBe(true);
});

// A machine that is busy acknowledges to itself late.
test.each([
  ['loopback', '0100007F', '127.0.0.1', '127.0.0.1'],
  ['another loopback address', '0200007F', '127.0.0.2', '127.0.0.1'],
  ['an address of its own', '0100000A', '10.0.0.1', '10.0.0.1'],
])('this host is there by %s, whatever its kernel sends again', (_, remote, remoteAddress, localAddress) => {
  table(remote, { retransmits: 9, probes: 9 });
  expect(isHostAnswering(socketTo(remoteAddress, localAddress), HEARD_AT)).toBe(true);
});
