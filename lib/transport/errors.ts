// What an engine says when it cannot open its ports, and to those who wait when it is closed: the same words on both.

import { describeError, GeneralError, systemCode } from '../errors';
import type { Endpoints } from '../wire/endpoints';

const USE_ANOTHER = 'use an IP address of this machine, or * for every interface';
/** Why an interface cannot be bound. */
export const SILENT_INTERFACE = `an interface that is down, without a link or without an address; ${USE_ANOTHER}`;

/** An address that no socket can be given. The message is the reason, to be read behind the address. */
export class AddressError extends Error {
  constructor(
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** The `ERR_BIND` or `ERR_CONNECT` for a system's or library's error. */
export function attachError(err: unknown, addr: string, port: number, server: boolean): GeneralError {
  const code = systemCode(err) ?? describeError(err);
  const what = server ? `bind server to port ${port}` : `connect to remote port ${port}`;
  const hint = server ? bindHint(err, code) : 'which is no IP address and no host name';
  const why = err instanceof AddressError ? err.message : hint;
  const text = `Failed to ${what} at address ${addr}, ${why} (${code})`;
  return new GeneralError(server ? 'ERR_BIND' : 'ERR_CONNECT', text, { cause: err, port });
}

/** Why an attempt to connect may have ended between TCP and the handshake. */
export const CLOSED_EARLY =
  'the peer closed the connection before the handshake was done: it may be a server whose allow list does not have this host';
// What the system's codes mean for a client.
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
  ECONNRESET: CLOSED_EARLY,
  EPIPE: CLOSED_EARLY,
};

/** Why an attempt to connect failed: the system's code, and what it means for a client. */
export function connectReason(err: unknown): { readonly code: string; readonly message: string } {
  const code = systemCode(err) ?? 'EUNKNOWN';
  return { code, message: MEANINGS[code] ?? describeError(err) };
}

/** The `ERR_BRIDGE_STOPPED` for sends that still wait. */
export function stoppedError({ server, addr, push }: Endpoints): GeneralError {
  const role = server ? 'server' : 'client';
  return new GeneralError(
    'ERR_BRIDGE_STOPPED',
    `the bridge (${role}, ${addr}) was stopped; a frame to ${push} was not sent`,
  );
}

function bindHint(err: unknown, code: string): string {
  if ((err as { readonly syscall?: unknown } | undefined)?.syscall === 'getaddrinfo') return nameHint(code);
  switch (code) {
    case 'EADDRINUSE':
      return 'another process may be using this port';
    case 'EADDRNOTAVAIL':
    case 'ENXIO':
      return 'the address is not one of this machine; use one of its own, or * for every interface';
    case 'EAFNOSUPPORT':
      return `this system has no IPv6; ${USE_ANOTHER}`;
    case 'ENODEV':
      return SILENT_INTERFACE;
    case 'EACCES':
      return 'this user may not bind ports below 1024';
    default:
      return 'see the cause';
  }
}

/** What looking a name up ended with. */
function nameHint(code: string): string {
  const isUnanswered = code.startsWith('EAI_');
  const what = isUnanswered ? ', and no name server answered' : ' and no host name that resolves';
  return `which is no interface of this machine${what}; ${USE_ANOTHER}`;
}

/** Why a peer is refused that `allow` does not name; for `Refusal.reason`. */
export const NOT_ALLOWED = 'is not one that allow names';
