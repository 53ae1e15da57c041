// Whether bridges do what they are for, in one answer for a load balancer, an orchestrator or an alarm.

import { show } from '../errors';
import type { TcpCore } from '../tcp/core';
import { registry } from '../tcp/registry';
import type { Direction } from '../transport/socket';
import { checkInteger, checkOptionNames } from '../validate';

export interface HealthOptions {
  /** Which direction must have a peer. Default: `'receive'` for a bridge with slaves, `'send'` for one without. */
  readonly direction?: Direction | undefined;
  /** How long that direction may have no frame, in ms; default for ever. */
  readonly stallMs?: number | undefined;
}

/** What {@link healthOf} found. */
export interface Health {
  readonly healthy: boolean;
  /** A sentence for each fault; none where there is no fault. */
  readonly reasons: readonly string[];
}

const WORDS: Readonly<Record<Direction, { readonly peer: string; readonly frame: string }>> = {
  send: { peer: 'no peer to send to', frame: 'no frame was sent' },
  receive: { peer: 'no peer to receive from', frame: 'no frame has come' },
};

/**
 * Whether each of these bridges has a peer, and frames that are not too old.
 *
 * @param bridges default: every bridge of this process that is open. None at all is a fault.
 * @throws {TypeError} {RangeError} for a wrong option.
 */
export function healthOf(
  bridges: Iterable<TcpCore> = registry.bridges.keys(),
  options: HealthOptions = {},
): Health {
  checkOptionNames('the options of healthOf', options, ['direction', 'stallMs']);
  const { direction, stallMs } = options;
  if (direction !== undefined && !Object.hasOwn(WORDS, direction)) {
    throw new TypeError(`direction is ${show(direction)}, but must be 'send' or 'receive'`);
  }
  if (stallMs !== undefined) checkInteger('stallMs', stallMs, 1, Number.MAX_SAFE_INTEGER);
  const all = [...bridges];
  if (all.length === 0) return { healthy: false, reasons: ['no bridge is open'] };
  const reasons = all.flatMap((bridge) => faultOf(bridge, direction, stallMs) ?? []);
  return { healthy: reasons.length === 0, reasons };
}

/** Several answers in one. */
export function allHealthy(answers: readonly Health[]): Health {
  const reasons = answers.flatMap((one) => one.reasons);
  return { healthy: answers.every(({ healthy }) => healthy), reasons };
}

function faultOf(
  bridge: TcpCore,
  direction: Direction = bridge.slaveCount > 0 ? 'receive' : 'send',
  stallMs = Infinity,
): string | undefined {
  const { identity, meters, stats } = bridge;
  const name = `${identity.bridge} (${identity.role})`;
  const words = WORDS[direction];
  if (stats.peers[direction] === 0) return `${name}: ${words.peer}`;
  const silentMs = meters.silentMs(direction);
  if (silentMs <= stallMs) return undefined;
  return `${name}: ${words.frame} for ${secondsText(silentMs)}, and ${secondsText(stallMs)} is the limit`;
}

function secondsText(ms: number): string {
  return `${Number((ms / 1000).toPrecision(3))} s`;
}
