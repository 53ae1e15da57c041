// What an engine says when it cannot open its ports, and to those who wait when it is closed: the same words on both.

import { describeError, GeneralError, systemCode } from '../errors';
import type { Endpoints } from '../wire/endpoints';

/** The `ERR_BIND` or `ERR_CONNECT` for a system's or library's error. */
export function attachError(err: unknown, addr: string, port: number, server: boolean): GeneralError {
  const code = systemCode(err) ?? describeError(err);
  const text = server
    ? `Failed to bind server to port ${port} at address ${addr}, ${bindHint(code)} (${code})`
    : `Failed to connect to remote port ${port} at address ${addr}, which is no IP address and no host name (${code})`;
  return new GeneralError(server ? 'ERR_BIND' : 'ERR_CONNECT', text, { cause: err, port });
}

/** The `ERR_BRIDGE_STOPPED` for sends that still wait. */
export function stoppedError({ server, addr, push }: Endpoints): GeneralError {
  const role = server ? 'server' : 'client';
  return new GeneralError(
    'ERR_BRIDGE_STOPPED',
    `the bridge (${role}, ${addr}) was stopped; a frame to ${push} was not sent`,
  );
}

function bindHint(code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process may be using this port';
    case 'EADDRNOTAVAIL':
    case 'ENODEV':
    case 'ENXIO':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the address is not one of this machine; use one of its own, or * for every interface';
    case 'EACCES':
      return 'this user may not bind ports below 1024';
    default:
      return 'see the cause';
  }
}

/** Why a peer is refused that `allow` does not name; for `Refusal.reason`. */
export const NOT_ALLOWED = 'is not one that allow names';
