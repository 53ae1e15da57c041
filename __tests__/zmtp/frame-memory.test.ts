// What the memory of the native engine's payloads is, and how much of it a kept frame, or an idle connection, holds.

import { Decoder, type DecoderSink } from '../../lib/zmtp/decoder';
import { ReadMemory } from '../../lib/zmtp/read-memory';
import { Frame } from '../../lib';
import { Collector, makePair, stopBridges } from '../helpers/bridges';
import { bufferBytes, waitForHeldBytes } from '../helpers/gc';
import { frameMessage, ready } from '../helpers/raw-peer';

// From this size on a payload has memory of its own.
const OWN_BYTES = 16 * 1024;
const NATIVE = { server: { engine: 'native' }, client: { engine: 'native' } } as const;

afterEach(stopBridges);

class Payloads implements DecoderSink {
  readonly all: Buffer[] = [];
  first(): void {
    // Any peer will do.
  }
  frame(payload: Buffer): boolean {
    this.all.push(payload);
    return true;
  }
  malformed(): void {
    throw new Error('a malformed message');
  }
  command(): void {
    throw new Error('a command');
  }
}

interface Receiver {
  readonly decoder: Decoder;
  readonly payloads: Buffer[];
}

function makeReceiver(memory = new ReadMemory()): Receiver {
  const sink = new Payloads();
  const decoder = new Decoder(sink, memory, { messages: true, maxFrameBytes: 2 ** 32 - 1 });
  decoder.write(ready('PUSH'));
  return { decoder, payloads: sink.all };
}

/** Puts bytes where the decoder wants them, at most `step` at a time. */
function read(decoder: Decoder, bytes: Buffer, step = Infinity): void {
  for (let at = 0; at < bytes.length;) {
    const target = decoder.nextBuffer();
    const length = Math.min(step, target.length, bytes.length - at);
    target.set(bytes.subarray(at, at + length));
    decoder.filled(length);
    at += length;
  }
}

const isShared = ({ buffer }: Buffer): boolean => buffer instanceof SharedArrayBuffer;

describe('the memory of a payload', () => {
  const SIZES = [0, 1, 255, 256, 1000, 5000, OWN_BYTES - 1, OWN_BYTES, 20_000, 40_000, 100_000];
  const MESSAGES = Buffer.concat(SIZES.map((size) => frameMessage(Buffer.alloc(size, size))));

  test.each([Infinity, 50_000, 10_000, 3_000, 100, 7])(
    'is its own from 16 kB on and shared below, whichever way it comes (%d bytes at a time)',
    (step) => {
      const { decoder, payloads } = makeReceiver();
      read(decoder, MESSAGES, step);
      expect(payloads).toHaveLength(SIZES.length);
      for (const payload of payloads) {
        expect(isShared(payload)).toBe(payload.length < OWN_BYTES);
        if (payload.length >= OWN_BYTES) expect(payload.buffer.byteLength).toBe(payload.length);
      }
    },
  );

  test('is the same in chunks that Node has read, and of frames that were held back', () => {
    const { decoder, payloads } = makeReceiver();
    const sink = { frame: (payload: Buffer) => payloads.push(payload) < 0 };
    const held = new Decoder(Object.assign(new Payloads(), sink), new ReadMemory(), {
      messages: true,
      maxFrameBytes: 2 ** 32 - 1,
    });
    held.write(ready('PUSH'));
    held.write(MESSAGES);
    while (held.held) held.resume();
    decoder.write(MESSAGES);
    expect(payloads.map(({ length }) => length)).toEqual([...SIZES, ...SIZES]);
    expect(payloads.map(isShared)).toEqual(payloads.map(({ length }) => length < OWN_BYTES));
  });

  test('is of its size and aligned when it comes alone', () => {
    const { decoder, payloads } = makeReceiver();
    read(decoder, frameMessage(Buffer.alloc(200)));
    expect(payloads[0]).toMatchObject({ byteOffset: 0, buffer: { byteLength: 200 } });
  });

  test('is not cloned when a payload of a batch is posted', async () => {
    const { decoder, payloads } = makeReceiver();
    read(decoder, Buffer.concat(Array.from({ length: 500 }, (_, i) => frameMessage(Buffer.alloc(100, i)))));
    expect(payloads).toHaveLength(500);
    const before = await bufferBytes();
    const clones = payloads.map((payload) => structuredClone(payload));
    await waitForHeldBytes(before, 10 * 500 * 100);
    expect(clones.map((bytes) => [bytes.length, bytes[0]])).toEqual(payloads.map((_, i) => [100, i & 0xff]));
  });
});

