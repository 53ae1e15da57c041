// The options of a bridge: names, defaults, checks.

import { MAX_TIMER_MS } from '../async/clock';
import { show } from '../errors';
import { DEFAULT_ENGINE, ENGINES, type Engine } from '../transport/engines';
import type { TransportOptions } from '../transport/socket';
import { checkBoolean, checkInteger, checkOptionNames, MAX_INT32 } from '../validate';
import { AllowList } from '../wire/allow-list';
import { MAX_PAYLOAD_BYTES } from '../wire/message';
import { checkCurve, type CurveOptions } from './curve';

// libzmq's number of 32 bits; its times are, too.
const MAX_HIGH_WATER_MARK = MAX_INT32;
// A thousand frames of 64 kB, six of 10 MB.
const DEFAULT_HIGH_WATER_BYTES = 64 * 1024 * 1024;
// An hour; libzmq is told twice as much in a number of 32 bits.
const MAX_HEARTBEAT_MS = 3_600_000;

// An hour; what is waited at most is some four times as long, after a peer that broke the protocol.
const MAX_RECONNECT_MS = 3_600_000;

/** Switches every bridge of a process that does not name its engine. */
const ENGINE_VARIABLE = 'ROGUE_BRIDGE_ENGINE';

/** Options of a bridge; each may be left out. */
export interface TcpOptions {
  /**
   * What speaks ZeroMQ: `'native'`, this library itself, or `'libzmq'`, the zeromq package; the same on the wire.
   * Default: `'libzmq'` with {@link curve}, else what the environment variable `ROGUE_BRIDGE_ENGINE` says, else
   * `'native'`.
   */
  readonly engine?: Engine;
  /** Messages that may wait towards one peer, 0 for no limit; default 1000, as Rogue's. */
  readonly sendHighWaterMark?: number;
  /** Messages that may wait from one peer, 0 for no limit; default 1000, as Rogue's. */
  readonly receiveHighWaterMark?: number;
  /**
   * Bytes that may wait towards one peer, 0 for no limit; default 64 MiB. One frame may wait however large it is. The
   * native engine keeps to it; libzmq counts messages alone.
   */
  readonly sendHighWaterBytes?: number;
  /**
   * Payload bytes that may wait from one peer before it is held back, 0 for no limit; default 64 MiB, and four times as
   * much from all peers of a server together, one frame of each at least. The native engine keeps to it; libzmq counts
   * messages alone.
   */
  readonly receiveHighWaterBytes?: number;
  /**
   * How long one send may wait for a peer or for room, in ms; then it rejects with `ERR_SEND_TIMEOUT` and
   * that frame is not sent. Default: for as long as it takes.
   */
  readonly sendTimeoutMs?: number;
  /** How long `stop()` goes on sending what was accepted, in ms; default 1000, 0 is as Rogue. */
  readonly lingerMs?: number;
  /** A larger frame from a peer closes that connection; default 2^32 - 1 bytes, the most a frame can have. */
  readonly maxFrameBytes?: number;
  /**
   * How often to ask a silent peer whether it is still there, in ms; within three of these one that has vanished is
   * noticed. A power cut or a pulled cable closes nothing. On Linux the native engine asks the kernel, too, so that a peer
   * that is busy is not taken for one that has vanished. Default: never, as Rogue.
   */
  readonly heartbeatMs?: number;
  /**
   * Clients: the time between two attempts to connect, in ms, to which up to as much again is added at random, so that
   * many clients do not come at once; default 100, as libzmq's ZMQ_RECONNECT_IVL.
   */
  readonly reconnectMs?: number;
  /**
   * Clients: the time between attempts doubles with every failure, up to this, in ms. Default: it does not, as libzmq's
   * ZMQ_RECONNECT_IVL_MAX.
   */
  readonly reconnectMaxMs?: number;
  /**
   * Servers: who may connect, as IP addresses and CIDR blocks, e.g. `['10.1.2.3', '10.2.0.0/16', 'fd00::/8']`. Others
   * are refused, logged and counted in `stats.refusedPeers`. Default: everyone who can reach the ports.
   */
  readonly allow?: readonly string[];
  /** Keys for an encrypted connection between two bridges, on the libzmq engine; a Rogue peer cannot use them. */
  readonly curve?: CurveOptions;
  /** Sends frames without payload, which Rogue peers lose together with the frame behind it; default false. */
  readonly allowEmptyFrames?: boolean;
}

