// The last data of a stream, as an array of its own.

import { once } from 'node:events';
import { DataReceiver, Frame, Logging, Master, reqFrame, type DataReceiverOptions } from '../../lib';
import { collectLog } from '../helpers/log';

function receiver<T extends ArrayBufferView = Uint8Array>(
  options?: DataReceiverOptions<T>,
): { source: Master; data: DataReceiver<T> } {
  const source = new Master();
  return { source, data: source.to(new DataReceiver(options)) };
}

test('the last good frame, in memory of its own, counted, and told of', async () => {
  const { source, data } = receiver({ type: Uint16Array, offset: 2 });
  expect(data.data).toBeUndefined();
  const updates: number[][] = [];
  data.on('update', (samples, { channel }) => updates.push([channel, ...samples]));
  const next = once(data, 'update');
  const frame = reqFrame(6, { channel: 3 });
  frame.payload.set([9, 9, 1, 0, 2, 0]);
  await source.sendFrame(frame);
  expect([...((await next)[0] as Uint16Array)]).toEqual([1, 2]);
  const [first] = [data.data!];
  await source.sendFrame(Frame.from(Uint16Array.of(0, 7)));
  expect([...data.data!]).toEqual([7]);
  expect([...first]).toEqual([1, 2]);
  expect(updates).toEqual([
    [3, 1, 2],
    [0, 7],
  ]);
  expect([data.frameCount, data.byteCount, data.errorCount]).toEqual([2, 10, 0]);
});

test('a frame with an error, or of a size that does not fit, leaves the data as it was', async () => {
  Logging.setLevel(Logging.Warning);
  const lines = collectLog();
  const { source, data } = receiver({ type: Float32Array, offset: 4 });
  await source.sendFrame(Frame.from(Float32Array.of(0, 1.5)));
  await source.sendFrame(Frame.from(Float32Array.of(0, 2.5), { error: 3 }));
  await source.sendFrame(new Frame(9));
  await source.sendFrame(new Frame(3));
  expect([...data.data!]).toEqual([1.5]);
  expect([data.frameCount, data.errorCount]).toEqual([1, 3]);
  expect(lines).toEqual([
    'A frame was left out: the error field is 0x3',
    expect.stringContaining('A frame was left out: 5 bytes of payload are 1 elements of Float32Array'),
    'A frame was left out: a payload of 3 bytes has no data behind offset = 4',
  ]);
});

test('rxEnable and channel: the others are let by, and counted nowhere', async () => {
  const { source, data } = receiver({ channel: 1, rxEnable: false });
  const send = (channel: number): Promise<void> =>
    source.sendFrame(new Frame(Buffer.of(channel), { channel }));
  await send(1);
  data.rxEnable = true;
  await send(0);
  expect(data.data).toBeUndefined();
  await send(1);
  expect([data.frameCount, data.errorCount, ...data.data!]).toEqual([1, 0, 1]);
});

test('waitFrameCount', async () => {
  const { source, data } = receiver();
  const waiting = data.waitFrameCount(2, { timeoutMs: 20_000 });
  for (let i = 0; i < 2; i++) await source.sendFrame(new Frame(1));
  expect(await waiting).toBe(true);
  expect(await data.waitFrameCount(3, { timeoutMs: 1 })).toBe(false);
});

test('process() of a subclass makes what becomes the data', async () => {
  class Sum extends DataReceiver<Float64Array> {
    protected override process({ payload }: Frame): Float64Array {
      return Float64Array.of(payload.reduce((sum, byte) => sum + byte, 0));
    }
  }
  const source = new Master();
  const sum = source.to(new Sum());
  await source.sendFrame(new Frame(Buffer.of(1, 2, 3)));
  expect([...sum.data!]).toEqual([6]);
});

test.each<[what: string, options: unknown, message: string]>([
  ['no class of arrays', { type: Map }, 'type is Map, but must be a class of typed arrays'],
  ['a channel that is none', { channel: 256 }, 'channel is 256, but must be'],
  ['a negative offset', { offset: -1 }, 'offset is -1, but must be'],
  ['rxEnable that is no boolean', { rxEnable: 1 }, 'rxEnable is 1, but must be'],
  ['a misspelt option', { rxenable: true }, "'rxenable'"],
])('%s is refused in one line', (_what, options, message) => {
  expect(() => new DataReceiver(options as DataReceiverOptions<Uint8Array>)).toThrow(message);
});
