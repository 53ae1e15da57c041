// What is in a log, and how its readers and servers are.

import type { ConsumerInfo, JetStreamAccountStats, PeerInfo, StreamInfo } from '@nats-io/jetstream';
import { epochMs } from '../async/clock';
import { describeError, GeneralError } from '../errors';
import { connect, type LogClient } from './client';
import { endOf, subjectOf } from './format';
import { connectionOptionsOf, type JetStreamReaderOptions, type JetStreamWriterOptions } from './options';
import { lastOfChannels, streamInfo } from './stream';
import { NANOS_PER_MS } from './units';

const CONSUMER_MS = 5_000;

/** One channel of a log. */
export interface LogChannelInfo {
  readonly channel: number;
  readonly messages: number;
  /** Frames that the channel has ever had, those included that the log has removed since. */
  readonly frames: number;
  readonly lastAt: Date;
}

/** A reader, or a group of readers, as the servers see it. */
export interface LogConsumerInfo {
  readonly name: string;
  /** Whether it is a group, which remembers its place; others are readers that are there now, or were a minute ago. */
  readonly isGroup: boolean;
  /** What it reads: undefined for all channels. */
  readonly channel: number | undefined;
  /** Messages that it has not been given. */
  readonly pending: number;
  /** Of a group: messages that were given and not acknowledged. */
  readonly unacknowledged: number;
  readonly redelivered: number;
  /** Sequence of the last message that it was given. */
  readonly sequence: number;
}

/** A copy of the log. */
export interface LogReplicaInfo {
  readonly server: string;
  readonly isLeader: boolean;
  readonly isCurrent: boolean;
  readonly isOffline: boolean;
  /** Operations that it is behind the leader. */
  readonly behind: number;
}

/** What {@link inspectLog} found. */
export interface LogInfo {
  readonly stream: string;
  /** `a:4222, b:4222` */
  readonly servers: string;
  /** Of nats-server, as `2.9.10`. */
  readonly version: string;
  /** The largest message that the servers take, in bytes. */
  readonly maxMessageBytes: number;
  /**
   * How far the clock of the server is ahead of ours, in ms; as exact as the answer was quick. Undefined without a stream.
   */
  readonly clock: { readonly aheadMs: number; readonly answerMs: number } | undefined;
  /** What JetStream has for this user, in bytes; Infinity for no limit. */
  readonly store: { readonly usedBytes: number; readonly maxBytes: number };
  /** Undefined where there is no such stream. */
  readonly log:
    | {
        readonly createdAt: Date;
        readonly subjects: readonly string[];
        readonly storage: string;
        readonly retention: string;
        readonly discard: string;
        readonly replicas: number;
        /** Infinity for no limit. */
        readonly maxBytes: number;
        readonly maxAgeMs: number;
        readonly maxMessages: number;
        readonly messages: number;
        readonly bytes: number;
        /** Sequences; 0 for an empty log. */
        readonly first: number;
        readonly last: number;
        readonly firstAt: Date | undefined;
        readonly lastAt: Date | undefined;
        /** Frames that the log has ever had. */
        readonly frames: number;
        readonly channels: readonly LogChannelInfo[];
        /** Subjects of the stream that are no channel's. */
        readonly foreignSubjects: readonly string[];
        readonly consumers: readonly LogConsumerInfo[];
        /** Of a cluster; none for a single server. */
        readonly copies: readonly LogReplicaInfo[];
      }
    | undefined;
}

/**
 * Looks at a log and its servers, and changes nothing.
 *
 * @throws {GeneralError} `ERR_LOG_CONNECT`, `ERR_LOG_STREAM` (no answer), `ERR_MISSING_PACKAGE`
 */
export async function inspectLog(
  target: string | JetStreamReaderOptions | JetStreamWriterOptions,
): Promise<LogInfo> {
  const options = connectionOptionsOf(target);
  const client = await connect(options, 'inspectLog');
  const { stream } = options;
  try {
    const account = await client.manager.getAccountInfo();
    const info = await streamInfo(client, stream);
    return {
      stream,
      servers: client.servers,
      version: client.connection.info?.version ?? 'unknown',
      maxMessageBytes: client.connection.info?.max_payload ?? 0,
      clock: info && (await clockOf(client, stream)),
      store: storeOf(account, info),
      log: info && (await contentsOf(client, info)),
    };
  } catch (err) {
    if (err instanceof GeneralError) throw err;
    const text = `the stream ${stream} on ${client.servers} cannot be looked at: ${describeError(err)}`;
    throw new GeneralError('ERR_LOG_STREAM', text, { cause: err });
  } finally {
    await client.connection.close();
  }
}

/**
 * Removes a log with all that is in it; nothing where there is none.
 *
 * @throws {GeneralError} `ERR_LOG_CONNECT`, `ERR_LOG_STREAM`, `ERR_MISSING_PACKAGE`
 */
