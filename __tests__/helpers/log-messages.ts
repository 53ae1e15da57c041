// Messages of a log, put together independently of the library, as docs/jetstream-format.md has them.

import { headers as makeHeaders, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import type { Frame } from '../../lib';
import { recordOf } from './files';

/** A message before it is published. */
export interface LogMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** Numbers the frames of one writer and makes messages of them. */
export class LogMessages {
  private readonly channelFrames: Map<number, number>;

  /**
   * @param before whose log it goes on with.
   * @param next the number of its first frame. Default: the one that is next in `before`.
   */
  constructor(
    readonly stream: string,
    readonly writer = 'model-1',
    before?: LogMessages,
    public next: number = before?.next ?? 0,
  ) {
    this.channelFrames = new Map(before?.channelFrames);
  }

  /** The number of the next frame of this channel. */
  channelNext(channel: number): number {
    return this.channelFrames.get(channel) ?? 0;
  }

  /** Frames of one channel as a message of records. */
  records(frames: readonly Frame[]): LogMessage {
    return this.message(
      frames,
      { 'Rogue-Count': String(frames.length) },
      Buffer.concat(frames.map((one) => recordOf(one))),
    );
  }

  /** Frames of several channels as a batch, a message for each channel in the order of their first frames. */
  batch(frames: readonly Frame[]): LogMessage[] {
    const first = this.next;
    const channels = [...new Set(frames.map(({ channel }) => channel))];
    const messages = channels.map((channel, part) => {
      const places = frames.flatMap((frame, i) => (frame.channel === channel ? [i] : []));
      const own = places.map((i) => frames[i]!);
      this.next = first + places[0]!;
      return this.message(
        own,
        {
          'Rogue-Count': String(own.length),
          'Rogue-Batch': `${first}-${first + frames.length}`,
          'Rogue-Part': `${part}/${channels.length}`,
          // Without the short form of gaps that are alike.
          'Rogue-Order': places.map((place, i) => place - (i === 0 ? 0 : places[i - 1]! + 1)).join(','),
        },
        Buffer.concat(own.map((one) => recordOf(one))),
      );
    });
    this.next = first + frames.length;
    return messages;
  }

  /** A frame that has a message of its own. */
  lone(frame: Frame): LogMessage {
    return this.message([frame], fieldsOf(frame), frame.payload);
  }

  /** A frame in this number of chunks, of equal size as far as that goes. @param bytes of a chunk. */
  chunks(frame: Frame, parts: number, bytes = Math.ceil(frame.size / parts)): LogMessage[] {
    const [number, channelFrame] = [this.next, this.channelNext(frame.channel)];
    return Array.from({ length: parts }, (_, i) => {
      this.next = number;
      this.channelFrames.set(frame.channel, channelFrame);
      const place = { 'Rogue-Size': String(frame.size), 'Rogue-Chunk': `${i}/${parts}` };
      const part = frame.payload.subarray(i * bytes, (i + 1) * bytes);
      return this.message([frame], { ...fieldsOf(frame), ...place }, part, `.${i}`);
    });
  }

  private message(
    frames: readonly Frame[],
    more: Readonly<Record<string, string>>,
    payload: Buffer,
    chunk = '',
  ): LogMessage {
    const { channel } = frames[0]!;
    const channelFrame = this.channelNext(channel);
    const headers = {
      'Nats-Msg-Id': `${this.writer}.${this.next}${chunk}`,
      'Rogue-Log': '1',
      'Rogue-Frame': String(this.next),
      'Rogue-Channel-Frame': String(channelFrame),
      ...more,
    };
    this.next += frames.length;
    this.channelFrames.set(channel, channelFrame + frames.length);
    return { subject: `${this.stream}.${channel}`, headers, payload };
  }
}

function fieldsOf({ flags, error }: Frame): Record<string, string> {
  return { 'Rogue-Flags': String(flags), 'Rogue-Error': String(error) };
}

/** Stores them one after the other; returns the sequence of the last one. */
export async function publishMessages(
  client: NatsConnection,
  messages: readonly LogMessage[],
): Promise<number> {
  const js = jetstream(client);
  let last = 0;
  for (const { subject, headers, payload } of messages) {
    last = (await js.publish(subject, payload, { headers: headersOf(headers) })).seq;
  }
  return last;
}

function headersOf(fields: Readonly<Record<string, string>>): MsgHdrs {
  const all = makeHeaders();
  for (const [name, value] of Object.entries(fields)) all.set(name, value);
  return all;
}