describe('what a kept payload holds', () => {
  const KEPT = 200;
  const SIZE = 200;
  const NOISE = Buffer.concat(Array.from({ length: 300 }, () => frameMessage(Buffer.alloc(1000))));

  test('is about its size, if it came alone between those of others', async () => {
    const memory = new ReadMemory();
    const [slow, fast] = [makeReceiver(memory), makeReceiver(memory)];
    const before = await bufferBytes();
    for (let i = 0; i < KEPT; i++) {
      read(slow.decoder, frameMessage(Buffer.alloc(SIZE, i)));
      read(fast.decoder, NOISE);
      fast.payloads.length = 0;
    }
    await waitForHeldBytes(before, 10 * KEPT * SIZE);
    expect(slow.payloads.map((payload) => payload[SIZE - 1])).toEqual(
      Array.from({ length: KEPT }, (_, i) => i & 0xff),
    );
  });

  test('is about its size, over real connections', async () => {
    const [slow, fast] = [await makePair(NATIVE), await makePair(NATIVE)];
    const [kept, noise] = [slow.server.to(new Collector()), fast.server.to(new Collector())];
    const before = await bufferBytes();
    for (let i = 0; i < KEPT; i++) {
      await slow.client.acceptFrame(new Frame(Buffer.alloc(SIZE, i)));
      await kept.waitForCount(i + 1);
      for (let n = 0; n < 300; n++) await fast.client.acceptFrame(new Frame(1000));
      await noise.waitForCount(300);
      noise.frames.length = 0;
    }
    // Besides, both senders and the receiver keep buffers for what comes next.
    await waitForHeldBytes(before, 10 * KEPT * SIZE + 1_000_000);
    expect(kept.frames.map(({ payload }) => payload[SIZE - 1])).toEqual(
      Array.from({ length: KEPT }, (_, i) => i & 0xff),
    );
  });

  test('is not the beginning of a large one that came with it', async () => {
    const { decoder, payloads } = makeReceiver();
    const pair = Buffer.concat([frameMessage(Buffer.alloc(100)), frameMessage(Buffer.alloc(50_000))]);
    const before = await bufferBytes();
    for (let i = 0; i < 100; i++) {
      read(decoder, pair);
      payloads.length = i + 1;
    }
    expect(payloads.map(({ length }) => length)).toEqual(Array(100).fill(100));
    await waitForHeldBytes(before, 10 * 100 * 100);
  });
});

test.each([
  ['a head', 5],
  ['a small payload', 150],
])('an idle connection with the beginning of %s holds little', async (_what, begunBytes) => {
  const memory = new ReadMemory();
  const batch = Buffer.concat(Array.from({ length: 60 }, () => frameMessage(Buffer.alloc(1000))));
  const begun = frameMessage(Buffer.alloc(200)).subarray(0, begunBytes);
  const before = await bufferBytes();
  const receivers = Array.from({ length: 100 }, () => makeReceiver(memory));
  for (const { decoder, payloads } of receivers) {
    read(decoder, Buffer.concat([batch, begun]));
    expect(payloads).toHaveLength(60);
    payloads.length = 0;
  }
  await waitForHeldBytes(before, 100 * 1_000);
  const rest = frameMessage(Buffer.alloc(200)).subarray(begunBytes);
  for (const { decoder, payloads } of receivers) {
    read(decoder, rest);
    expect(payloads).toHaveLength(1);
  }
});
