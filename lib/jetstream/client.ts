// The NATS client, loaded by those who use it, and what its errors mean.

import { readFileSync } from 'node:fs';
import type * as jetstream from '@nats-io/jetstream';
import type * as transport from '@nats-io/transport-node';
import { describeError, GeneralError } from '../errors';
import { optional } from '../optional';
import type { ConnectionOptions } from './options';

/** How long the servers have for an answer. */
export const ANSWER_MS = 5_000;
const RECONNECT_MS = 250;
const RECONNECT_JITTER_MS = 100;
// A connection that was cut without a word is noticed after two of these.
const PING_MS = 5_000;

/** The two packages. */
export interface Nats {
  readonly transport: typeof transport;
  readonly jetstream: typeof jetstream;
}

/** A connection, and JetStream by it. */
export interface LogClient {
  readonly nats: Nats;
  readonly connection: transport.NatsConnection;
  readonly streams: jetstream.StreamAPI;
  readonly manager: jetstream.JetStreamManager;
  readonly js: jetstream.JetStreamClient;
  /** `nats://a:4222, nats://b:4222`, without passwords. */
  readonly servers: string;
}

/** @throws {GeneralError} `ERR_MISSING_PACKAGE` */
export function loadNats(user: string): Nats {
  /* eslint-disable @typescript-eslint/no-require-imports */
  return {
    transport: optional(
      '@nats-io/transport-node',
      user,
      () => require('@nats-io/transport-node') as typeof transport,
    ),
    jetstream: optional('@nats-io/jetstream', user, () => require('@nats-io/jetstream') as typeof jetstream),
  };
  /* eslint-enable @typescript-eslint/no-require-imports */
}

/**
 * Connects to one of the servers, which must have JetStream.
 * @param user what needs it, for errors.
 * @throws {GeneralError} `ERR_LOG_CONNECT`, `ERR_MISSING_PACKAGE`
 */
export async function connect(options: ConnectionOptions, user: string): Promise<LogClient> {
  const nats = loadNats(user);
  const servers = serversText(options.servers);
  let connection: transport.NatsConnection;
  try {
    connection = await nats.transport.connect(connectOptions(nats, options));
  } catch (err) {
    const text = `cannot connect to ${servers}: ${connectReason(err, options.tls !== undefined)}`;
    throw new GeneralError('ERR_LOG_CONNECT', text, { cause: err });
  }
  try {
    const manager = await nats.jetstream.jetstreamManager(connection, { timeout: ANSWER_MS });
    const js = nats.jetstream.jetstream(connection, { timeout: ANSWER_MS });
    return { nats, connection, manager, streams: manager.streams, js, servers };
  } catch (err) {
    await connection.close();
    throw jetStreamError(err, servers);
  }
}

function connectOptions(
  { transport: { credsAuthenticator } }: Nats,
  options: ConnectionOptions,
): transport.NodeConnectionOptions {
  const { servers, user, pass, token, creds, tls, timeoutMs } = options;
  return {
    servers: [...servers],
    name: 'rogue-bridge',
    // It would take a stack trace for every message.
    noAsyncTraces: true,
    timeout: timeoutMs,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    ...(user !== undefined && { user }),
    ...(pass !== undefined && { pass }),
    ...(token !== undefined && { token }),
    ...(creds !== undefined && { authenticator: credsAuthenticator(readFileSync(creds)) }),
    ...(tls !== undefined && { tls: { ...tls } }),
  };
}

/** The addresses as errors and logs show them: never with a password. */
export function serversText(servers: readonly string[]): string {
  return servers.map((one) => one.replace(/^(\w+:\/\/)?(?:[^@]*@)?/, '')).join(', ');
}

const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/ECONNREFUSED|connection refused/i, 'nothing listens there: start nats-server, or check the address'],
  [/ENOTFOUND|EAI_AGAIN/i, 'the name does not resolve to an address: check it'],
  [/ENOENT|EACCES|EISDIR|doesn't exist/, "a file cannot be read: check 'creds', 'ca', 'cert' and 'key'"],
  [/unable to parse credentials/i, "the file of 'creds' is no credentials file of NATS: check it"],
  [
    /authorization|authentication/i,
    'the servers refuse the user, password, token or credentials: check them',
  ],
  [/tls|certificate|ssl/i, "check tls:// in the address, and the certificates ('ca', 'cert', 'key')"],
  [/timeout|ETIMEDOUT/i, 'no answer: check that a nats-server listens there, and the network'],
  [/unexpected response from server/i, 'no nats-server listens there: check the address'],
];
// A server that gets no certificate closes the connection, which the client does not see during its handshake.
const NO_CERTIFICATE = "a server that asks clients for a certificate gives no answer without ('cert', 'key')";

/** Why there is no connection, and what to do. */
export function connectReason(err: unknown, isTls = false): string {
  const why = describeError(err);
  const text = `${why} ${causeText(err)}`;
  const remedy = REMEDIES.find(([pattern]) => pattern.test(text))?.[1];
  if (remedy === undefined) return why;
  const isSilent = isTls && remedy.startsWith('no answer');
  return `${remedy}${isSilent ? `; ${NO_CERTIFICATE}` : ''} (${why})`;
}

function causeText(err: unknown): string {
  const { cause, code } = err as { cause?: unknown; code?: unknown };
  return `${typeof code === 'string' ? code : ''} ${cause === undefined ? '' : describeError(cause)}`;
}

/** What is wrong with a server that has no answer for JetStream. */
function jetStreamError(err: unknown, servers: string): GeneralError {
  const why = describeError(err);
  const text = /not enabled|no responders|503/i.test(why)
    ? `${servers} has no JetStream for this user: add 'jetstream {}' to the configuration of nats-server, or start it with -js`
    : `${servers} does not answer for JetStream: ${why}`;
  return new GeneralError('ERR_LOG_CONNECT', text, { cause: err });
}

/** The code of JetStream's own answer, such as 10071; undefined for anything else. */
export function apiCode(err: unknown): number | undefined {
  const { code } = err as { code?: unknown };
  return typeof code === 'number' && code >= 10_000 ? code : undefined;
}
