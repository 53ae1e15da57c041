// (addr, port, role) -> the two endpoints of a bridge. Pure.
// slaclab/rogue src/rogue/interfaces/stream/TcpCore.cpp, constructor.

import { isIPv4, isIPv6 } from 'node:net';
import { show } from '../errors';
import { checkInteger } from '../validate';

/** The largest base port: the next port must be one, too. */
const MAX_BASE_PORT = 65_534;
// A host name or an interface: nothing in it that has a meaning in an endpoint.
const PLAIN_NAME = /^[^\s\p{C}:/;@*[\]]+$/u;
// What the hosts files of Debian and Red Hat call this machine.
const LOOPBACK_NAME = /^((ip6-)?localhost[46]?(\.localdomain[46]?)?|ip6-loopback)\.?$/i;
// Of Linux, and of BSD and macOS.
const LOOPBACK_INTERFACES = ['lo', 'lo0'];
// A host name has at most 253. What is longer would be in every message and every log line of its bridge.
const MAX_ADDRESS_CHARS = 255;

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
 * @param addr IPv4 or IPv6 address (with or without brackets) or host name; servers only: an interface of this machine,
 *   or `*` for every one.
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
  const wildcard = server ? ', an interface such as eth0, or * for every interface' : '';
  const allowed = `an IP address or a host name${wildcard}, without a port`;
  if (typeof addr !== 'string') throw new TypeError(`addr is ${show(addr)}, but must be ${allowed}`);
  const isShort = addr.length <= MAX_ADDRESS_CHARS;
  const bare = isShort ? bareAddress(addr) : '';
  const { ip, scope } = splitScope(bare);
  if (isIPv6(ip) && (scope === undefined || PLAIN_NAME.test(scope))) return `[${bare}]`;
  if (!isShort || (addr === '*' ? !server : !PLAIN_NAME.test(addr))) {
    throw new RangeError(`addr is ${show(addr)}, but must be ${allowed}`);
  }
  return addr;
}

/**
 * An address as a socket is given it: an IPv6 address without brackets, in the one text of {@link canonicalAddress} and
 * with its scope; an IPv4 address without its IPv6 wrapping; `localhost` as hosts files have it, which list no dot at
 * its end; anything else as it is.
 */
export function socketAddress(addr: string): string {
  const bare = bareAddress(addr);
  const { ip, scope } = splitScope(bare);
  if (!isIPv6(ip)) return /^localhost\.?$/i.test(bare) ? 'localhost' : bare;
  const text = canonicalAddress(ip);
  return scope === undefined || isIPv4(text) ? text : `${text}%${scope}`;
}

/** The endpoint of a {@link socketAddress}, as libzmq takes it. */
export function endpointText(host: string, port: number): string {
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `fe80::1%eth0` -> fe80::1, eth0. The scope names an interface, or numbers it. */
export function splitScope(addr: string): { readonly ip: string; readonly scope?: string } {
  const at = addr.indexOf('%');
  return at < 0 ? { ip: addr } : { ip: addr.slice(0, at), scope: addr.slice(at + 1) };
}

/** Whether an IPv6 address is of one link alone, so that it needs a scope. */
export function isLinkLocal(addr: string): boolean {
  return /^fe[89ab][\da-f]:/i.test(addr);
}

/** An IP address as the kernel's tables are read: one text for each, an IPv4 address where IPv6 maps it, no scope. */
export function canonicalAddress(addr: string): string {
  const { ip } = splitScope(bareAddress(addr));
  if (!isIPv6(ip)) return ip;
  const text = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(text);
  if (mapped === null) return text;
  const [high, low] = [parseInt(mapped[1]!, 16), parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** An IPv6 address out of its brackets; anything else as it is. */
function bareAddress(addr: string): string {
  return addr.startsWith('[') && addr.endsWith(']') ? addr.slice(1, -1) : addr;
}

/** `<address>:<port>` as people write it: an IPv6 address in brackets, an IPv4 address without its IPv6 wrapping. */
export function hostPort(address: string, port: number): string {
  const bare = bareAddress(address).replace(/^::ffff:(?=[\d.]+$)/i, '');
  return bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
}

/** Whether only this machine can reach a server bound to `addr`. */
export function isLoopback(addr: string): boolean {
  const host = canonicalAddress(addr);
  // 127.1 is short for 127.0.0.1.
  if (host === '::1' || /^127(\.\d+){1,3}$/.test(host)) return true;
  return LOOPBACK_NAME.test(host) || LOOPBACK_INTERFACES.includes(host);
}
