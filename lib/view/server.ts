// The live page: a slave that browsers look at.

import { once } from 'node:events';
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import type * as ws from 'ws';
import { clearInterval, setInterval, setTimeout, clearTimeout } from '../async/clock';
import { thisTurn } from '../async/turn-clock';
import { describeError, GeneralError } from '../errors';
import { Logging } from '../logging';
import { optional } from '../optional';
import type { Frame } from '../stream/frame';
import { Slave } from '../stream/slave';
import { version } from '../version';
import { hostPort } from '../wire/endpoints';
import { denialOf, type Asked, type Denial } from './access';
import { answerJson, SAFE_HEADERS } from './answers';
import { HISTORY_SECONDS } from './history';
import { guarded } from './guard';
import { Hub } from './hub';
import type { StreamSource } from './link';
import { resolveViewOptions, type ResolvedViewOptions, type ViewOptions } from './options';
import {
  MAX_PREVIEW_BYTES,
  MAX_PREVIEWED_BYTES,
  MAX_REQUEST_BYTES,
  SOCKET_PATH,
  SUBPROTOCOL,
  type Hello,
} from './protocol';
import { KEPT_FRAMES } from './channel';
import { loadAssets, Routes, type Assets } from './routes';
import { sourceOf } from './source';
import { Viewers } from './viewers';

const TICK_MS = 250;
/** Connections besides those of the viewers. */
const MAX_CONNECTIONS = 128;
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
/** How long an answer may wait for a browser that does not read. */
const IDLE_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** How long browsers may take to say goodbye, before their connections are cut. */
const GOODBYE_MS = 500;

const UNKNOWN: StreamSource = { address: 'this program', role: 'program' };

/**
 * A live page of a stream, for any browser: rates, waveforms, images, histograms and hex of each channel.
 *
 * ```ts
 * const view = await ViewServer.create({ port: 8080 });
 * tcp.to(view);
 * console.log(view.url);
 * ```
 *
 * It never holds its master back, whatever its browsers do (unless `holdBack` allows it): it keeps the newest frames, and
 * tells what it did not show.
 */
export class ViewServer extends Slave implements AsyncDisposable {
  readonly retainsFrames = true;
  private readonly log = Logging.create('view.ViewServer');
  private readonly hub: Hub;
  private readonly viewers: Viewers;
  private readonly routes: Routes;
  private readonly server: Server;
  private readonly sockets: ws.WebSocketServer;
  private readonly ticking: ReturnType<typeof setInterval>;
  /** All connections, those of refused upgrades too, which the HTTP server forgets. */
  private readonly connections = new Set<Socket>();
  private stopped: Promise<void> | undefined;