/** {@link TcpOptions} of either role. */
export interface TcpCoreOptions extends TcpOptions {
  /** True binds both ports, false connects to them. */
  readonly server: boolean;
}

/** All options with their values. */
export interface ResolvedOptions extends TransportOptions {
  readonly engine: Engine;
  readonly allowEmptyFrames: boolean;
}

const NAMES = [
  'engine',
  'sendHighWaterMark',
  'receiveHighWaterMark',
  'sendHighWaterBytes',
  'receiveHighWaterBytes',
  'sendTimeoutMs',
  'lingerMs',
  'maxFrameBytes',
  'heartbeatMs',
  'reconnectMs',
  'reconnectMaxMs',
  'allow',
  'curve',
  'allowEmptyFrames',
] as const satisfies (keyof TcpOptions)[];

/**
 * Checks the options and fills in the defaults; undefined values count as left out.
 *
 * @throws {TypeError} for an unknown name or a value of the wrong type. @throws {RangeError} for one out of range.
 */
export function resolveOptions(what: string, options: TcpOptions, server: boolean): ResolvedOptions {
  checkOptionNames(`the options of ${what}`, options, NAMES);
  const engine = resolveEngine(options.engine, options.curve !== undefined);
  const integer = <D>(name: keyof TcpOptions, max: number, fallback: D, min = 0): number | D =>
    options[name] === undefined ? fallback : checkInteger(name, options[name], min, max);
  return {
    engine,
    sendHighWaterMark: integer('sendHighWaterMark', MAX_HIGH_WATER_MARK, 1000),
    receiveHighWaterMark: integer('receiveHighWaterMark', MAX_HIGH_WATER_MARK, 1000),
    sendHighWaterBytes: integer('sendHighWaterBytes', Number.MAX_SAFE_INTEGER, DEFAULT_HIGH_WATER_BYTES),
    receiveHighWaterBytes: integer(
      'receiveHighWaterBytes',
      Number.MAX_SAFE_INTEGER,
      DEFAULT_HIGH_WATER_BYTES,
    ),
    sendTimeoutMs: integer('sendTimeoutMs', MAX_TIMER_MS, undefined),
    lingerMs: integer('lingerMs', MAX_TIMER_MS, 1000),
    maxFrameBytes: integer('maxFrameBytes', MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES, 1),
    heartbeatMs: integer('heartbeatMs', MAX_HEARTBEAT_MS, undefined, 1),
    reconnectMs: integer('reconnectMs', MAX_RECONNECT_MS, 100, 1),
    reconnectMaxMs: integer('reconnectMaxMs', MAX_RECONNECT_MS, undefined, 1),
    allow: resolveAllow(options.allow, server),
    curve: resolveCurve(options.curve, server, engine),
    allowEmptyFrames: checkBoolean('allowEmptyFrames', options.allowEmptyFrames ?? false),
  };
}

function resolveAllow(allow: TcpOptions['allow'], server: boolean): AllowList | undefined {
  if (allow === undefined) return undefined;
  if (!server) throw new TypeError('allow is for servers: a client chooses its server by its address');
  return new AllowList(allow);
}

function resolveCurve(curve: TcpOptions['curve'], server: boolean, engine: Engine): CurveOptions | undefined {
  if (curve === undefined) return undefined;
  if (engine !== 'libzmq') {
    throw new TypeError(
      `engine is ${show(engine)} and curve is given, but only the libzmq engine has CURVE: leave engine out, or set engine: 'libzmq'`,
    );
  }
  return checkCurve(curve, server);
}

function resolveEngine(given: unknown, hasCurve: boolean): Engine {
  // The variable is a default for a whole process, and one engine alone can do what this bridge asks for.
  if (given === undefined && hasCurve) return 'libzmq';
  const variable = process.env[ENGINE_VARIABLE];
  const [name, engine] =
    given === undefined && variable !== undefined && variable !== ''
      ? [`the environment variable ${ENGINE_VARIABLE}`, variable]
      : ['engine', given ?? DEFAULT_ENGINE];
  if (ENGINES.includes(engine as Engine)) return engine as Engine;
  throw new TypeError(`${name} is ${show(engine)}, but must be ${ENGINES.map(show).join(' or ')}`);
}
