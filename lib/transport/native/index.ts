// The engine on node:net: ZMTP 3.1 spoken by this library itself.

import { isIPv6 } from 'node:net';
import type { GeneralError } from '../../errors';
import { splitScope, type Endpoints } from '../../wire/endpoints';
import { hasSpareDescriptors, shortageError, shortageIn } from '../../system/descriptors';
import { AddressError, attachError } from '../errors';
import { withScopeName } from '../../system/interfaces';
import { locate } from '../locate';
import type { OpenSockets, SocketPair, TransportOptions, TransportSink } from '../socket';
import { ZmtpPullSocket } from './pull-socket';
import { ZmtpPushSocket } from './push-socket';

// libzmq's.
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** What a bridge needs of its own; a server's clients come on top. */
const DESCRIPTORS_PER_BRIDGE = 2;

/** Opens a bridge's two sockets. As {@link OpenSockets}. */
export const openNative: OpenSockets = (endpoints, options, sink) =>
  openNativeWith({ handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS }, endpoints, options, sink);

/** What only tests set. */
export interface NativeSettings {
  readonly handshakeTimeoutMs: number;
}

/** {@link openNative} with other settings. */
export async function openNativeWith(
  settings: NativeSettings,
  endpoints: Endpoints,
  options: TransportOptions,
  sink: TransportSink,
): Promise<SocketPair> {
  const { server, addr, pullPort, pushPort } = endpoints;
  const what = `${server ? 'TcpServer' : 'TcpClient'} at ${addr}`;
  // A client would find out in the background, with nobody to tell.
  if (!hasSpareDescriptors(DESCRIPTORS_PER_BRIDGE)) throw shortageError(what, undefined);
  const host = await nodeAddress(endpoints);
  const common = {
    ...settings,
    ...options,
    heartbeatMs: options.heartbeatMs ?? 0,
    server,
    addr: server ? host : addr,
  };
  const pull = new ZmtpPullSocket({ ...common, port: pullPort }, sink);
  const push = new ZmtpPushSocket({ ...common, port: pushPort }, sink);
  try {
    for (const [socket, port] of [
      [pull, pullPort],
      [push, pushPort],
    ] as const) {
      await socket.open().catch((err: unknown) => {
        throw attachError(err, addr, port, server);
      });
    }
    return { push, pull };
  } catch (err) {
    // A port that was bound is free again when this rejects.
    await Promise.all([push.close(0), pull.close()]);
    if (shortageIn(err) !== undefined) throw shortageError(what, undefined, err);
    throw err;
  }
}

/** The address as node:net takes it. */
async function nodeAddress(endpoints: Endpoints): Promise<string> {
  const { server, addr, pullPort } = endpoints;
  const host = withScopeName(await locate(endpoints, { takesInterfaces: false }));
  const { ip, scope } = splitScope(host);
  const refuse = (why: string): GeneralError =>
    attachError(new AddressError('EINVAL', why), addr, pullPort, server);
  // Node takes letters, digits, '-' and '.' there; an interface may be called br_daq.
  if (scope !== undefined && isIPv6(ip) && !isIPv6(host)) {
    throw refuse(
      `since Node takes no interface named ${scope} there; use an IPv4 address or engine: 'libzmq'`,
    );
  }
  return host;
}
