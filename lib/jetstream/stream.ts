// The stream of a log: made where it is missing, checked where it is there; and what is at its end.

import type { StreamInfo } from '@nats-io/jetstream';
import { describeError, GeneralError } from '../errors';
import { apiCode, type LogClient } from './client';
import { endOf, HEADER, isUnfinished, readHead, subjectOf, type Head, type HeaderSource } from './format';
import type { NumberBase } from './messages';
import type { KeepOptions } from './options';
import { NANOS_PER_MS } from './units';

// How far back the last message of ours is looked for, past messages that are none.
const MAX_STRAYS = 1_000;
const CHANNELS = 256;
// How long the server knows message ids; the chain of sequences needs none.
const DUPLICATES_MS = 120_000;
export const STREAM_NOT_FOUND = 10_059;
// How long the server may take to tell what is at the end.
const LOOK_MS = 10_000;

/** What a writer goes on behind. */
export interface LogEnd extends NumberBase {
  /** The last sequence of the stream. */
  readonly sequence: number;
}

/** A message of ours as the stream has it. */
export interface StoredHead {
  readonly sequence: number;
  readonly id: string;
  /** Undefined for a message that is none of ours. */
  readonly head: Head | undefined;
}

/** @returns undefined where there is no such stream. */
export async function streamInfo({ streams }: LogClient, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await streams.info(stream);
  } catch (err) {
    if (apiCode(err) === STREAM_NOT_FOUND) return undefined;
    throw err;
  }
}

/** How a stream keeps messages. */
export interface Kept {
  /** How many copies of it there are. */
  readonly copies: number;
  /** Infinity without a limit. */
  readonly maxBytes: number;
}

/**
 * Makes the stream, or checks that it is as it should be.
 * @returns what the writer has to know of it.
 * @throws {GeneralError} `ERR_LOG_STREAM`
 */
export async function ensureStream(client: LogClient, stream: string, keep: KeepOptions): Promise<Kept> {
  const info = await streamInfo(client, stream);
  if (info !== undefined) {
    checkStream(info, stream, keep);
    const { num_replicas: copies, max_bytes: most } = info.config;
    return { copies, maxBytes: unlimited(most) };
  }
  const {
    maxBytes = -1,
    maxAgeMs = 0,
    maxMessages = -1,
    replicas = 1,
    storage = 'file',
    discard = 'old',
  } = keep;
  try {
    await client.streams.add({
      name: stream,
      subjects: [`${stream}.*`],
      max_bytes: maxBytes,
      max_age: maxAgeMs * NANOS_PER_MS,
      max_msgs: maxMessages,
      num_replicas: replicas,
      storage: storage,
      discard: discard,
      // No longer than messages are kept: the server refuses that.
      duplicate_window: Math.min(DUPLICATES_MS, maxAgeMs || Infinity) * NANOS_PER_MS,
      allow_direct: true,
    });
    return { copies: replicas, maxBytes: unlimited(maxBytes) };
  } catch (err) {
    const text = `the stream ${stream} cannot be made on ${client.servers}: ${streamReason(err)}`;
    throw new GeneralError('ERR_LOG_STREAM', text, { cause: err });
  }
}

const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /maximum (bytes|messages)/,
    'it is full, and with discard=new it keeps what it has: purge it, or give it larger limits',
  ],
  [
    /insufficient .*resources/,
    'the servers have no room left: delete other logs or old frames, ask for fewer bytes, or give max_file_store ' +
      '(max_memory_store) in the configuration of nats-server a larger value',
  ],
  [
    /^no acknowledgement within/,
    'its servers are away or overloaded, or their disk is full: look at their log',
  ],
  [/message size exceeds/, 'give the stream a larger max_msg_size'],
  [/replicas > 1/, 'one server alone keeps one copy: ask for replicas=1, or run a cluster'],
  [
    /subjects overlap/,
    `another stream takes its messages: choose another name, or delete that stream ('nats stream ls')`,
  ],
];

/** Why a stream cannot be made or takes nothing, and what to do. */
export function streamReason(err: unknown): string {
  const why = describeError(err);
  const remedy = REMEDIES.find(([pattern]) => pattern.test(why))?.[1];
  return remedy === undefined ? why : `${remedy} (${why})`;
}

/** @throws {GeneralError} `ERR_LOG_STREAM` which shows what is asked for and what is there. */
export function checkStream({ config }: StreamInfo, stream: string, keep: KeepOptions): void {
  const there: Required<KeepOptions> = {
    maxBytes: unlimited(config.max_bytes),
    maxAgeMs: unlimited(config.max_age / NANOS_PER_MS),
    maxMessages: unlimited(config.max_msgs),
    replicas: config.num_replicas,
    storage: config.storage,
    discard: config.discard,
  };
  const differences: string[] = [];
  for (const [name, value] of Object.entries(there)) {
    const asked = keep[name as keyof KeepOptions];
    if (asked !== undefined && asked !== value)
      differences.push(`${name} is ${valueText(value)} and ${valueText(asked)} was asked for`);
  }
  const subject = `${stream}.*`;
  // A copy of another stream has none.
  const subjects = (config.subjects as string[] | undefined) ?? [];
  if (!subjects.some((one) => one === subject || one === `${stream}.>` || one === '>'))
    differences.push(`its subjects are ${subjects.join(', ') || 'none'} and a log has ${subject}`);
  if ((config.retention as string) !== 'limits')
    differences.push(`its retention is ${config.retention} and a log has limits`);
  if (config.no_ack) differences.push('it acknowledges nothing (no_ack) and a log needs acknowledgements');
  if (differences.length === 0) return;
  throw new GeneralError(
    'ERR_LOG_STREAM',
    `the stream ${stream} is there with other settings: ${differences.join('; ')}; ask for what it has, or change it ('nats stream edit')`,
  );
}

