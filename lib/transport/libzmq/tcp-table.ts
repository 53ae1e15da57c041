// Who is connected, from Linux's own table. libzmq tells it only through a monitor, which costs two sockets,
// two descriptors, for every socket watched: as much again as the bridge. The kernel knows it for nothing.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ESTABLISHED = '01';

// A loop over a thousand bridges asks a thousand times; the table is read once for all of them.
const MAX_AGE_MS = 5;

/** One established TCP connection that ends in this network namespace. */
export interface Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** `socket:[n]`, as the links in /proc/self/fd read. */
  readonly inode: string;
}

/** The established connections at one moment. */
export class TcpTable {
  private readonly byLocalPort = new Map<number, Connection[]>();
  private readonly byRemotePort = new Map<number, Connection[]>();
  private own: ReadonlySet<string> | undefined;

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      for (const line of text.split('\n')) this.add(line);
    }
  }

  /** Connections accepted on this port; the port's one listener is ours, so they are, too. */
  acceptedOn(port: number): readonly Connection[] {
    return this.byLocalPort.get(port) ?? [];
  }

  /** Connections of this process to that port, wherever it is. */
  connectedTo(port: number): readonly Connection[] {
    const candidates = this.byRemotePort.get(port);
    if (candidates === undefined) return [];
    const own = (this.own ??= ownSockets());
    return candidates.filter((connection) => own.has(connection.inode));
  }

  private add(line: string): void {
    // sl local remote st tx:rx tr:tm retrnsmt uid timeout inode ...
    const fields = line.trim().split(/\s+/);
    const [, local, remote, state] = fields;
    if (local === undefined || remote === undefined || state !== ESTABLISHED) return;
    const [localAddress, localPort] = parseEndpoint(local);
    const [remoteAddress, remotePort] = parseEndpoint(remote);
    const inode = `socket:[${fields[9] ?? ''}]`;
    const connection = { localAddress, localPort, remoteAddress, remotePort, inode };
    push(this.byLocalPort, localPort, connection);
    push(this.byRemotePort, remotePort, connection);
  }
}

let latest: { readonly table: TcpTable; readonly readAt: number } | undefined;
let supported: boolean | undefined;

/** Whether this system has the table; where it has not, monitors are the only way. */
export function hasTcpTable(): boolean {
  supported ??= process.platform === 'linux' && readTexts() !== undefined;
  return supported;
}

/** The table, at most `maxAgeMs` old; empty where it cannot be read. */
export function tcpTable(maxAgeMs = MAX_AGE_MS): TcpTable {
  const now = performance.now();
  if (latest === undefined || now - latest.readAt > maxAgeMs) {
    latest = { table: new TcpTable(readTexts() ?? []), readAt: now };
  }
  return latest.table;
}

function readTexts(): string[] | undefined {
  const texts: string[] = [];
  for (const path of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
    try {
      texts.push(readFileSync(path, 'latin1'));
    } catch {
      // A kernel without IPv6 has no tcp6; a process out of descriptors can read neither.
    }
  }
  return texts.length === 0 ? undefined : texts;
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
