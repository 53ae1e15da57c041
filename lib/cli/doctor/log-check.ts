// Whether a log, and the servers that keep it, are as they should be.

import type { LogInfo } from '../../jetstream';
import { visible } from '../../quoted';
import { given, type LogTarget } from '../support/arguments';
import { loadJetStream } from '../support/log-target';
import { digits, grouped, limitText, plural, sizeText } from '../support/text';
import type { Check, Verdict } from './system-check';

/** What is said about a log: `--json` prints just this. */
export interface LogReport {
  readonly ok: boolean;
  readonly target: string;
  readonly checks: readonly Check[];
}

type Log = NonNullable<LogInfo['log']>;

const LEAST_VERSION = [2, 9] as const;
/** From here on `sync_interval: always` is known. */
const SYNC_VERSION = [2, 10] as const;
const FULL_SHARE = 0.95;
const NEARLY_FULL_SHARE = 0.8;
// A batch, and its headers.
const SMALL_MESSAGE_BYTES = 300_000;
const FEW_BYTES = 1e9;
const MUCH_BEHIND = 1_000;
const SLOW_ANSWER_MS = 1_000;
const CLOCK_WARN_MS = 1_000;
const CLOCK_FAIL_MS = 60_000;

/** @param timeout in seconds. */
export async function reportLog(target: LogTarget, timeout: number): Promise<LogReport> {
  const { inspectLog } = loadJetStream();
  const { connection } = target.log;
  try {
    const info = await inspectLog({ ...connection, ...given({ timeoutMs: Math.ceil(timeout * 1000) }) });
    const checks = checksOf(info);
    return { ok: checks.every(({ verdict }) => verdict !== 'fail'), target: target.name, checks };
  } catch (err) {
    const { message } = err as Error;
    const check: Check = { name: 'server', value: 'none', verdict: 'fail', meaning: visible(message) };
    return { ok: false, target: target.name, checks: [check] };
  }
}

/** Every check, in the order in which things go wrong. Pure. */
export function checksOf(info: LogInfo): Check[] {
  const { log } = info;
  const checks = [versionCheck(info), answerCheck(info), storeCheck(info), messageCheck(info)];
  if (log === undefined) {
    const meaning = 'no reader can open it; a writer makes it';
    return [...checks, check('stream', 'missing', 'warn', meaning)];
  }
  return [
    ...checks,
    clockCheck(info),
    streamCheck(log),
    ...limitChecks(log),
    ...copyChecks(log),
    ...readerChecks(log),
  ];
}

function versionCheck({ version }: LogInfo): Check {
  const value = visible(version);
  if (!isAtLeast(version, LEAST_VERSION))
    return check('version', value, 'fail', 'too old: logs need nats-server 2.9');
  if (isAtLeast(version, SYNC_VERSION)) return check('version', value, 'ok', 'as logs need it');
  const meaning =
    'works; what is acknowledged may be lost with the power for two minutes, which 2.10 can prevent (sync_interval)';
  return check('version', value, 'ok', meaning);
}

function answerCheck({ clock }: LogInfo): Check {
  if (clock === undefined)
    return check('answer', 'connected', 'ok', 'the servers let us in, and have JetStream');
  const value = `${grouped(clock.answerMs)} ms`;
  const isSlow = clock.answerMs > SLOW_ANSWER_MS;
  return isSlow
    ? check('answer', value, 'warn', 'slow: the network or the disk of the server is behind')
    : check('answer', value, 'ok', 'the servers let us in, and have JetStream');
}

function storeCheck({ store: { usedBytes, maxBytes } }: LogInfo): Check {
  const value = `${sizeText(usedBytes)} of ${limitText(maxBytes, sizeText)}`;
  const share = usedBytes / maxBytes;
  if (share >= FULL_SHARE)
    return check('store', value, 'fail', 'full: remove logs, or give JetStream more (max_file_store)');
  if (share >= NEARLY_FULL_SHARE)
    return check('store', value, 'warn', 'nearly full: remove logs, or give JetStream more');
  return check('store', value, 'ok', 'what JetStream keeps for this user');
}

