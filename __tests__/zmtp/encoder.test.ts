// The encoder alone: frames in, bytes out.

import fc from 'fast-check';
import { BATCH_BYTES, Encoder, newBatchPool } from '../../lib/zmtp/encoder';
import type { WireFrame } from '../../lib/wire/message';
import { COMMAND, frameMessage, part } from '../helpers/raw-peer';

function makeEncoder(): Encoder {
  return new Encoder(newBatchPool());
}

function frameOf(payload: Buffer | string, flags = 0, channel = 0, error = 0): WireFrame {
  return { payload: Buffer.from(payload), flags, channel, error };
}

/** Everything it has, as it would be written. */
function drain(encoder: Encoder, maxBytes = Infinity): Buffer {
  const written: Buffer[] = [];
  while (!encoder.empty) {
    const batch = encoder.take(maxBytes);
    // Copied: once written, its buffers are used again.
    written.push(Buffer.concat(batch.chunks));
    encoder.written(batch);
  }
  return Buffer.concat(written);
}

test('a frame is four parts, its payload in long form from 256 bytes on', () => {
  for (const size of [0, 1, 255, 256, 257, 65_536]) {
    const encoder = makeEncoder();
    const payload = Buffer.alloc(size, 7);
    encoder.add(frameOf(payload, 0x0201, 3, 4));
    expect(drain(encoder)).toEqual(frameMessage(payload, 0x0201, 3, 4));
  }
});

test('small frames share one chunk', () => {
  const encoder = makeEncoder();
  for (let i = 0; i < 100; i++) encoder.add(frameOf(String(i)));
  const batch = encoder.take(Infinity);
  expect(batch.chunks).toHaveLength(1);
  expect(batch.messages).toBe(100);
  expect(Buffer.concat(batch.chunks)).toEqual(
    Buffer.concat(Array.from({ length: 100 }, (_, i) => frameMessage(String(i)))),
  );
});

test('a large payload is referenced and not copied', () => {
  const encoder = makeEncoder();
  const payload = Buffer.alloc(100_000, 1);
  encoder.add({ ...frameOf(''), payload });
  const { chunks } = encoder.take(Infinity);
  expect(chunks).toHaveLength(2);
  expect(chunks[1]).toBe(payload);
});

test('a small payload is copied: writing to it afterwards changes nothing', () => {
  const encoder = makeEncoder();
  const payload = Buffer.from('before');
  encoder.add({ ...frameOf(''), payload });
  payload.write('after!');
  expect(drain(encoder)).toEqual(frameMessage('before'));
});

test('commands go ahead of what waits, and never between a head and its payload', () => {
  const encoder = makeEncoder();
  const payload = Buffer.alloc(50_000, 2);
  encoder.add(frameOf(payload));
  encoder.add(frameOf(payload));
  const command = part(COMMAND, 'x');
  const first = encoder.take(1);
  encoder.addCommand(command);
  expect(Buffer.concat(first.chunks)).toEqual(frameMessage(payload));
  encoder.written(first);
  expect(drain(encoder, 1)).toEqual(Buffer.concat([command, frameMessage(payload)]));
});

test('messages and bytes count what was added and not taken', () => {
  const encoder = makeEncoder();
  const large = Buffer.alloc(20_000);
  encoder.add(frameOf('small'));
  encoder.add(frameOf(large));
  encoder.add(frameOf('small'));
  const sizes = [frameMessage('small').length, frameMessage(large).length];
  expect([encoder.messages, encoder.bytes]).toEqual([3, 2 * sizes[0]! + sizes[1]!]);
  const batch = encoder.take(1);
  expect(batch.messages).toBe(2);
  expect([encoder.messages, encoder.bytes]).toEqual([1, sizes[0]]);
});

test('a batch buffer is not reused while one of its chunks is being written', () => {
  const encoder = makeEncoder();
  encoder.add(frameOf('one'));
  const first = encoder.take(Infinity);
  encoder.add(frameOf('two'));
  expect(Buffer.concat(first.chunks)).toEqual(frameMessage('one'));
  encoder.written(first);
  expect(drain(encoder)).toEqual(frameMessage('two'));
});

