// What somebody who does not speak ZMTP seems to be, from its first bytes: for the one log line about it. Pure.

import { quoted } from '../../quoted';

const SHOWN_BYTES = 24;

const KNOWN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI) /, 'an HTTP client'],
  [/^HTTP\//, 'an HTTP server'],
  [/^SSH-/, 'an SSH peer'],
  // A TLS handshake record of any version.
  [/^\x16\x03/, 'a TLS client'],
  [/^RFB /, 'a VNC server'],
  [/^2\d\d[ -]/, 'a mail or FTP server'],
  [/^[*+$:-]\S*\r\n/, 'a Redis peer'],
  // ZMTP 1.0: the length of an identity and a flags byte of 0.
  [/^[\x01-\x7f]\x00/, 'a ZMTP 1.0 peer (ZeroMQ 2)'],
];

/** What speaks like this, as the end of a sentence that begins with "the peer at x ". */
export function describeStranger(firstBytes: Uint8Array): string {
  const text = Buffer.from(firstBytes.subarray(0, SHOWN_BYTES)).toString('latin1');
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  const seems =
    known === undefined ? 'does not speak ZMTP' : `does not speak ZMTP 3, it seems to be ${known[1]}`;
  return `${seems}; it began with ${quoted(text)}`;
}
