// What a server is asked to be, and its configuration file.

import type { TlsFiles } from './certificates';

/** A user with a password. */
export interface NatsUser {
  readonly user: string;
  readonly password: string;
  /** As in the server's configuration, e.g. `{ publish: { deny: 'LOG.*' } }`. */
  readonly permissions?: object;
}

export interface NatsServerOptions {
  /** Default: `true`. */
  readonly jetstream?: boolean;
  /** In bytes, of one message with its headers. Default: the server's own, 1 MiB. */
  readonly maxPayload?: number;
  /** In bytes, of all streams in files. Default: the server's own, a part of the free disk. */
  readonly maxFileStore?: number;
  /** In bytes, of all streams in memory. */
  readonly maxMemoryStore?: number;
  /** Where JetStream keeps its data, e.g. on a small disk. Never removed. Default: a temporary folder. */
  readonly storeDir?: string;
  /** Clients must be one of these. {@link connectTo} is the first one. */
  readonly users?: readonly NatsUser[];
  /** Clients must have this token. Not with `users`. */
  readonly token?: string;
  /** `verify` asks clients for a certificate of the same authority. Default: no TLS. */
  readonly tls?: boolean | 'verify';
  /** For `tls`. Default: of an authority of its own. */
  readonly certificates?: TlsFiles;
  /** Default: `n1`. */
  readonly name?: string;
  /** More of the server's configuration, by its own names, e.g. `{ ping_interval: '1s' }`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Where a server listens and what it stores. */
export interface Places {
  readonly port: number;
  readonly monitorPort: number;
  readonly storeDir: string;
  readonly tls: TlsFiles | undefined;
}

export const HOST = '127.0.0.1';

/** The text of the configuration file. The server reads JSON. */
export function configuration(options: NatsServerOptions, places: Places): string {
  const { users, token, tls } = options;
  return JSON.stringify(
    {
      server_name: options.name ?? 'n1',
      listen: `${HOST}:${places.port}`,
      http: `${HOST}:${places.monitorPort}`,
      max_payload: options.maxPayload,
      ...(options.jetstream !== false && {
        jetstream: {
          store_dir: places.storeDir,
          max_file_store: options.maxFileStore,
          max_memory_store: options.maxMemoryStore,
        },
      }),
      ...(users !== undefined && { authorization: { users } }),
      ...(token !== undefined && { authorization: { token } }),
      ...(places.tls !== undefined && {
        tls: {
          cert_file: places.tls.server.certFile,
          key_file: places.tls.server.keyFile,
          ca_file: places.tls.caFile,
          verify: tls === 'verify',
        },
      }),
      ...options.more,
    },
    undefined,
    1,
  );
}