test('a full buffer whose bytes are all being written, and a frame larger than a write: never an empty write', () => {
  const encoder = makeEncoder();
  const size = frameMessage(Buffer.alloc(1000)).length;
  for (let used = 0; used + size <= BATCH_BYTES; used += size) encoder.add(frameOf(Buffer.alloc(1000)));
  const underWay = encoder.take(Infinity);
  // No room for this one: the buffer is full, with nothing in it that is not under way.
  encoder.add(frameOf(Buffer.alloc(1000, 2)));
  encoder.add(frameOf(Buffer.alloc(2_000_000, 3)));
  encoder.written(underWay);
  for (let writes = 0; !encoder.empty; writes++) {
    const batch = encoder.take(1_000_000);
    expect(batch.chunks.length).toBeGreaterThan(0);
    encoder.written(batch);
    expect(writes).toBeLessThan(3);
  }

  const other = makeEncoder();
  for (let used = 0; used + size <= BATCH_BYTES; used += size) other.add(frameOf(Buffer.alloc(1000)));
  const first = other.take(Infinity);
  other.add(frameOf(Buffer.alloc(2_000_000, 3)));
  other.written(first);
  expect(drain(other, 1_000_000)).toEqual(frameMessage(Buffer.alloc(2_000_000, 3)));
});

test('buffers come back: a million small frames need as few as one', () => {
  const pool = newBatchPool();
  const taken = new Set<Buffer>();
  const take = pool.take.bind(pool);
  pool.take = () => {
    const buffer = take();
    taken.add(buffer);
    return buffer;
  };
  const encoder = new Encoder(pool);
  for (let i = 0; i < 1_000_000; i++) {
    encoder.add(frameOf('payload'));
    if (encoder.bytes >= BATCH_BYTES) encoder.written(encoder.take(Infinity));
  }
  expect(taken.size).toBeLessThanOrEqual(2);
});

test('any frames and commands, taken in any pieces, are all there, in order, each whole', () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ size: fc.oneof(fc.nat(300), fc.nat(70_000)), fill: fc.nat(255) }) },
    { weight: 1, arbitrary: fc.constant('command' as const) },
    { weight: 3, arbitrary: fc.record({ take: fc.nat(200_000) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const encoder = makeEncoder();
      const frames: Buffer[] = [];
      let commands = 0;
      const written: Buffer[] = [];
      const take = (maxBytes: number): void => {
        if (encoder.empty) return;
        const batch = encoder.take(maxBytes);
        written.push(Buffer.concat(batch.chunks));
        encoder.written(batch);
      };
      for (const one of steps) {
        if (one === 'command') {
          encoder.addCommand(part(COMMAND, 'x'));
          commands += 1;
        } else if ('take' in one) take(one.take);
        else {
          const payload = Buffer.alloc(one.size, one.fill);
          encoder.add(frameOf(payload, one.fill, one.fill, one.fill));
          frames.push(frameMessage(payload, one.fill, one.fill, one.fill));
        }
      }
      written.push(drain(encoder, 100_000));
      const { messages, commandCount } = cut(Buffer.concat(written));
      expect(messages.length).toBe(frames.length);
      // One comparison of bytes: of arrays it would take half a minute.
      expect(messages.every((bytes, i) => bytes.equals(frames[i]!))).toBe(true);
      expect(commandCount).toBe(commands);
    }),
    { numRuns: 200 },
  );
});

/** Cuts bytes into messages, commands counted on the side: what a receiver makes of them. */
function cut(bytes: Buffer): { messages: Buffer[]; commandCount: number } {
  const messages: Buffer[] = [];
  let commandCount = 0;
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const flags = bytes[at]!;
    const size = (flags & 2) === 0 ? bytes[at + 1]! : Number(bytes.readBigUInt64BE(at + 1));
    at += ((flags & 2) === 0 ? 2 : 9) + size;
    if ((flags & COMMAND) !== 0) {
      commandCount += 1;
      start = at;
    } else if ((flags & 1) === 0) {
      messages.push(bytes.subarray(start, at));
      start = at;
    }
  }
  return { messages, commandCount };
}
