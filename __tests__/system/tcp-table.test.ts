import { connect, createServer, type AddressInfo } from 'node:net';
import { TcpTable, TcpTables, hasTcpTable, tcpTable } from '../../lib/system/tcp-table';

// As Linux 6.18 printed them: a listener, both ends of one connection on loopback, one that is closing.
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7575 1 0000000022536e35 100 0 0 10 0
   1: 0100007F:D044 0100007F:1F40 01 00000000:00000000 00:00000000 00000000     0        0 6327 2 000000006468c37e 20 4 25 14 -1
   2: 0100007F:1F40 0100007F:D044 01 00000000:00000000 00:00000000 00000000     0        0 6328 2 0000000087ea4058 20 4 24 14 -1
   3: 0100007F:1F40 0100007F:D046 08 00000000:00000000 00:00000000 00000000     0        0 6329 2 0000000087ea4058 20 4 24 14 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F40 00000000000000000000000001000000:D050 01 00000000:00000000 00:00000000 00000000     0        0 7001 1
   1: 0000000000000000FFFF00000100007F:1F40 0000000000000000FFFF00000200007F:D052 01 00000000:00000000 00:00000000 00000000     0        0 7002 1
   2: B80D0120000000000000000001000000:1F41 B80D0120000000000000000002000000:D054 01 00000000:00000000 00:00000000 00000000     0        0 7003 1
`;

describe('TcpTable', () => {
  test('finds the established connections of a port, and neither listeners nor closing ones', () => {
    expect(new TcpTable(TCP).onPort(8000)).toEqual([
      {
        localAddress: '127.0.0.1',
        localPort: 8000,
        remoteAddress: '127.0.0.1',
        remotePort: 53_316,
        unacknowledged: 0,
        retransmits: 0,
        probes: 0,
      },
    ]);
  });

  test('reads IPv6 addresses, and those of IPv4 in their clothes as IPv4', () => {
    const table = new TcpTable(TCP6);
    expect(table.onPort(8000).map(({ remoteAddress }) => remoteAddress)).toEqual(['::1', '127.0.0.2']);
    expect(table.onPort(8001).map(({ remoteAddress }) => remoteAddress)).toEqual(['2001:db8::2']);
  });

  test('reads what was not acknowledged, what was sent again, and what was asked again', () => {
    const line =
      '   2: 0100007F:1F40 0100007F:D044 01 0000A000:00000000 01:00000014 00000003     0        4 6328 2 0 20 4 24 14 -1';
    expect(new TcpTable(`head\n${line}\n`).onPort(8000)).toMatchObject([
      { unacknowledged: 0xa000, retransmits: 3, probes: 4 },
    ]);
  });

  test('finds nothing in its head, whatever follows', () => {
    const [head, , established] = TCP.split('\n');
    expect(new TcpTable(`${head!}\n${established!}\n`).onPort(0xd044)).toHaveLength(1);
  });

  test('is empty for what is no table', () => {
    for (const text of ['', 'nonsense\n\n  1: 2 3\n', '01 ', ': ']) {
      const table = new TcpTable(text);
      expect(table.onPort(8000)).toEqual([]);
    }
  });

  test('is read for a tenth of the time at most, however often somebody asks', () => {
    // As on a machine whose table takes 5 ms to read.
    let now = 0;
    let reads = 0;
    const read = (): string => {
      reads += 1;
      now += 5;
      return TCP;
    };
    const tables = new TcpTables(read, () => now);
    for (; now < 10_000; now += 1) tables.get('tcp', 0);
    // The first of them come at once: 20 are 100 ms.
    expect(reads * 5).toBeGreaterThan(900);
    expect(reads * 5).toBeLessThan(1_200);
    // Whoever needs it no fresher than it is reads nothing.
    reads = 0;
    for (let i = 0; i < 100; i++) tables.get('tcp', 10_000);
    expect(reads).toBe(0);
  });

  test('stays as it was while it cannot be read', () => {
    let text: string | undefined = TCP;
    let now = 0;
    const tables = new TcpTables(
      () => text,
      () => (now += 1),
    );
    expect(tables.get('tcp', 0).onPort(8000)).toHaveLength(1);
    text = undefined;
    expect(tables.get('tcp', 0).onPort(8000)).toHaveLength(1);
    expect(tables.get('tcp6', 0).onPort(8000)).toHaveLength(0);
  });

  (hasTcpTable() ? test : test.todo)('finds the connections of this process in the system', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const accepted = new Promise((resolve) => server.once('connection', resolve));
    const socket = connect(port, '127.0.0.1');
    await accepted;
    const table = tcpTable('tcp', 0);
    expect(table.onPort(port).map(({ remotePort }) => remotePort)).toEqual([socket.localPort]);
    expect(table.onPort(socket.localPort!).map(({ remotePort }) => remotePort)).toEqual([port]);
    socket.destroy();
    server.close();
  });
});
