// The options of a ViewServer: names, defaults, checks.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { show } from '../errors';
import { checkBoolean, checkInteger, checkOptionNames } from '../validate';
import { AllowList } from '../wire/allow-list';
import { isLoopback } from '../wire/endpoints';
import type { StreamSource, WatchedBridge, WatchedFile } from './link';

const DEFAULT_PORT = 8080;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_VIEWERS = 32;
const DEFAULT_KEPT_BYTES = 256 * 1024 * 1024;
const MAX_VIEWERS = 10_000;
const TOKEN_BYTES = 18;
// As it stands in an address and in a cookie.
const TOKEN = /^[\w.~-]{8,256}$/;

/** Options of a {@link ViewServer}; each may be left out. */
export interface ViewOptions {
  /** TCP port of the page; 0 lets the system choose, and `port` tells. Default 8080. */
  readonly port?: number;
  /** Local address to listen on, `*` or `0.0.0.0` for all. Default `127.0.0.1`: this machine alone. */
  readonly host?: string;
  /**
   * What a browser must know: 8 to 256 letters, digits, `.`, `_`, `~`, `-`. Default: none on a loopback address, elsewhere
   * one that is made anew each time; `url` has it.
   */
  readonly token?: string;
  /** Who may connect: IP addresses and CIDR blocks, as for a `TcpServer`. Default: everyone. */
  readonly allow?: readonly string[];
  /** Further names of this machine, as they stand in the browser's address bar. IP addresses always do. */
  readonly hosts?: readonly string[];
  /** Other sites whose pages may use the WebSocket, such as `http://localhost:3000`. */
  readonly origins?: readonly string[];
  /** Browsers at the same time; default 32. */
  readonly maxViewers?: number;
  /**
   * Payload bytes of the frames that are kept for looking at them, 64 a channel at most; default 256 MiB. The newest is
   * kept whatever its size. What browsers have paused at may take as much again.
   */
  readonly maxKeptBytes?: number;
  /**
   * Lets programs in a browser ask for every frame (`connect` with mode `'all'`), which holds the stream back while they
   * are slow. Default false: nothing that a browser does delays a frame.
   */
  readonly holdBack?: boolean;
  /** What the page calls the source of the frames. Default: the bridge that this is a slave of. */
  readonly source?: StreamSource;
}

const NAMES = [
  'port',
  'host',
  'token',
  'allow',
  'hosts',
  'origins',
  'maxViewers',
  'maxKeptBytes',
  'holdBack',
  'source',
] as const;

/** The options as they hold, after they have been checked. */
export interface ResolvedViewOptions {
  readonly port: number;
  /** As Node's `listen` takes it; undefined for every address. */
  readonly host: string | undefined;
  readonly token: string | undefined;
  readonly allow: AllowList | undefined;
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  readonly maxViewers: number;
  readonly maxKeptBytes: number;
  readonly holdBack: boolean;
  readonly source: StreamSource | undefined;
}

/** @throws {TypeError} {RangeError} naming the option and the value. */
export function resolveViewOptions(options: ViewOptions): ResolvedViewOptions {
  checkOptionNames('the options of ViewServer', options, NAMES);
  const { host = DEFAULT_HOST, token, allow, hosts = [], origins = [] } = options;
  if (typeof host !== 'string' || host === '') {
    throw new TypeError(`host is ${show(host)}, but must be a local address, or * for all`);
  }
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return {
    port: checkInteger('port', options.port ?? DEFAULT_PORT, 0, 65_535),
    host: bare === '*' ? undefined : bare,
    token:
      checkToken(token) ?? (isLoopback(bare) ? undefined : randomBytes(TOKEN_BYTES).toString('base64url')),
    allow: allow === undefined ? undefined : new AllowList(allow),
    hosts: [...checkTexts('hosts', hosts), hostname()],
    origins: checkTexts('origins', origins).map((origin) => origin.replace(/\/$/, '')),
    maxViewers: checkInteger('maxViewers', options.maxViewers ?? DEFAULT_VIEWERS, 1, MAX_VIEWERS),
    maxKeptBytes: checkInteger(
      'maxKeptBytes',
      options.maxKeptBytes ?? DEFAULT_KEPT_BYTES,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    holdBack: checkBoolean('holdBack', options.holdBack ?? false),
    source: checkSource(options.source),
  };
}

function checkToken(token: unknown): string | undefined {
  if (token === undefined) return undefined;
  // Its value must not appear in a log.
  if (typeof token !== 'string' || !TOKEN.test(token)) {
    throw new RangeError('token must have 8 to 256 letters, digits or . _ ~ -');
  }
  return token;
}

function checkTexts(name: string, list: readonly string[]): string[] {
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return [...list];
  throw new TypeError(`${name} is ${show(list)}, but must be a list of strings`);
}

function checkSource(source: StreamSource | undefined): StreamSource | undefined {
  if (source === undefined) return undefined;
  const { address, bridge, file } = source as Partial<StreamSource>;
  if (typeof address !== 'string') {
    throw new TypeError(`source is ${show(source)}, but must be an object with an address and a role`);
  }
  if (bridge !== undefined && typeof (bridge as Partial<WatchedBridge>).stats !== 'object') {
    throw new TypeError(`source.bridge is ${show(bridge)}, but must be a bridge`);
  }
  if (file !== undefined && typeof (file as Partial<WatchedFile>).play !== 'function') {
    throw new TypeError(`source.file is ${show(file)}, but must have a status and play()`);
  }
  return source;
}
