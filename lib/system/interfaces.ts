// The network interfaces of this machine. Node tells those that are up and have a link; Linux lists the others, too.

import { readFileSync } from 'node:fs';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { isIPv6 } from 'node:net';
import { isLinkLocal, splitScope } from '../wire/endpoints';

/** Whether this machine has an interface of this name, with an address or without. */
export function isInterface(name: string): boolean {
  return addressesOf(name).length > 0 || listed('dev', /^\s*([^\s:]+):/gm).some(([own]) => own === name);
}

/**
 * The address that an interface is bound by: its first IPv4 address, as libzmq takes it; where there is none, an IPv6
 * address, of its link only where it has no other. Undefined where Node tells none.
 */
export function interfaceAddress(name: string): string | undefined {
  const all = addressesOf(name);
  const ipv6 = all.filter(({ family }) => family === 'IPv6').map(({ address }) => address);
  const found =
    all.find(({ family }) => family === 'IPv4')?.address ??
    ipv6.find((address) => !isLinkLocal(address)) ??
    ipv6[0];
  return found !== undefined && isLinkLocal(found) ? `${found}%${name}` : found;
}

/** The interface that the scope of an IPv6 address names or numbers; undefined where this machine has no such one. */
export function scopeInterface(scope: string): string | undefined {
  if (isInterface(scope)) return scope;
  // 0 is no interface, and the number of every address that needs none.
  if (!/^[1-9]\d*$/.test(scope)) return undefined;
  const number = Number(scope);
  const inLinux = listed('if_inet6', /^\S+ ([\da-f]+) \S+ \S+ \S+ +(\S+)$/gm).find(
    ([index]) => parseInt(index!, 16) === number,
  );
  if (inLinux !== undefined) return inLinux[1];
  return nodesOwn().find(([, all]) =>
    all.some((one) => one.family === 'IPv6' && one.scopeid === number),
  )?.[0];
}

/** An address as Node takes it: a numbered scope by its name, where there is one. Windows knows numbers alone. */
export function withScopeName(host: string): string {
  const { ip, scope } = splitScope(host);
  if (scope === undefined || !isIPv6(ip) || process.platform === 'win32') return host;
  return `${ip}%${scopeInterface(scope) ?? scope}`;
}

function addressesOf(name: string): readonly NetworkInterfaceInfo[] {
  return nodesOwn().find(([own]) => own === name)?.[1] ?? [];
}

function nodesOwn(): (readonly [name: string, addresses: readonly NetworkInterfaceInfo[]])[] {
  try {
    return Object.entries(networkInterfaces()).map(([name, addresses = []]) => [name, addresses]);
  } catch {
    // Where a sandbox hides them.
    return [];
  }
}

/** What each match of `line` found in a table of this process's network. */
function listed(table: 'dev' | 'if_inet6', line: RegExp): string[][] {
  try {
    const text = readFileSync(`/proc/self/net/${table}`, 'latin1');
    return [...text.matchAll(line)].map(([, ...found]) => found);
  } catch {
    // Not Linux, or a kernel without IPv6.
    return [];
  }
}