function messageCheck({ maxMessageBytes }: LogInfo): Check {
  const value = sizeText(maxMessageBytes);
  return maxMessageBytes < SMALL_MESSAGE_BYTES
    ? check('message', value, 'warn', 'small: many messages a frame; raise max_payload to 1 MB')
    : check('message', value, 'ok', 'the largest one; larger frames are cut into chunks');
}

function clockCheck({ clock }: LogInfo): Check {
  const { aheadMs, answerMs } = clock!;
  const off = Math.max(Math.abs(aheadMs) - answerMs / 2, 0);
  const value = `${digits(Math.abs(aheadMs) / 1000)} s ${aheadMs < 0 ? 'behind' : 'ahead'}`;
  if (off <= CLOCK_WARN_MS) return check('clock', value, 'ok', "the server's, beside ours");
  const verdict = off > CLOCK_FAIL_MS ? 'fail' : 'warn';
  return check(
    'clock',
    value,
    verdict,
    "the server's clock is wrong, or ours: since= goes by the server's; run NTP on both",
  );
}

function streamCheck({ retention, subjects, foreignSubjects }: Log): Check {
  if (retention !== 'limits')
    return check(
      'stream',
      `retention ${visible(retention)}`,
      'fail',
      'messages go when they are read: make it anew with limits',
    );
  if (foreignSubjects.length > 0)
    return check(
      'stream',
      visible(foreignSubjects[0]!),
      'warn',
      'others write into it as well: readers skip that',
    );
  return check('stream', visible(subjects.join(', ')), 'ok', 'one subject a channel');
}

function limitChecks(log: Log): Check[] {
  const { maxBytes, bytes, maxMessages, messages, discard } = log;
  const share = Math.max(bytes / maxBytes, messages / maxMessages);
  const value = `${sizeText(bytes)} of ${limitText(maxBytes, sizeText)}`;
  if (discard === 'new' && share >= FULL_SHARE)
    return [
      check(
        'limits',
        value,
        'fail',
        'full: writers are held back; purge it, or raise max-bytes or max-messages',
      ),
    ];
  if (discard === 'new' && share >= NEARLY_FULL_SHARE)
    return [check('limits', value, 'warn', 'nearly full: writers will be held back')];
  if (maxBytes < FEW_BYTES)
    return [
      check('limits', value, 'warn', 'small: a reader that is behind by more than this loses messages'),
    ];
  return [
    check('limits', value, 'ok', discard === 'new' ? 'then writers are held back' : 'then the oldest go'),
  ];
}

function copyChecks({ copies, replicas }: Log): Check[] {
  if (replicas === 1 || copies.length === 0) return [];
  const bad = copies.filter(({ isOffline, isCurrent }) => isOffline || !isCurrent);
  if (bad.length === 0) return [check('copies', `${copies.length} of ${replicas}`, 'ok', 'all are current')];
  const [{ server, isOffline, behind }] = bad as [Log['copies'][number]];
  const isMajority = 2 * (copies.length - bad.length) > replicas;
  const what = `${visible(server)} is ${isOffline ? 'offline' : `behind by ${plural(behind, 'operation')}`}`;
  const meaning = isMajority
    ? `${what}: one more, and writers are held back`
    : `${what}: writers are held back`;
  return [
    check('copies', `${copies.length - bad.length} of ${replicas}`, isMajority ? 'warn' : 'fail', meaning),
  ];
}

function readerChecks({ consumers }: Log): Check[] {
  return consumers
    .filter(({ isGroup }) => isGroup)
    .map(({ name, pending, unacknowledged }) => {
      const value = `${plural(pending, 'message')} behind`;
      return pending > MUCH_BEHIND
        ? check(
            `group ${visible(name)}`,
            value,
            'warn',
            `its readers are too slow, or gone; ${grouped(unacknowledged)} unacknowledged`,
          )
        : check(`group ${visible(name)}`, value, 'ok', `${grouped(unacknowledged)} unacknowledged`);
    });
}

function check(name: string, value: string, verdict: Verdict, meaning: string): Check {
  return { name, value, verdict, meaning };
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ours = 0, least = 0] = version.split('.').map(Number);
  return ours > major || (ours === major && least >= minor);
}