  /** Use `create`: opening a port takes a moment. */
  private constructor(
    private readonly options: ResolvedViewOptions,
    assets: Assets,
  ) {
    super();
    this.hub = new Hub(options.source ?? UNKNOWN, options.maxKeptBytes);
    this.viewers = new Viewers(this.hub, options.holdBack, options.maxKeptBytes, (request) =>
      this.hub.link.source.file?.play(request),
    );
    this.routes = new Routes({
      hub: this.hub,
      assets,
      kept: (channel, number) =>
        this.viewers.heldFrame(channel, number) ?? this.hub.channel(channel)?.ring.get(number),
      full: () => this.full(),
    });
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { WebSocketServer } = optional('ws', 'ViewServer', () => require('ws') as typeof ws);
    this.sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_REQUEST_BYTES,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: () => SUBPROTOCOL,
    });
    this.server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: REQUEST_MS,
    });
    this.server.timeout = IDLE_MS;
    this.server.maxConnections = options.maxViewers + MAX_CONNECTIONS;
    this.server.on('request', (request, response) =>
      guarded('a request of a browser', () => this.onRequest(request, response)),
    );
    this.server.on('upgrade', (request, socket, head) =>
      guarded('the WebSocket of a browser', () => this.onUpgrade(request, socket, head)),
    );
    this.server.on('connection', (socket) => this.onConnection(socket));
    this.server.on('clientError', (_, socket) => socket.destroy());
    this.ticking = setInterval(() => guarded('the figures of the live page', () => this.tick()), TICK_MS);
    this.ticking.unref();
  }

  /**
   * Opens the page's port.
   * @throws {TypeError} {RangeError} for a wrong option.
   * @throws {GeneralError} `ERR_BIND`; `ERR_MISSING_PACKAGE` without the package `ws`.
   */
  static async create(options: ViewOptions = {}): Promise<ViewServer> {
    const view = new ViewServer(resolveViewOptions(options), await loadAssets());
    await view.listen();
    return view;
  }

  /** TCP port of the page. */
  get port(): number {
    return (this.server.address() as AddressInfo | null)?.port ?? this.options.port;
  }

  /** The address to open, with the token if one is needed. */
  get url(): string {
    const { host = '0.0.0.0', token } = this.options;
    const shown = ['0.0.0.0', '::'].includes(host) ? hostname() : host;
    return `http://${hostPort(shown, this.port)}/${token === undefined ? '' : `?token=${token}`}`;
  }

  /** What a browser must know, if anything. */
  get token(): string | undefined {
    return this.options.token;
  }

  /** Browsers that look now. */
  get viewerCount(): number {
    return this.viewers.count;
  }

  /** Counts the frame, keeps it, and shows it to those who look. */
  override acceptFrame(frame: Frame): void | Promise<void> {
    super.acceptFrame(frame) as undefined;
    if (this.stopped !== undefined) return undefined;
    const channel = this.hub.note(frame);
    if (channel.isWanted) this.viewers.wanted();
    return this.viewers.hasSubscriptions ? this.viewers.offer(frame) : undefined;
  }

  /** @internal A master has got this slave: a bridge or a log tells where it leads. */
  attachedTo(master: object): void {
    const source = this.options.source === undefined ? sourceOf(master) : undefined;
    if (source === undefined) return;
    this.hub.link.source = source;
    this.viewers.tell(this.hello());
  }

  /** Says goodbye to the browsers and closes the port, within a second. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  /** {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async listen(): Promise<void> {
    const { port, host } = this.options;
    try {
      const listening = once(this.server, 'listening');
      this.server.listen(host === undefined ? { port } : { port, host });
      await listening;
    } catch (err) {
      clearInterval(this.ticking);
      const text = `the live page could not listen on ${hostPort(host ?? '*', port)} (${describeError(err)})`;
      throw new GeneralError('ERR_BIND', `${text}: another process may be using it; choose another port`, {
        cause: err,
        port,
      });
    }
    this.server.on('error', (err) => this.log.error(`The live page's server failed: ${err.message}`));
  }

  private async end(): Promise<void> {
    clearInterval(this.ticking);
    this.endWaits();
    this.viewers.close();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => {
      this.viewers.terminate();
      for (const socket of this.connections) socket.destroy();
    }, GOODBYE_MS);
    await closed;
    clearTimeout(timer);
    this.hub.close();
  }

  private tick(): void {
    this.viewers.tick(this.hub.tick());
  }

  private onConnection(socket: Socket): void {
    const { allow } = this.options;
    if (allow?.has(socket.remoteAddress ?? '') === false) {
      socket.destroy();
      return;
    }
    this.connections.add(socket);
    socket.once('close', () => this.connections.delete(socket));
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => undefined);
    const url = urlOf(request);
    const denial = url === undefined ? NO_URL : this.denial(request, url);
    // A page of another site that may look is told why it may not.
    const { origin } = request.headers;
    if (origin !== undefined && this.options.origins.includes(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('cross-origin-resource-policy', 'cross-origin');
    }
    if (denial !== undefined) {
      answerJson(request, response, denial.status, { error: denial.error });
      return;
    }
    if (url!.pathname === '/' && url!.searchParams.has('token')) this.moveToken(request, response, url!);
    else this.routes.answer(request, response, url!);
  }

  /** The token goes from the address, which people copy and proxies log, to a cookie that scripts cannot read. */
  private moveToken(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const token = url.searchParams.get('token')!;
    const cookie = `${this.cookieName}=${token}; HttpOnly; SameSite=Lax; Path=/`;
    const headers = { location: '/', ...(this.token === undefined ? {} : { 'set-cookie': cookie }) };
    answerJson(request, response, 302, {}, headers);
  }

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.answerPlainly(request, socket);
      return;
    }
    const url = urlOf(request);
    const denial = url === undefined ? NO_URL : this.upgradeDenial(request, url);
    if (denial !== undefined) {
      refuseUpgrade(socket, denial);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (opened) => {
      const viewer = this.viewers.add(opened);
      viewer.tell(this.hello());
      viewer.tellStatus(undefined);
    });
  }

  /** Clients of HTTP/2 offer an upgrade with every request, and take a plain answer. */
  private answerPlainly(request: IncomingMessage, socket: Duplex): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    // It is one, by the name of what HTTP servers emit.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    this.onRequest(request, response);
  }

  private upgradeDenial(request: IncomingMessage, url: URL): Denial | undefined {
    if (url.pathname !== SOCKET_PATH) return { status: 404, error: `the WebSocket is at ${SOCKET_PATH}` };
    const denial = this.denial(request, url);
    if (denial !== undefined) return denial;
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
    if (!offered.includes(SUBPROTOCOL)) return { status: 400, error: `offer the subprotocol ${SUBPROTOCOL}` };
    return this.full();
  }

  private denial({ headers }: IncomingMessage, url: URL): Denial | undefined {
    const { host, origin, cookie, authorization } = headers;
    const [fetchSite, fetchMode] = ['sec-fetch-site', 'sec-fetch-mode'].map(
      (name) => headers[name] as string | undefined,
    );
    const token = url.searchParams.get('token') ?? undefined;
    const asked: Asked = { host, origin, cookie, authorization, fetchSite, fetchMode, token };
    return denialOf(asked, { ...this.options, cookieName: this.cookieName });
  }

  private full(): (Denial & { readonly viewers: number }) | undefined {
    const { maxViewers } = this.options;
    if (this.viewers.count < maxViewers) return undefined;
    return { status: 503, error: `the gateway has its ${maxViewers} viewers`, viewers: maxViewers };
  }

  private get cookieName(): string {
    return `rogue-bridge-${this.port}`;
  }

  private hello(): Hello {
    const { address, role } = this.hub.link.source;
    return {
      op: 'hello',
      version: version(),
      source: { address, role },
      limits: {
        viewers: this.options.maxViewers,
        kept: KEPT_FRAMES,
        previewedBytes: MAX_PREVIEWED_BYTES,
        previewBytes: MAX_PREVIEW_BYTES,
        historySeconds: HISTORY_SECONDS,
      },
      now: thisTurn().epochMs,
    };
  }
}

const NO_URL: Denial = { status: 400, error: 'the request has no address that could be read' };

function urlOf({ url = '' }: IncomingMessage): URL | undefined {
  // Of an address that begins with two slashes the first part would be the host.
  if (!url.startsWith('/') || url.startsWith('//')) return undefined;
  return URL.canParse(url, 'http://gateway') ? new URL(url, 'http://gateway') : undefined;
}

function refuseUpgrade(socket: Duplex, { status, ...rest }: Denial & { readonly viewers?: number }): void {
  const body = `${JSON.stringify(rest)}\n`;
  const headers = Object.entries(SAFE_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
  // It would wait for the other side, which may never end.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} Refused\r\n${headers.join('')}content-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
