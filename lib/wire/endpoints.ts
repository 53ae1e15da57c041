// (addr, port, role) -> the two endpoints of a bridge. Pure.
// slaclab/rogue src/rogue/interfaces/stream/TcpCore.cpp, constructor.

import { isIPv6 } from 'node:net';
import { show } from '../errors';
import { checkInteger } from '../validate';

/** The largest base port: the next port must be one, too. */
const MAX_BASE_PORT = 65_534;

/** Where one bridge's two sockets go. */
export interface Endpoints {
  /** True when both are bound, false when both are connected. */
  readonly server: boolean;
  /** Address as the caller gave it. */
  readonly addr: string;
  readonly pushPort: number;
  readonly pullPort: number;
  /** `tcp://<addr>:<port>` */
  readonly push: string;
  readonly pull: string;
}

/**
 * A server pulls on the base port and pushes on the next one; a client the other way round.
 *
 * @param addr IPv4 or IPv6 address (with or without brackets) or host name; `*` is every interface, servers only.
 * @param port base port, 1..65534.
 * @throws {TypeError} when `addr` is no string. @throws {RangeError} when `addr` or `port` cannot be one.
 */
export function endpointsOf(addr: string, port: number, server: boolean): Endpoints {
  const host = checkAddress(addr, server);
  checkInteger('port', port, 1, MAX_BASE_PORT, ', because the bridge uses this port and the next one');
  const pushPort = server ? port + 1 : port;
  const pullPort = server ? port : port + 1;
  return {
    server,
    addr,
    pushPort,
    pullPort,
    push: `tcp://${host}:${pushPort}`,
    pull: `tcp://${host}:${pullPort}`,
  };
}

function checkAddress(addr: unknown, server: boolean): string {
  const wildcard = server ? ', or * for every interface' : '';
  const allowed = `an IP address or a host name${wildcard}, without a port`;
  if (typeof addr !== 'string') throw new TypeError(`addr is ${show(addr)}, but must be ${allowed}`);
  const bare = bareAddress(addr);
  if (isIPv6(bare)) return `[${bare}]`;
  if (addr === '*' ? !server : !/^[^\s:/;@*[\]]+$/.test(addr)) {
    throw new RangeError(`addr is ${show(addr)}, but must be ${allowed}`);
  }
  return addr;
}

/** An IP address as the kernel's tables are read: one text for each, an IPv4 address where IPv6 maps it, no zone. */
export function canonicalAddress(addr: string): string {
  const bare = bareAddress(addr).replace(/%.*$/, '');
  if (!isIPv6(bare)) return bare;
  const text = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(text);
  if (mapped === null) return text;
  const [high, low] = [parseInt(mapped[1]!, 16), parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** An IPv6 address out of its brackets; anything else as it is. */
export function bareAddress(addr: string): string {
  return addr.startsWith('[') && addr.endsWith(']') ? addr.slice(1, -1) : addr;
}

/** `<address>:<port>` as people write it: an IPv6 address in brackets, an IPv4 address without its IPv6 wrapping. */
export function hostPort(address: string, port: number): string {
  const bare = bareAddress(address).replace(/^::ffff:(?=[\d.]+$)/i, '');
  return bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
}

/** Whether only this machine can reach a server bound to `addr`. */
export function isLoopback(addr: string): boolean {
  const bare = bareAddress(addr);
  return bare === 'localhost' || bare === '::1' || /^127\.\d+\.\d+\.\d+$/.test(bare);
}
