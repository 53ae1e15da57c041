// Host names, looked up by Node: all addresses of one, IPv4 first, since a Rogue server has no other.

import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';

// Sockets of many bridges ask for the same name at once, and Node has four threads for all that it looks up.
const pending = new Map<string, Promise<LookupAddress[]>>();

/**
 * The addresses of a name. Node's own choice leaves out those of a family that the machine has for loopback alone.
 *
 * Rejects with the system's error, e.g. `ENOTFOUND`, `EAI_AGAIN`.
 */
export function addressesOf(name: string): Promise<LookupAddress[]> {
  let found = pending.get(name);
  if (found === undefined) {
    found = lookUp(name).finally(() => pending.delete(name));
    pending.set(name, found);
  }
  return found;
}

async function lookUp(name: string): Promise<LookupAddress[]> {
  const addresses = await lookup(name, { all: true });
  return addresses.sort((a, b) => a.family - b.family);
}
