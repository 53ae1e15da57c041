// Who may look: hosts, origins and tokens of requests. Pure.

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/** Why a request is refused, with its HTTP status. */
export interface Denial {
  readonly status: number;
  readonly error: string;
}

/** What a request must meet. */
export interface AccessRules {
  /** Names under which this machine may be addressed besides IP addresses and `localhost`. */
  readonly hosts: readonly string[];
  /** Origins of foreign pages that may use the WebSocket. */
  readonly origins: readonly string[];
  /** Undefined: no token is needed. */
  readonly token: string | undefined;
  /** Of the cookie: the port is in it, because cookies ignore ports. */
  readonly cookieName: string;
}

/** The parts of a request that matter here. */
export interface Asked {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`. */
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  /** Of the query. */
  readonly token: string | undefined;
}

const LOOPBACK_NAME = /^localhost$/i;

/** Undefined when the request may be answered. */
export function denialOf(asked: Asked, rules: AccessRules): Denial | undefined {
  return hostDenial(asked, rules) ?? originDenial(asked, rules) ?? tokenDenial(asked, rules);
}

/**
 * A page whose name was made to resolve to this machine (DNS rebinding) has its own name in `Host`. It cannot have an IP
 * address there.
 */
function hostDenial({ host }: Asked, { hosts }: AccessRules): Denial | undefined {
  const name = hostName(host);
  const isKnown =
    name !== undefined &&
    (isIP(name) !== 0 ||
      LOOPBACK_NAME.test(name) ||
      hosts.some((one) => one.toLowerCase() === name.toLowerCase()));
  if (isKnown) return undefined;
  const shown = name === undefined ? 'no host' : `the host '${name}'`;
  return {
    status: 421,
    error: `this request names ${shown}, which is not known to be this machine (protection against DNS rebinding): use its IP address, or start the gateway with --http-host ${name ?? 'NAME'}`,
  };
}

/** The name without port and brackets. */
function hostName(host: string | undefined): string | undefined {
  const match = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return match?.[1] ?? match?.[2];
}

/**
 * Browsers send `Origin` with each WebSocket and with most requests of another page, and with the others `Sec-Fetch-Site`. A
 * link on another page may lead here. Programs send none of them.
 */
function originDenial(asked: Asked, { origins }: AccessRules): Denial | undefined {
  const { origin, host, fetchSite, fetchMode } = asked;
  const isForeign = fetchSite === 'cross-site' && fetchMode !== 'navigate';
  if (origin === undefined && isForeign) return { status: 403, error: 'another page may not ask for this' };
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return undefined;
  if (origins.includes(origin)) return undefined;
  return {
    status: 403,
    error: `pages of ${/^https?:\/\/[\w.:[\]-]+$/.test(origin) ? origin : 'another origin'} may not look at this stream: start the gateway with --origin for a page of your own`,
  };
}

function tokenDenial(asked: Asked, rules: AccessRules): Denial | undefined {
  const { token } = rules;
  if (token === undefined) return undefined;
  const given = givenToken(asked, rules);
  if (given !== undefined && isEqual(given, token)) return undefined;
  const error =
    given === undefined
      ? 'this needs a token: open the address that the gateway printed'
      : 'the token is wrong: open the address that the gateway printed';
  return { status: 401, error };
}

function givenToken(
  { token, authorization, cookie }: Asked,
  { cookieName }: AccessRules,
): string | undefined {
  if (token !== undefined) return token;
  const bearer = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  for (const pair of (cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === cookieName) return value;
  }
  return undefined;
}

/** In a time that tells nothing of where they differ, or of how long they are. */
function isEqual(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one!, other!);
}
