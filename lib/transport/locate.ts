// The address that a bridge's sockets are given: found once for both of them, and alike for both engines.

import { isIP, isIPv6 } from 'node:net';
import { isLinkLocal, socketAddress, splitScope, type Endpoints } from '../wire/endpoints';
import { AddressError, attachError, SILENT_INTERFACE } from './errors';
import { interfaceAddress, isInterface, scopeInterface } from '../system/interfaces';
import { addressesOf } from './names';

// Letters of any script, digits, and what people use beside them.
const HOST_NAME = /^[\p{L}\p{N}._-]+$/u;
const EVERY_IPV4_INTERFACE = '0.0.0.0';

/**
 * A server's address as an IP address that can be bound: of a name the IPv4 address where it has one, as in Rogue, whose
 * peers speak no IPv6; of an interface the same, and it goes before a host of that name. A client's as
 * {@link socketAddress}: its name is looked up at each attempt.
 *
 * @param takesInterfaces the name of an interface whose address Node does not tell is left to the engine: libzmq asks the
 *   kernel, which knows the address of one that is down, too.
 * @throws {GeneralError} `ERR_BIND`, `ERR_CONNECT` with the port that is opened first.
 */
export async function locate(
  { server, addr, pullPort }: Endpoints,
  { takesInterfaces }: { readonly takesInterfaces: boolean },
): Promise<string> {
  try {
    const given = socketAddress(addr);
    const host = server ? await bindAddress(given, takesInterfaces) : given;
    // Node would look it up for ever, and libzmq refuses it.
    if (!server && isIP(splitScope(host).ip) === 0 && !HOST_NAME.test(host)) {
      throw new AddressError('EINVAL', 'which is no IP address and no host name');
    }
    if (isLinkLocal(host) && !host.includes('%')) {
      throw new AddressError('EINVAL', `which needs the interface it is on, as in ${host}%eth0`);
    }
    return host;
  } catch (err) {
    throw attachError(err, addr, pullPort, server);
  }
}

async function bindAddress(host: string, takesInterfaces: boolean): Promise<string> {
  // As libzmq takes it.
  if (host === '*') return EVERY_IPV4_INTERFACE;
  const { ip, scope } = splitScope(host);
  if (scope !== undefined && isIPv6(ip)) {
    if (scopeInterface(scope) !== undefined) return host;
    throw new AddressError('ENODEV', `and this machine has no interface ${scope}; use one of its own`);
  }
  if (isIP(host) !== 0) return host;
  const own = interfaceAddress(host);
  if (own !== undefined) return own;
  if (isInterface(host)) {
    if (takesInterfaces) return host;
    throw new AddressError('ENODEV', SILENT_INTERFACE);
  }
  return (await addressesOf(host))[0]!.address;
}
