// Refuses what cannot be relayed by way of logs: the log of the source itself, one log twice, and options of a bridge
// where there is none.

import { isLog, type AnyTarget, type LogTarget } from '../support/arguments';
import { misplaced, UsageError } from '../support/errors';

/** The options of which some have no meaning with logs. */
interface RelayTargets {
  readonly from: AnyTarget;
  readonly to: readonly AnyTarget[];
  readonly listen?: boolean;
  readonly view?: unknown;
}

/** @throws {UsageError} when frames would go round, or a log would have two writers. */
export function checkLogs(from: AnyTarget, to: readonly AnyTarget[]): void {
  const logs = to.filter(isLog);
  for (const [index, one] of logs.entries()) {
    if (isLog(from) && isSameLog(from, one)) {
      throw new UsageError(
        `--from and --to are one log, ${one.name}: frames would go round; name another stream`,
      );
    }
    if (logs.slice(index + 1).some((other) => isSameLog(one, other))) {
      throw new UsageError(`--to ${one.name} is there twice: a log has one writer at a time`);
    }
  }
}

/** @throws {UsageError} which names the options that only a bridge has, where there is none for them. */
export function checkOptions(options: RelayTargets): void {
  const { from, to, listen = false, view } = options;
  const given = new Map(Object.entries(options));
  const refuse = (what: string, names: Readonly<Record<string, string>>): void => {
    const wrong = Object.keys(names).filter((name) => given.get(name) !== undefined);
    if (wrong.length > 0)
      throw misplaced(
        wrong.map((name) => names[name]!),
        'a bridge',
        what,
      );
  };
  if (isLog(from)) {
    refuse(`--from ${from.name} is a log`, {
      listen: '--listen',
      back: '--back',
      fromCurve: '--from-curve',
      fromCurvePeer: '--from-curve-peer',
    });
  }
  if (!to.every(isLog)) return;
  refuse('every --to is a log', { curve: '--curve', curvePeer: '--curve-peer' });
  if (!listen && view === undefined) refuse('every --to is a log', { allow: '--allow' });
  if (isLog(from)) refuse('--from and every --to are logs', { engine: '--engine' });
}

/** Streams of one name are the same log where they have a server in common. */
function isSameLog(one: LogTarget, other: LogTarget): boolean {
  if (one.log.connection.stream !== other.log.connection.stream) return false;
  const others = hostsOf(other);
  return hostsOf(one).some((host) => others.includes(host));
}

function hostsOf({ log }: LogTarget): string[] {
  return [log.connection.servers].flat().map((server) => server.replace(/^\w+:\/\//, '').toLowerCase());
}
