// A small HTTP server for metrics. What a client can take of it is bounded: connections, time and bytes.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError } from '../../errors';
import { LogLimit } from '../../log-limit';
import { metricsReply, notFound, type Reply, type ReplySources } from '../../metrics/replies';
import { hostPort } from '../../wire/endpoints';
import type { ListenAddress } from './arguments';

// A few scrapers, and people who look.
const MAX_CONNECTIONS = 16;
const MAX_HEADER_BYTES = 8_192;
// For a request to come, and for an answer to be taken; then the connection is closed.
const REQUEST_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 10_000;
const CHECK_PERIOD_MS = 1_000;

/** Serves {@link metricsReply} until it is closed. It keeps no process alive, and ends none. */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /**
   * @param say is given what goes wrong later.
   * @throws the system's error when it cannot listen there.
   */
  static async open(
    address: ListenAddress,
    sources: ReplySources,
    say: (text: string) => void,
  ): Promise<MetricsServer> {
    const troubles = new LogLimit(say);
    const note = (err: unknown): void => troubles.note(`--metrics: ${describeError(err)}`);
    const server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: REQUEST_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: CHECK_PERIOD_MS,
      },
      (request, response) => answer(request, response, sources, note),
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = IDLE_TIMEOUT_MS;
    // A listener for the time when there is none of `once`.
    const listening = once(server, 'listening');
    server.listen(address);
    await listening;
    server.on('error', note).unref();
    return new MetricsServer(server);
  }

  /** Where the metrics are. */
  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${hostPort(address, port)}/metrics`;
  }

  /** Resolves when the port is free; answers under way are cut off. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  sources: ReplySources,
  note: (err: unknown) => void,
): void {
  response.on('error', () => undefined);
  // A scrape is a connection: none is kept for the next one.
  response.shouldKeepAlive = false;
  let reply: Reply;
  try {
    reply = metricsReply(method, url, sources) ?? notFound();
  } catch (err) {
    note(err);
    response.writeHead(500).end();
    return;
  }
  response.writeHead(reply.status, reply.headers).end(method === 'HEAD' ? undefined : reply.body);
}
