// Refuses servers of a relay that cannot be: the source itself, or two on one port.

import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { hostOf, isLog, targetText, WILDCARDS, type AnyTarget, type Target } from '../support/arguments';
import { UsageError } from '../support/errors';

const LOOPBACKS = ['127.0.0.1', '::1'];

/** A server of ours, and the option that asks for it. */
interface Server extends Target {
  readonly option: '--from' | '--to';
}

/**
 * Logs among these are for check-logs.ts.
 * @throws {UsageError} when frames would go round, or when two servers would need the same port.
 */
export async function checkServers(
  from: AnyTarget,
  to: readonly AnyTarget[],
  listen: boolean,
): Promise<void> {
  const servers: Server[] = to.flatMap((one) => (isLog(one) ? [] : [{ ...one, option: '--to' }]));
  if (!isLog(from)) {
    if (listen) servers.unshift({ ...from, option: '--from' });
    else await checkSource(from, servers);
  }
  for (const [index, one] of servers.entries()) {
    for (const other of servers.slice(index + 1)) {
      // Each has its base port and the next one.
      if (Math.abs(one.port - other.port) > 1 || !(await overlap(one, other))) continue;
      throw new UsageError(
        `${one.option} ${targetText(one)} and ${other.option} ${targetText(other)} would share a port: ` +
          'each takes its base port and the next one',
      );
    }
  }
}

async function checkSource(from: Target, to: readonly Target[]): Promise<void> {
  for (const one of to) {
    if (one.port !== from.port || !(await overlap(from, one))) continue;
    throw new UsageError(
      `--from ${targetText(from)} would connect to --to ${targetText(one)}: frames would go round; ` +
        'serve at another port',
    );
  }
}

async function overlap(one: Target, other: Target): Promise<boolean> {
  if (one.addr === other.addr) return true;
  const [a, b] = await Promise.all([one, other].map((target) => addressesOf(hostOf(target))));
  const [inA, inB] = [listOf(a!), listOf(b!)];
  return a!.some((address) => has(inB, address)) || b!.some((address) => has(inA, address));
}

/** The addresses of a host or an interface; none where they cannot be found: opening the bridge says so. */
async function addressesOf(host: string): Promise<string[]> {
  const own = Object.entries(networkInterfaces()).find(([name]) => name === host)?.[1];
  if (own !== undefined) return own.map(({ address }) => address);
  if (WILDCARDS.includes(host)) {
    const others = Object.values(networkInterfaces()).flatMap((all = []) => all);
    return [...WILDCARDS.slice(1), ...LOOPBACKS, ...others.map(({ address }) => address)];
  }
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address.replace(/%.*$/, ''));
}

/** Finds an address however it is written. */
function listOf(addresses: readonly string[]): BlockList {
  const list = new BlockList();
  for (const address of addresses) list.addAddress(address, familyOf(address));
  // All of that network is this machine, and no interface lists it.
  if (addresses.includes(WILDCARDS[1]!)) list.addSubnet('127.0.0.0', 8);
  return list;
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
