// What the network of this machine has, for tests that need it.

import os, { type NetworkInterfaceInfo } from 'node:os';

/** An interface with an IPv6 address of its link, as most have that are not loopback. */
export interface Link {
  readonly name: string;
  readonly number: number;
  readonly address: string;
}

/** The first of them; undefined where this machine has none. */
export function findLink(): Link | undefined {
  for (const [name, all = []] of Object.entries(os.networkInterfaces())) {
    for (const one of all) {
      if (one.family === 'IPv6' && one.address.startsWith('fe80:')) {
        return { name, number: one.scopeid, address: one.address };
      }
    }
  }
  return undefined;
}

/** Whether ::1 is an address of this machine. */
export function hasIPv6(): boolean {
  return Object.values(os.networkInterfaces()).some((all = []) =>
    all.some(({ address }) => address === '::1'),
  );
}

/** An address as Node lists it, with what the tests look at. */
export function listed(address: string, scopeid = 0): NetworkInterfaceInfo {
  const rest = { address, netmask: '', mac: '', internal: false, cidr: null };
  return address.includes(':') ? { ...rest, family: 'IPv6', scopeid } : { ...rest, family: 'IPv4' };
}
