// What somebody who does not speak ZMTP seems to be, from its first bytes: for the one log line about it. Pure.

import { quoted } from '../quoted';

const SHOWN_BYTES = 24;

const KNOWN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI) /, 'an HTTP client'],
  [/^HTTP\//, 'an HTTP server'],
  [/^SSH-/, 'an SSH peer'],
  // A record of any version; what a server says first is an alert as a rule.
  [/^[\x14-\x17]\x03/, 'a TLS peer'],
  [/^RFB /, 'a VNC server'],
  // Commands and options of RFC 854.
  [/^\xff[\xfb-\xfe]/, 'a Telnet server'],
  [/^2\d\d[ -]/, 'a mail or FTP server'],
  [/^[*+$:-]\S*\r\n|^-ERR /, 'a Redis peer'],
  // ZMTP 1.0: the length of an identity and a flags byte of 0.
  [/^[\x01-\x7f]\x00/, 'a ZMTP 1.0 peer (ZeroMQ 2)'],
];

/** What somebody seems to be, where its protocol is known, and what it said first, a character a byte. */
export interface Stranger {
  readonly seems: string | undefined;
  readonly said: string;
}

/** Who speaks like this. */
export function identify(firstBytes: Uint8Array): Stranger {
  const said = Buffer.from(firstBytes.subarray(0, SHOWN_BYTES)).toString('latin1');
  return { seems: KNOWN.find(([pattern]) => pattern.test(said))?.[1], said };
}

/** The same as the end of a sentence that begins with "the peer at x ". */
export function describeStranger(firstBytes: Uint8Array): string {
  const { seems, said } = identify(firstBytes);
  const what = seems === undefined ? 'does not speak ZMTP' : `does not speak ZMTP 3, it seems to be ${seems}`;
  return `${what}; it began with ${quoted(said)}`;
}