export async function deleteLog(
  target: string | JetStreamReaderOptions | JetStreamWriterOptions,
): Promise<void> {
  const options = connectionOptionsOf(target);
  const client = await connect(options, 'deleteLog');
  try {
    if ((await streamInfo(client, options.stream)) !== undefined) await client.streams.delete(options.stream);
  } catch (err) {
    const text = `the stream ${options.stream} on ${client.servers} cannot be removed: ${describeError(err)}`;
    throw new GeneralError('ERR_LOG_STREAM', text, { cause: err });
  } finally {
    await client.connection.close();
  }
}

/** The server tells its time when it makes a consumer: its clock is compared with ours in the middle of that. */
async function clockOf({ manager, nats }: LogClient, stream: string): Promise<LogInfo['clock']> {
  const before = epochMs();
  const { name, created } = await manager.consumers.add(stream, {
    ack_policy: nats.jetstream.AckPolicy.None,
    mem_storage: true,
    inactive_threshold: CONSUMER_MS * NANOS_PER_MS,
  });
  const after = epochMs();
  await manager.consumers.delete(stream, name).catch(() => undefined);
  return { aheadMs: new Date(created).getTime() - (before + after) / 2, answerMs: after - before };
}

function storeOf(account: JetStreamAccountStats, info: StreamInfo | undefined): LogInfo['store'] {
  const isMemory = info?.config.storage === 'memory';
  const usedBytes = isMemory ? account.memory : account.storage;
  const { max_memory: maxMemory, max_storage: maxStorage } = account.limits;
  return { usedBytes, maxBytes: allowed(isMemory ? maxMemory : maxStorage) };
}

async function contentsOf(client: LogClient, info: StreamInfo): Promise<LogInfo['log']> {
  const { config, state, created, cluster } = info;
  const { name } = config;
  const counted = await client.streams.info(name, { subjects_filter: `${name}.>` });
  const subjects = counted.state.subjects ?? {};
  const lasts = await lastOfChannels(client, name);
  const channels = lasts
    .filter(({ head }) => head !== undefined)
    .map(({ head, subject, storedAt }) => ({
      channel: head!.channel,
      messages: subjects[subject] ?? 0,
      frames: head!.channelFrame + (head!.kind === 'records' ? head!.count : 1),
      lastAt: new Date(storedAt),
    }))
    .sort((a, b) => a.channel - b.channel);
  const known = new Set(channels.map(({ channel }) => subjectOf(name, channel)));
  const newest = lasts.reduce((end, { head }) => Math.max(end, head === undefined ? 0 : endOf(head)), 0);
  return {
    createdAt: new Date(created),
    subjects: config.subjects,
    storage: config.storage,
    retention: config.retention,
    discard: config.discard,
    replicas: config.num_replicas,
    maxBytes: unlimited(config.max_bytes),
    maxAgeMs: unlimited(config.max_age / NANOS_PER_MS),
    maxMessages: unlimited(config.max_msgs),
    messages: state.messages,
    bytes: state.bytes,
    first: state.messages === 0 ? 0 : state.first_seq,
    last: state.messages === 0 ? 0 : state.last_seq,
    firstAt: state.messages === 0 ? undefined : new Date(state.first_ts),
    lastAt: state.messages === 0 ? undefined : new Date(state.last_ts),
    frames: newest,
    channels,
    foreignSubjects: Object.keys(subjects).filter((subject) => !known.has(subject)),
    consumers: await consumersOf(client, name),
    copies: copiesOf(cluster),
  };
}

async function consumersOf({ manager }: LogClient, stream: string): Promise<LogConsumerInfo[]> {
  const all: LogConsumerInfo[] = [];
  for await (const one of manager.consumers.list(stream)) all.push(consumerOf(one, stream));
  return all.sort((a, b) => a.name.localeCompare(b.name));
}

function consumerOf(info: ConsumerInfo, stream: string): LogConsumerInfo {
  const { name, config, num_pending: pending, num_ack_pending, num_redelivered, delivered } = info;
  const [, channel] = config.filter_subject?.split(`${stream}.`) ?? [];
  return {
    name,
    isGroup: config.durable_name !== undefined,
    channel: channel === undefined || channel === '*' ? undefined : Number(channel),
    pending,
    unacknowledged: num_ack_pending,
    redelivered: num_redelivered,
    sequence: delivered.stream_seq,
  };
}

function copiesOf(cluster: StreamInfo['cluster']): LogReplicaInfo[] {
  if (cluster?.leader === undefined || cluster.leader === '' || cluster.replicas === undefined) return [];
  const leader = { server: cluster.leader, isLeader: true, isCurrent: true, isOffline: false, behind: 0 };
  // The server leaves out what is false or 0.
  const others = (cluster.replicas as Partial<PeerInfo>[]).map(
    ({ name = '', current = false, offline = false, lag = 0 }) => ({
      server: name,
      isLeader: false,
      isCurrent: current,
      isOffline: offline,
      behind: lag,
    }),
  );
  return [leader, ...others];
}

function unlimited(value: number): number {
  return value <= 0 ? Infinity : value;
}

/** Of an account, where 0 is nothing at all. */
function allowed(value: number): number {
  return value < 0 ? Infinity : value;
}
