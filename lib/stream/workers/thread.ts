// Runs in a thread of a `WorkerModule`: calls the user's function with one frame after the other.

import { Piscina, move, transferableSymbol, valueSymbol } from 'piscina';
import { show } from '../../errors';
import { ownCopy } from '../../memory/payload-memory';
import { Frame, isFrame } from '../frame';
import type { FrameMessage, ThreadData } from './messages';

type Work = (frame: Frame, data: unknown) => unknown;

const { url, data } = Piscina.workerData as ThreadData;
// A module that cannot be loaded fails with each frame, and so for each frame it is said why.
const loading = load();
loading.catch(() => undefined);

async function load(): Promise<Work> {
  const { default: exported } = (await import(url)) as { default?: unknown };
  // What TypeScript makes of a default export for `require`.
  const work = (exported as { default?: unknown } | undefined)?.default ?? exported;
  if (typeof work === 'function') return work as Work;
  throw new TypeError(
    `the default export of ${url} is ${show(work)}, but must be a function that takes a frame`,
  );
}

/** What the function makes of a frame: nothing, one, or several. */
export default async function run({ payload, ...fields }: FrameMessage): Promise<unknown> {
  const work = await loading;
  const frame = new Frame(payload, fields);
  const result: unknown = await work(frame, data);
  const messages = listOf(result).map((one) => messageOf(one, frame, payload.buffer));
  // Only the memory that came with the frame is moved back. All other the function may go on using.
  const moved = messages.some((message) => message.payload.buffer === payload.buffer) ? [payload.buffer] : [];
  return move({ [transferableSymbol]: moved, [valueSymbol]: messages });
}

function listOf(result: unknown): readonly unknown[] {
  if (Array.isArray(result)) return result;
  return result === undefined || result === null ? [] : [result];
}

function messageOf(one: unknown, frame: Frame, came: ArrayBufferLike): FrameMessage {
  const { payload, flags, channel, error } = isFrame(one) ? one : Frame.from(checkView(one), frame);
  // To copy a part of a buffer to another thread is to copy all of the buffer.
  const isPart = payload.buffer !== came && payload.length !== payload.buffer.byteLength;
  return { payload: isPart ? ownCopy(payload) : payload, flags, channel, error };
}

function checkView(one: unknown): ArrayBufferView {
  if (ArrayBuffer.isView(one)) return one;
  throw new TypeError(
    `the function returned ${show(one)}, but must return a Frame, a typed array, a list of these, or nothing`,
  );
}
