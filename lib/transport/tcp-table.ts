// Who is connected, from Linux's own table. libzmq tells it only through a monitor, which costs two sockets,
// two descriptors, for every socket watched: as much again as the bridge. The kernel knows it for nothing.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { monotonicMs } from '../async/clock';

const ESTABLISHED = '01 ';
const SYN_SENT = '02 ';

// A loop over a thousand bridges asks a thousand times; the table is read once for all of them.
const MAX_AGE_MS = 5;
// The kernel walks all of its hash table for one reading: 5 ms on a machine with 25 GB, more with 100 000 connections
// just closed. Whoever asks often, and whoever opens and drops connections, each of which is a reason to look, may cost
// us this share of the time, behind so much at once.
const SHARE_OF_TIME = 0.1;
const AT_ONCE_MS = 100;

/**
 * Why somebody looks. `now` is for what would go wrong with an older table, and happens once a socket; the others each
 * have their share of the time, and get the last table when it is used up.
 */
export type Purpose = 'now' | 'event' | 'question';

/** One established TCP connection that ends in this network namespace. */
export interface Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** `socket:[n]`, as the links in /proc/self/fd read. */
  readonly inode: string;
  /** Bytes that the other host has not acknowledged. */
  readonly unacknowledged: number;
  /** How often the kernel has sent again, in vain, what was not acknowledged. */
  readonly retransmits: number;
  /** How often it has asked, in vain, whether there is room again. */
  readonly probes: number;
}

/** The established connections at one moment. */
export class TcpTable {
  private readonly byLocalPort = new Map<number, Connection[]>();
  private readonly byRemotePort = new Map<number, Connection[]>();
  private readonly beginning = new Map<number, Connection[]>();
  private own: ReadonlySet<string> | undefined;

  /** @param text as Linux prints it. @param readAt when it was read, as `performance.now()`. */
  constructor(
    text: string,
    readonly readAt = 0,
  ) {
    for (let at = 0, end: number; at < text.length; at = end + 1) {
      end = text.indexOf('\n', at);
      if (end < 0) end = text.length;
      // Most of a long table are connections that have ended.
      if (hasState(ESTABLISHED, text, at, end)) this.add(text.slice(at, end));
      else if (hasState(SYN_SENT, text, at, end)) {
        const connection = parseLine(text.slice(at, end));
        if (connection !== undefined) push(this.beginning, connection.remotePort, connection);
      }
    }
  }

  /** Connections accepted on this port; the port's one listener is ours, so they are, too. */
  acceptedOn(port: number): readonly Connection[] {
    return this.byLocalPort.get(port) ?? [];
  }

  /** Connections of this process to that port, wherever it is. */
  connectedTo(port: number): readonly Connection[] {
    return this.ours(this.byRemotePort.get(port));
  }

  /** What may become a connection of this process to that port, once its host has answered. */
  connectingTo(port: number): readonly Connection[] {
    return this.ours(this.beginning.get(port));
  }

  private ours(candidates: readonly Connection[] | undefined): readonly Connection[] {
    if (candidates === undefined) return [];
    const own = (this.own ??= ownSockets());
    return candidates.filter((connection) => own.has(connection.inode));
  }

  private add(line: string): void {
    const connection = parseLine(line);
    if (connection === undefined) return;
    push(this.byLocalPort, connection.localPort, connection);
    push(this.byRemotePort, connection.remotePort, connection);
  }
}

/** The two tables that Linux keeps; sockets made for IPv6 are in the second, whoever connects to them. */
export type Family = 'tcp' | 'tcp6';

/** The tables as they were last read, and how much time reading them may take. */
export class TcpTables {
  private readonly latest = new Map<Family, TcpTable>();
  private readonly budgets = { event: new Budget(), question: new Budget() };

  /** @param read the text of a table; undefined when it cannot be read. @param now in ms. */
  constructor(
    private readonly read: (family: Family) => string | undefined,
    private readonly now: () => number,
  ) {}

  /** As {@link tcpTable}. */
  get(family: Family, purpose: Purpose, maxAgeMs: number): TcpTable {
    const known = this.latest.get(family);
    const budget = purpose === 'now' ? undefined : this.budgets[purpose];
    const now = this.now();
    if (known !== undefined && budget !== undefined) {
      if (now - known.readAt <= maxAgeMs || !budget.has(now)) return known;
    }
    const text = this.read(family);
    budget?.spend(this.now() - now);
    if (text === undefined && known !== undefined) return known;
    const table = new TcpTable(text ?? '', now);
    this.latest.set(family, table);
    return table;
  }
}

/** Time that may be spent: a share of what goes by. */
class Budget {
  private ms = AT_ONCE_MS;
  private at = 0;

  has(now: number): boolean {
    this.ms = Math.min(AT_ONCE_MS, this.ms + (now - this.at) * SHARE_OF_TIME);
    this.at = now;
    return this.ms > 0;
  }

  spend(ms: number): void {
    this.ms -= ms;
  }
}

const tables = new TcpTables(readText, () => monotonicMs());
let supported: boolean | undefined;

/** Whether this system has the table; where it has not, monitors are the only way. */
export function hasTcpTable(): boolean {
  supported ??= process.platform === 'linux' && readText('tcp') !== undefined;
  return supported;
}

/**
 * The table, at most `maxAgeMs` old unless it has been read too often for that, or cannot be read at the moment; empty
 * where it never could.
 */
export function tcpTable(family: Family, purpose: Purpose, maxAgeMs = MAX_AGE_MS): TcpTable {
  return tables.get(family, purpose, maxAgeMs);
}

/** Undefined on a kernel without IPv6, and in a process out of descriptors. */
function readText(family: Family): string | undefined {
  try {
    return readFileSync(`/proc/self/net/${family}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** Whether the line from `at` to `end` (`sl: local remote state ...`) is of a connection in this state. */
function hasState(wanted: string, text: string, at: number, end: number): boolean {
  const local = text.indexOf(': ', at) + 2;
  const remote = text.indexOf(' ', local) + 1;
  // Both endpoints are equally long.
  const state = remote + (remote - local);
  return local > at && state < end && text.startsWith(wanted, state);
}

function parseLine(line: string): Connection | undefined {
  // sl local remote st tx:rx tr:tm retrnsmt uid timeout inode ...
  const fields = line.trim().split(/\s+/);
  const [, local, remote, , queues = '', , retransmits = '', , probes = '', inode = ''] = fields;
  if (local === undefined || remote === undefined) return undefined;
  const [localAddress, localPort] = parseEndpoint(local);
  const [remoteAddress, remotePort] = parseEndpoint(remote);
  return {
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    inode: `socket:[${inode}]`,
    unacknowledged: parseInt(queues, 16),
    retransmits: parseInt(retransmits, 16),
    probes: Number(probes),
  };
}

function ownSockets(): ReadonlySet<string> {
  const own = new Set<string>();
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      own.add(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // Closed since it was listed.
    }
  }
  return own;
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

function push(map: Map<number, Connection[]>, port: number, connection: Connection): void {
  const list = map.get(port);
  if (list === undefined) map.set(port, [connection]);
  else list.push(connection);
}
