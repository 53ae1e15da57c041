// Writes a log with the NATS client alone, by docs/jetstream-format.md: an independent check of the library's writer
// and readers.

import { jetstream, jetstreamManager, type JetStreamClient } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Frame } from '../../lib';
import { recordOf } from './files';

/** Headers of a message, by name. */
export type Headers = Readonly<Record<string, string | number>>;

/** A message in front of its publication. */
export interface LogMessage {
  readonly subject: string;
  readonly headers: Headers;
  readonly payload: Buffer;
}

/** Messages of a log, with running numbers. */
export class LogMessages {
  /** Number of the next frame. */
  frame = 0;
  private readonly channelFrames = new Map<number, number>();

  constructor(
    readonly stream: string,
    private readonly writer = 'hand-1',
  ) {}

  /** Gives its next frames the numbers that the next ones of another writer would have had. */
  startAt({ frame, channelFrames }: LogMessages): this {
    this.frame = frame;
    for (const [channel, next] of channelFrames) this.channelFrames.set(channel, next);
    return this;
  }

  /** Small frames, in this order: a message for each of their channels. */
  records(...frames: readonly Frame[]): LogMessage[] {
    const first = this.frame;
    const channels = [...new Set(frames.map(({ channel }) => channel))];
    const messages = channels.map((channel, part) => {
      const places = [...frames.keys()].filter((i) => frames[i]!.channel === channel);
      const gaps = places.map((place, i) => place - (places[i - 1] ?? -1) - 1);
      const batch = {
        'Rogue-Batch': `${first}-${first + frames.length}`,
        'Rogue-Part': `${part}/${channels.length}`,
        'Rogue-Order': orderOf(gaps),
      };
      const payload = Buffer.concat(places.map((place) => recordOf(frames[place]!)));
      return this.message(channel, first + places[0]!, places.length, payload, {
        'Rogue-Count': places.length,
        ...(channels.length > 1 && batch),
      });
    });
    this.frame += frames.length;
    return messages;
  }

  /** A frame in a message of its own. */
  lone({ payload, channel, flags, error }: Frame): LogMessage {
    const more = { 'Rogue-Flags': flags, 'Rogue-Error': error };
    return this.message(channel, this.frame++, 1, payload, more);
  }

  /** A frame in several messages, with at most this number of bytes of it in each. */
  chunks({ payload, channel, flags, error }: Frame, chunkBytes: number): LogMessage[] {
    const count = Math.ceil(payload.length / chunkBytes);
    const frame = this.frame++;
    const channelFrame = this.count(channel, 1);
    return Array.from({ length: count }, (_, chunk) => ({
      subject: `${this.stream}.${channel}`,
      headers: {
        ...this.common(`${frame}.${chunk}`, frame, channelFrame),
        'Rogue-Flags': flags,
        'Rogue-Error': error,
        'Rogue-Size': payload.length,
        'Rogue-Chunk': `${chunk}/${count}`,
      },
      payload: payload.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes),
    }));
  }

  private message(channel: number, frame: number, count: number, payload: Buffer, more: Headers): LogMessage {
    const common = this.common(String(frame), frame, this.count(channel, count));
    return { subject: `${this.stream}.${channel}`, headers: { ...common, ...more }, payload };
  }

  private common(id: string, frame: number, channelFrame: number): Headers {
    return {
      'Nats-Msg-Id': `${this.writer}.${id}`,
      'Rogue-Log': 1,
      'Rogue-Frame': frame,
      'Rogue-Channel-Frame': channelFrame,
    };
  }

  /** Number within the channel of the first of `count` further frames. */
  private count(channel: number, count: number): number {
    const first = this.channelFrames.get(channel) ?? 0;
    this.channelFrames.set(channel, first + count);
    return first;
  }
}

/** `0,1x998,3` */
export function orderOf(gaps: readonly number[]): string {
  const runs: { gap: number; count: number }[] = [];
  for (const gap of gaps) {
    if (runs.at(-1)?.gap === gap) runs.at(-1)!.count += 1;
    else runs.push({ gap, count: 1 });
  }
  return runs.map(({ gap, count }) => (count === 1 ? gap : `${gap}x${count}`)).join(',');
}

/** A stream on a server, made for a log, and its one writer. */
export class LogByHand {
  private last = 0;

  private constructor(
    readonly client: NatsConnection,
    private readonly jetstream: JetStreamClient,
  ) {}

  /** Makes the stream. @param client stays open. */
  static async create(client: NatsConnection, stream: string): Promise<LogByHand> {
    const { streams } = await jetstreamManager(client);
    await streams.add({ name: stream, subjects: [`${stream}.*`], storage: 'memory' });
    return new LogByHand(client, jetstream(client));
  }

  /** Publishes them, each behind the one before it; resolves when the server has them. */
  async append(...messages: readonly LogMessage[]): Promise<void> {
    for (const message of messages) {
      const chain = { 'Nats-Expected-Last-Sequence': this.last };
      await this.appendAsItIs({ ...message, headers: { ...chain, ...message.headers } });
    }
  }

  /** Publishes a message with its own headers alone. */
  async appendAsItIs({ subject, headers: fields, payload }: LogMessage): Promise<void> {
    const all = headers();
    for (const [name, value] of Object.entries(fields)) all.set(name, String(value));
    const { seq, duplicate } = await this.jetstream.publish(subject, payload, { headers: all });
    if (!duplicate) this.last = seq;
  }
}
