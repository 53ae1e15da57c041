// Host names that are known in a test only.

import dns from 'node:dns';

/** Makes these names known, in this process, with these addresses in this order; any other is not. */
export function knowNames(names: Readonly<Record<string, readonly string[]>>): jest.SpyInstance {
  const lookup = (host: string): Promise<dns.LookupAddress[]> => {
    const found = names[host];
    if (found === undefined) {
      return Promise.reject(
        Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
          code: 'ENOTFOUND',
          syscall: 'getaddrinfo',
        }),
      );
    }
    return Promise.resolve(found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  };
  return jest.spyOn(dns.promises, 'lookup').mockImplementation(lookup as never);
}
