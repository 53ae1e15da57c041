// What a person sees of a log: `info nats://HOST/STREAM`.

import type { LogInfo } from '../../jetstream';
import { visible } from '../../quoted';
import { tableText } from '../support/table';
import { agoText, grouped, limitText, plural, sizeText } from '../support/text';

type Log = NonNullable<LogInfo['log']>;

/** Settings, limits, content, channels, readers and copies, a section each. */
export function logText(info: LogInfo, now = Date.now()): string {
  const { stream, servers, version, log } = info;
  const title = `log ${stream} at ${servers}, nats-server ${visible(version)}`;
  if (log === undefined) return `${title}\nthere is no such stream; a writer makes it`;
  const sections = [
    factsText(title, log, now),
    channelsText(log, now),
    readersText(log),
    copiesText(log),
    foreignText(log),
  ];
  return sections.filter((one) => one !== undefined).join('\n\n');
}

function factsText(title: string, log: Log, now: number): string {
  const { storage, replicas, discard, maxBytes, maxAgeMs, maxMessages, createdAt } = log;
  const full =
    discard === 'new' ? 'at a limit new messages are refused' : 'at a limit the oldest are removed';
  const place = (sequence: number, at: Date | undefined): string =>
    at === undefined ? '-' : `sequence ${grouped(sequence)}, ${timeText(at, now)}`;
  const rows = [
    ['made', timeText(createdAt, now)],
    ['kept', `${storage}, ${replicas === 1 ? '1 copy' : `${replicas} copies`}; ${full}`],
    [
      'limits',
      `bytes ${limitText(maxBytes, sizeText)}, age ${limitText(maxAgeMs, (ms) => `${grouped(ms / 1000)} s`)}, ` +
        `messages ${limitText(maxMessages, grouped)}`,
    ],
    [
      'content',
      `${plural(log.messages, 'message')}, ${sizeText(log.bytes)}; ${plural(log.frames, 'frame')} written in all`,
    ],
    ['first', place(log.first, log.firstAt)],
    ['last', place(log.last, log.lastAt)],
  ];
  return `${title}\n${rows.map(([name, text]) => `  ${name!.padEnd(8)} ${text}`).join('\n')}`;
}

function channelsText({ channels }: Log, now: number): string | undefined {
  if (channels.length === 0) return undefined;
  return tableText(
    ['channel', 'frames', 'messages', 'last'],
    channels.map(({ channel, frames, messages, lastAt }) => [
      String(channel),
      grouped(frames),
      grouped(messages),
      agoText(now - lastAt.getTime()),
    ]),
  );
}

function readersText({ consumers }: Log): string {
  if (consumers.length === 0) return 'no reader is there, and no group';
  return tableText(
    ['reader', 'kind', 'channel', 'behind', 'unacknowledged', 'redelivered', 'at sequence'],
    consumers.map(({ name, isGroup, channel, pending, unacknowledged, redelivered, sequence }) => [
      visible(name),
      isGroup ? 'group' : 'copy',
      channel === undefined ? 'all' : String(channel),
      plural(pending, 'message'),
      isGroup ? grouped(unacknowledged) : '-',
      isGroup ? grouped(redelivered) : '-',
      grouped(sequence),
    ]),
    2,
  );
}

function copiesText({ copies }: Log): string | undefined {
  if (copies.length === 0) return undefined;
  return tableText(
    ['copy on', 'is', 'behind'],
    copies.map(({ server, isLeader, isCurrent, isOffline, behind }) => [
      visible(server),
      isLeader ? 'leader' : isOffline ? 'offline' : isCurrent ? 'current' : 'behind',
      isLeader ? '-' : plural(behind, 'operation'),
    ]),
    2,
  );
}

function foreignText({ foreignSubjects }: Log): string | undefined {
  if (foreignSubjects.length === 0) return undefined;
  return `subjects that are no channel's, whose messages readers skip: ${visible(foreignSubjects.join(', '))}`;
}

function timeText(at: Date, now: number): string {
  return `${at.toISOString()}, ${agoText(now - at.getTime())}`;
}
