// Who may connect: addresses and CIDR blocks. Pure.

import { BlockList, isIP } from 'node:net';
import { show } from '../errors';

const MAX_PREFIX = { 4: 32, 6: 128 } as const;
// An IPv4 peer of a socket that is bound to IPv6 as well.
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** Addresses and blocks, IPv4 and IPv6. */
export class AllowList {
  private readonly list = new BlockList();

  /**
   * @param entries e.g. `['10.1.2.3', '10.2.0.0/16', 'fd00::/8']`. None lets nobody in.
   * @throws {TypeError} {RangeError} naming the entry that is neither an address nor a block.
   */
  constructor(entries: readonly string[]) {
    if (!Array.isArray(entries)) {
      throw new TypeError(`allow is ${show(entries)}, but must be a list of addresses and CIDR blocks`);
    }
    for (const entry of entries as unknown[]) this.add(entry);
  }

  /** Whether a peer at this IP address may connect. */
  has(address: string): boolean {
    const bare = address.replace(MAPPED, '').replace(/%.*$/, '');
    const version = isIP(bare);
    return version !== 0 && this.list.check(bare, version === 4 ? 'ipv4' : 'ipv6');
  }

  private add(entry: unknown): void {
    if (typeof entry !== 'string') throw wrongEntry(TypeError, entry);
    const [address = '', prefix, ...more] = entry.split('/');
    const version = isIP(address);
    if (version === 0 || more.length > 0) throw wrongEntry(RangeError, entry);
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) {
      this.list.addAddress(address, family);
      return;
    }
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > MAX_PREFIX[version as 4 | 6]) {
      throw wrongEntry(RangeError, entry);
    }
    this.list.addSubnet(address, Number(prefix), family);
  }
}

function wrongEntry(kind: typeof TypeError | typeof RangeError, entry: unknown): Error {
  return new kind(
    `allow has ${show(entry)}, but takes IP addresses and CIDR blocks such as 10.1.2.3, 10.2.0.0/16 or fd00::/8`,
  );
}
