// Frames as messages of a log: the headers of docs/jetstream-format.md, and the numbers in them. Pure.

import type { Frame } from '../stream/frame';
import type { Batch } from './batch';
import type { Outgoing } from './chain';
import { FORMAT_VERSION, HEADER, orderText, subjectOf } from './format';

const CHANNELS = 256;

/** Where a writer goes on. */
export interface NumberBase {
  readonly nextFrame: number;
  /** By channel, the number of its next frame. */
  readonly channelFrames: Float64Array;
}

/**
 * The numbers of a writer's frames, counted from its own first one. What they are in the log follows from where that
 * began, which may change until the first message is stored.
 */
export class FrameNumbers {
  private own = 0;
  private readonly ownOfChannel = new Float64Array(CHANNELS);

  constructor(private base: NumberBase) {}

  /** In the log, of the next frame. */
  get next(): number {
    return this.base.nextFrame + this.own;
  }

  /** Another writer has stored frames in between. */
  moveTo(base: NumberBase): void {
    this.base = base;
  }

  /** The own number of one more frame. */
  take(): number {
    return this.own++;
  }

  /** The own number within its channel of the first of some more frames. */
  takeOfChannel(channel: number, count: number): number {
    const own = this.ownOfChannel[channel]!;
    this.ownOfChannel[channel] = own + count;
    return own;
  }

  frame(own: number): number {
    return this.base.nextFrame + own;
  }

  channelFrame(channel: number, own: number): number {
    return this.base.channelFrames[channel]! + own;
  }
}

/** What all messages of a writer have in common. */
export interface MessageContext {
  readonly stream: string;
  /** The part of the message ids in front of the first dot. */
  readonly writer: string;
  readonly numbers: FrameNumbers;
}

type Headers = [name: string, value: string][];

/**
 * The messages of a batch, one a channel.
 *
 * @param first own number of its first frame.
 * @param settled called once a message, with its frames; `done` when all are.
 */
export function batchMessages(
  context: MessageContext,
  batch: Batch,
  first: number,
  settled: (frames: number, error: Error | undefined) => void,
  done: (error: Error | undefined) => void,
): Outgoing[] {
  const parts = batch.parts();
  const { numbers } = context;
  let left = parts.length;
  return parts.map(({ channel, count, offset, gaps, payload }, index) => {
    const ofChannel = numbers.takeOfChannel(channel, count);
    const more = (): Headers => {
      const headers: Headers = [[HEADER.count, String(count)]];
      if (parts.length === 1) return headers;
      const start = numbers.frame(first);
      headers.push([HEADER.batch, `${start}-${start + batch.frames}`]);
      headers.push([HEADER.part, `${index}/${parts.length}`], [HEADER.order, orderText(gaps)]);
      return headers;
    };
    const onSettled = (error?: Error): void => {
      settled(count, error);
      left -= 1;
      if (left === 0) done(error);
    };
    return messageOf(context, { channel, own: first + offset, ofChannel }, more, payload, count, onSettled);
  });
}

/**
 * The messages of a frame that has some of its own: one, or a chunk each where the servers take none of its size.
 *
 * @param own number of the frame.
 */
export function frameMessages(
  context: MessageContext,
  frame: Frame,
  own: number,
  chunkBytes: number,
  done: (error: Error | undefined) => void,
): Outgoing[] {
  const { payload, channel, flags, error } = frame;
  const place = { channel, own, ofChannel: context.numbers.takeOfChannel(channel, 1) };
  const common: Headers = [
    [HEADER.flags, String(flags)],
    [HEADER.error, String(error)],
  ];
  const chunks = Math.ceil(payload.length / chunkBytes);
  if (chunks === 1) return [messageOf(context, place, () => common, payload, 1, done)];
  return Array.from({ length: chunks }, (_, chunk) => {
    const isLast = chunk === chunks - 1;
    const more: Headers = [
      ...common,
      [HEADER.size, String(payload.length)],
      [HEADER.chunk, `${chunk}/${chunks}`],
    ];
    const part = payload.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes);
    const onSettled = (err?: Error): void => {
      if (isLast) done(err);
    };
    return messageOf(context, place, () => more, part, isLast ? 1 : 0, onSettled, `.${chunk}`);
  });
}

function messageOf(
  { stream, writer, numbers }: MessageContext,
  { channel, own, ofChannel }: { readonly channel: number; readonly own: number; readonly ofChannel: number },
  more: () => Headers,
  payload: Uint8Array,
  frames: number,
  onSettled: (error?: Error) => void,
  chunk = '',
): Outgoing {
  return {
    subject: subjectOf(stream, channel),
    id: () => `${writer}.${numbers.frame(own)}${chunk}`,
    headers: () => [
      [HEADER.version, String(FORMAT_VERSION)],
      [HEADER.frame, String(numbers.frame(own))],
      [HEADER.channelFrame, String(numbers.channelFrame(channel, ofChannel))],
      ...more(),
    ],
    payload,
    frames,
    onSettled,
  };
}
