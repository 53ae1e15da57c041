// The connections of this network namespace, with what their hosts have acknowledged, from Linux's own table.

import { readFileSync } from 'node:fs';
import { monotonicMs } from '../async/clock';

const ESTABLISHED = '01 ';

// A thousand connections ask within one beat; the table is read once for all of them.
const MAX_AGE_MS = 5;
// The kernel walks all of its hash table for one reading: 5 ms on a machine with 25 GB, more with 100 000 connections
// just closed. So readings may take this share of the time, after a first allowance of so many ms.
const SHARE_OF_TIME = 0.1;
const AT_ONCE_MS = 100;

/** One established TCP connection. */
export interface TcpConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Bytes that the other host has not acknowledged. */
  readonly unacknowledged: number;
  /** How often the kernel has sent again, in vain, what was not acknowledged. */
  readonly retransmits: number;
  /** How often it has asked, in vain, whether there is room again. */
  readonly probes: number;
}

/** The established connections at one moment. */
export class TcpTable {
  private readonly byLocalPort = new Map<number, TcpConnection[]>();

  /** @param text as Linux prints it. @param readAt when it was read, as `monotonicMs()`. */
  constructor(
    text: string,
    readonly readAt = 0,
  ) {
    for (let at = 0, end: number; at < text.length; at = end + 1) {
      end = text.indexOf('\n', at);
      if (end < 0) end = text.length;
      // Most of a long table are connections that have ended.
      if (isEstablished(text, at, end)) this.add(text.slice(at, end));
    }
  }

  /** Connections whose end in this namespace has this port. */
  onPort(localPort: number): readonly TcpConnection[] {
    return this.byLocalPort.get(localPort) ?? [];
  }

  private add(line: string): void {
    const connection = parseLine(line);
    if (connection === undefined) return;
    const others = this.byLocalPort.get(connection.localPort);
    if (others === undefined) this.byLocalPort.set(connection.localPort, [connection]);
    else others.push(connection);
  }
}

/** The two tables of Linux. A socket made for IPv6 is in the second, also when its peer speaks IPv4. */
export type Family = 'tcp' | 'tcp6';

/** The tables as they were last read, and how much time reading them may take. */
export class TcpTables {
  private readonly latest = new Map<Family, TcpTable>();
  private budgetMs = AT_ONCE_MS;
  private askedAt = 0;

  /** @param read the text of a table; undefined when it cannot be read. @param now in ms. */
  constructor(
    private readonly read: (family: Family) => string | undefined,
    private readonly now: () => number,
  ) {}

  /** As {@link tcpTable}. */
  get(family: Family, maxAgeMs: number): TcpTable {
    const known = this.latest.get(family);
    const now = this.now();
    this.budgetMs = Math.min(AT_ONCE_MS, this.budgetMs + (now - this.askedAt) * SHARE_OF_TIME);
    this.askedAt = now;
    if (known !== undefined && (now - known.readAt <= maxAgeMs || this.budgetMs <= 0)) return known;
    const text = this.read(family);
    this.budgetMs -= this.now() - now;
    if (text === undefined && known !== undefined) return known;
    const table = new TcpTable(text ?? '', now);
    this.latest.set(family, table);
    return table;
  }
}

const tables = new TcpTables(readText, () => monotonicMs());
let supported: boolean | undefined;

/** Whether this system has the table. */
export function hasTcpTable(): boolean {
  supported ??= process.platform === 'linux' && readText('tcp') !== undefined;
  return supported;
}

/**
 * The table, at most `maxAgeMs` old unless it has been read too often for that, or cannot be read at the moment; empty
 * where it never could.
 */
export function tcpTable(family: Family, maxAgeMs = MAX_AGE_MS): TcpTable {
  return tables.get(family, maxAgeMs);
}

/** Undefined on a kernel without IPv6, and in a process out of descriptors. */
function readText(family: Family): string | undefined {
  try {
    return readFileSync(`/proc/self/net/${family}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** Whether the line from `at` to `end` (`sl: local remote state ...`) is of an established connection. */
function isEstablished(text: string, at: number, end: number): boolean {
  const local = text.indexOf(': ', at) + 2;
  const remote = text.indexOf(' ', local) + 1;
  // Both endpoints are equally long.
  const state = remote + (remote - local);
  return local > at && state < end && text.startsWith(ESTABLISHED, state);
}

function parseLine(line: string): TcpConnection | undefined {
  // sl local remote st tx:rx tr:tm retrnsmt uid timeout inode ...
  const [, local, remote, , queues = '', , retransmits = '', , probes = ''] = line.trim().split(/\s+/);
  if (local === undefined || remote === undefined) return undefined;
  const [localAddress, localPort] = parseEndpoint(local);
  const [remoteAddress, remotePort] = parseEndpoint(remote);
  return {
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    unacknowledged: parseInt(queues, 16),
    retransmits: parseInt(retransmits, 16),
    probes: Number(probes),
  };
}

/** `0100007F:1F40` -> 127.0.0.1, 8000. Each 32-bit word is printed in host order, little-endian here. */
function parseEndpoint(text: string): [address: string, port: number] {
  const [address = '', port = '0'] = text.split(':');
  const bytes = Buffer.from(address, 'hex');
  bytes.swap32();
  return [bytes.length === 4 ? bytes.join('.') : ipv6Text(bytes), parseInt(port, 16)];
}

function ipv6Text(bytes: Buffer): string {
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff;
  if (mapped) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  // The longest run of zero groups is written as ::, by way of URL, which knows the rules.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
