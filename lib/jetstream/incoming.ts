// A message of a stream as a consumer gets it. Pure.

import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { Buffer } from 'node:buffer';
import { NANOS_PER_MS } from './units';

// `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<time>.<pending>`; servers from 2.11 on
// may have a domain, an account and a random token besides.
const SHORT_TOKENS = 9;

/** A message as it has come. */
export interface Incoming {
  readonly subject: string;
  readonly headers: MsgHdrs | undefined;
  readonly payload: Buffer;
  /** The subject that acknowledgements of this message go to. */
  readonly reply: string;
  /** In the stream. */
  readonly sequence: number;
  /** Among those that this consumer was given, from 1. */
  readonly delivery: number;
  /** ms since 1970. */
  readonly storedAt: number;
  /** Messages behind it in the stream that are for this consumer, when it was sent. */
  readonly pending: number;
  readonly redelivered: boolean;
}

/** Undefined for what a server says about a request. */
export function incomingOf({ subject, reply, headers, data }: Msg): Incoming | undefined {
  if (reply?.startsWith('$JS.ACK.') !== true) return undefined;
  const tokens = reply.split('.');
  const at = tokens.length === SHORT_TOKENS ? 4 : 6;
  return {
    subject,
    headers,
    reply,
    payload: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    redelivered: Number(tokens[at]) > 1,
    sequence: Number(tokens[at + 1]),
    delivery: Number(tokens[at + 2]),
    storedAt: Number(tokens[at + 3]) / NANOS_PER_MS,
    pending: Number(tokens[at + 4]),
  };
}
