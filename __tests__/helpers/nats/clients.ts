// The NATS client for tests, and what it finds in a stream.

import { jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { endLater, forget } from './clean-up';
import type { TlsFiles } from './certificates';
import type { NatsServerOptions } from './settings';

/** A server, or several, as a client needs to know them. */
export interface Target {
  readonly url?: string;
  readonly urls?: readonly string[];
  readonly options?: NatsServerOptions;
  readonly tls?: TlsFiles | undefined;
}

/** How a client of the NATS package reaches it, with the credentials that it asks for. */
export function connectionOptions({ url, urls, options, tls }: Target): NodeConnectionOptions {
  const user = options?.users?.[0];
  return {
    servers: [...(urls ?? []), ...(url === undefined ? [] : [url])],
    ...(user !== undefined && { user: user.user, pass: user.password }),
    ...(options?.token !== undefined && { token: options.token }),
    ...(tls !== undefined && { tls: { caFile: tls.caFile, ...tls.client } }),
  };
}

/** For `jetstream` and `jetstreamManager`, whose own 5 s are less than an election or a busy machine takes. */
export const PATIENT = { timeout: 30_000 } as const;

/** A client, closed by {@link endNats}. */
export async function connectTo(
  target: Target | string,
  more: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const known = typeof target === 'string' ? { url: target } : target;
  const client = await connect({ ...connectionOptions(known), ...more });
  const ending = { end: () => client.close() };
  endLater(ending);
  void client.closed().finally(() => forget(ending));
  return client;
}

/** Everything that a stream holds, oldest first. */
export async function storedMessages(client: NatsConnection, stream: string): Promise<StoredMsg[]> {
  const { streams } = await jetstreamManager(client, PATIENT);
  const { state } = await streams.info(stream, { deleted_details: true });
  const deleted = new Set(state.deleted);
  const messages: StoredMsg[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    if (deleted.has(seq)) continue;
    const message = await streams.getMessage(stream, { seq });
    if (message !== null) messages.push(message);
  }
  return messages;
}