function unlimited(value: number): number {
  return value <= 0 ? Infinity : value;
}

function valueText(value: number | string): string {
  return value === Infinity ? 'unlimited' : String(value);
}

/** The message with this sequence; undefined where there is none. */
export async function storedHead(
  { streams }: LogClient,
  stream: string,
  seq: number,
): Promise<StoredHead | undefined> {
  const message = await streams.getMessage(stream, { seq });
  if (message === null) return undefined;
  const headers = message.header as HeaderSource | undefined;
  const { subject, seq: sequence } = message;
  return { sequence, id: headers?.get(HEADER.id) ?? '', head: headOf(subject, headers) };
}

/** What is at the end of the log. */
export async function logEnd(client: LogClient, stream: string): Promise<LogEnd> {
  const { state } = await client.streams.info(stream);
  const channelFrames = new Float64Array(CHANNELS);
  const ours: Ours[] = [];
  for (const found of await lastOfChannels(client, stream)) {
    const one = found.head === undefined ? await lastOfOurs(client, stream, found, state.first_seq) : found;
    if (one?.head !== undefined) ours.push({ sequence: one.sequence, head: one.head });
  }
  const last = ours.reduce<Ours | undefined>(
    (newest, one) => (newest === undefined || one.sequence > newest.sequence ? one : newest),
    undefined,
  );
  const sequence = state.last_seq;
  if (last === undefined) return { sequence, nextFrame: 0, channelFrames };
  const nextFrame = isAbandoned(last.head) ? last.head.frame : endOf(last.head);
  // Larger than any that was used, for a channel of which the log has trimmed all.
  channelFrames.fill(nextFrame);
  for (const { head } of ours) {
    const frames = head.kind === 'records' ? head.count : 1;
    channelFrames[head.channel] = head.channelFrame + (isAbandoned(head) ? 0 : frames);
  }
  return { sequence, nextFrame, channelFrames };
}

/** Whether this is the last message of a frame that lacks chunks: it was never acknowledged, and its numbers are used again. */
function isAbandoned(head: Head): boolean {
  return head.kind === 'frame' && isUnfinished(head);
}

/** A message of ours. */
interface Ours {
  readonly sequence: number;
  readonly head: Head;
}

interface LastOfChannel extends StoredHead {
  readonly subject: string;
  /** ms since 1970. */
  readonly storedAt: number;
}

/** Where a message is. */
export interface StoredMessage {
  readonly sequence: number;
  /** ms since 1970. */
  readonly storedAt: number;
}

/** The last message with these subjects; undefined where there is none. */
export async function lastMessage(
  { streams }: LogClient,
  stream: string,
  filter: string,
): Promise<StoredMessage | undefined> {
  // A consumer that begins with the last message of each subject takes seconds while the server serves others.
  const message = await streams.getMessage(stream, { last_by_subj: filter });
  return message === null ? undefined : { sequence: message.seq, storedAt: message.time.getTime() };
}

/** The last message of each subject, of its headers alone: a payload may have a megabyte, and there may be 256. */
export async function lastOfChannels(
  { nats, manager, js }: LogClient,
  stream: string,
  filter = `${stream}.*`,
): Promise<LastOfChannel[]> {
  const { AckPolicy, DeliverPolicy } = nats.jetstream;
  const info = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subject: filter,
    headers_only: true,
    mem_storage: true,
    inactive_threshold: LOOK_MS * NANOS_PER_MS,
  });
  const found: LastOfChannel[] = [];
  try {
    if (info.num_pending === 0) return found;
    const messages = await js.consumers
      .getConsumerFromInfo(info)
      .fetch({ max_messages: info.num_pending, expires: LOOK_MS });
    for await (const {
      seq: sequence,
      subject,
      headers,
      info: { timestampNanos },
    } of messages) {
      const storedAt = timestampNanos / NANOS_PER_MS;
      found.push({
        sequence,
        subject,
        storedAt,
        id: headers?.get(HEADER.id) ?? '',
        head: headOf(subject, headers),
      });
    }
  } finally {
    await manager.consumers.delete(stream, info.name).catch(() => undefined);
  }
  return found;
}

/** The last message of ours in front of one that is none, with the same subject. */
async function lastOfOurs(
  client: LogClient,
  stream: string,
  stray: { readonly sequence: number; readonly subject: string },
  firstSequence: number,
): Promise<StoredHead | undefined> {
  const least = Math.max(firstSequence, stray.sequence - MAX_STRAYS, 1);
  for (let seq = stray.sequence - 1; seq >= least; seq--) {
    const found = await storedHead(client, stream, seq);
    if (found?.head !== undefined && subjectOf(stream, found.head.channel) === stray.subject) return found;
  }
  return undefined;
}

/** Undefined for what is none of ours, or wrong: a reader says what is wrong with it. */
function headOf(subject: string, headers: HeaderSource | undefined): Head | undefined {
  try {
    return readHead(subject, headers);
  } catch {
    return undefined;
  }
}
