// The decoder alone: bytes in, an array of what it found out.

import fc from 'fast-check';
import { Decoder, type DecoderOptions, type DecoderSink } from '../../lib/zmtp/decoder';
import { ProtocolError } from '../../lib/zmtp/protocol';
import { ReadMemory } from '../../lib/zmtp/read-memory';
import { describeFrame, HANDSHAKE_BYTES, readManifest, readRecording } from '../helpers/recording';
import {
  COMMAND,
  commandBody,
  frameMessage,
  LONG,
  longHead,
  message,
  MORE,
  part,
  ready,
} from '../helpers/raw-peer';

/** What was found, in order; a held decoder is resumed by the test. */
class Found implements DecoderSink {
  readonly all: string[] = [];
  readonly payloads: Buffer[] = [];
  holdAfter = Infinity;

  first(body: Buffer): void {
    this.all.push(`first ${body.length}`);
  }

  frame(payload: Buffer, flags: number, channel: number, error: number): boolean {
    this.payloads.push(payload);
    this.all.push(`frame ${flags} ${channel} ${error} ${payload.toString('latin1')}`);
    this.holdAfter -= 1;
    return this.holdAfter > 0;
  }

  malformed(parts: number, sizesBytes: readonly number[]): void {
    this.all.push(`malformed ${parts}: ${sizesBytes.join()}`);
  }

  command(body: Buffer): void {
    this.all.push(`command ${body.length}`);
  }
}

const OPTIONS: DecoderOptions = { messages: true, maxFrameBytes: 2 ** 32 - 1 };

function makeDecoder(options = OPTIONS): { decoder: Decoder; found: Found } {
  const found = new Found();
  return { decoder: new Decoder(found, new ReadMemory(), options), found };
}

/** Puts bytes where the decoder wants them, as a socket does: as many at a time as `sizes` say, and then all. */
function fill(decoder: Decoder, bytes: Buffer, sizes: Iterable<number> = []): void {
  const next = sizes[Symbol.iterator]();
  for (let at = 0; at < bytes.length;) {
    const target = decoder.nextBuffer();
    if (target.length === 0) throw new Error('the decoder wants no bytes');
    const wanted = (next.next().value as number | undefined) ?? bytes.length;
    const length = Math.min(wanted, target.length, bytes.length - at);
    target.set(bytes.subarray(at, at + length));
    at += length;
    decoder.filled(length);
    // What the scratch is overwritten with must change nothing that was found.
    decoder.nextBuffer().fill(0xee, 0, 1);
  }
}

/** The three ways bytes come: put in place, in chunks of their own, and both by the byte. */
const WAYS: [string, (decoder: Decoder, bytes: Buffer) => void][] = [
  ['whole, read in place', (decoder, bytes) => fill(decoder, bytes)],
  [
    'byte by byte, read in place',
    (decoder, bytes) => fill(decoder, bytes, Array(bytes.length).fill(1) as number[]),
  ],
  ['whole, in a chunk', (decoder, bytes) => decoder.write(Buffer.from(bytes))],
  [
    'byte by byte, in chunks',
    (decoder, bytes) => {
      for (const byte of bytes) decoder.write(Buffer.of(byte));
    },
  ],
];

const MIXED = Buffer.concat([
  ready('PUSH'),
  frameMessage('one', 0x0201, 3, 4),
  part(COMMAND, commandBody('PING', '\0\0')),
  frameMessage(Buffer.alloc(300, 'x'), 0xffff, 255, 255),
  message('just', 'two'),
  frameMessage('', 1, 2, 3),
  frameMessage(Buffer.alloc(5000, 'y')),
  message('', '', '', '', ''),
  frameMessage('last'),
]);
const MIXED_FOUND = [
  `first ${ready('PUSH').length - 2}`,
  'frame 513 3 4 one',
  'command 7',
  `frame 65535 255 255 ${'x'.repeat(300)}`,
  'malformed 2: 4,3',
  'frame 1 2 3 ',
  `frame 0 0 0 ${'y'.repeat(5000)}`,
  'malformed 5: 0,0,0,0',
  'frame 0 0 0 last',
];

describe.each(WAYS)('decoder fed %s', (_way, feed) => {
  test('finds frames, commands and malformed messages in order', () => {
    const { decoder, found } = makeDecoder();
    feed(decoder, MIXED);
    expect(found.all).toEqual(MIXED_FOUND);
  });

  test.each(['next-port.server-to-client', 'base-port.client-to-server'] as const)(
    'finds exactly the frames of the recording %s',
    (stream) => {
      const { decoder, found } = makeDecoder();
      const frames: object[] = [];
      found.frame = (payload, flags, channel, error) => {
        frames.push(describeFrame({ payload, flags, channel, error }));
        return true;
      };
      feed(decoder, readRecording(stream).subarray(HANDSHAKE_BYTES - 28));
      expect(frames).toEqual(readManifest(stream));
    },
  );

  test('that skips messages, as a PUSH does, still finds commands', () => {
    const { decoder, found } = makeDecoder({ ...OPTIONS, messages: false });
    feed(decoder, MIXED);
    expect(found.all).toEqual([MIXED_FOUND[0], 'command 7']);
  });

  test('held after each frame goes on where it was', () => {
    const { decoder, found } = makeDecoder();
    found.holdAfter = 1;
    feed(decoder, MIXED);
    for (let resumed = 0; decoder.held; resumed++) {
      expect(resumed).toBeLessThan(10);
      found.holdAfter = 1;
      decoder.resume();
    }
    expect(found.all).toEqual(MIXED_FOUND);
  });
});

test('a conversation split at every offset is found whole', () => {
  for (let at = 0; at <= MIXED.length; at++) {
    const { decoder, found } = makeDecoder();
    fill(decoder, MIXED, [at]);
    expect(found.all).toEqual(MIXED_FOUND);
  }
});

describe('sizes', () => {
  const HEADER = frameMessage('').subarray(0, -2);

  test.each([
    ['2^32 bytes', 2n ** 32n],
    ['2^53 + 1 bytes', 2n ** 53n + 1n],
    ['2^63 bytes', 2n ** 63n],
    ['2^64 - 1 bytes', 2n ** 64n - 1n],
  ])('a payload of %s is refused by its head', (_what, size) => {
    const { decoder } = makeDecoder();
    decoder.write(ready('PUSH'));
    expect(() => decoder.write(Buffer.concat([HEADER, longHead(0, size)]))).toThrow(ProtocolError);
  });

  test('a payload larger than maxFrameBytes is refused by its head, one of that size is found', () => {
    const { decoder, found } = makeDecoder({ ...OPTIONS, maxFrameBytes: 1000 });
    decoder.write(ready('PUSH'));
    decoder.write(frameMessage(Buffer.alloc(1000)));
    expect(found.payloads[0]).toHaveLength(1000);
    const tooLarge = frameMessage(Buffer.alloc(1001));
    expect(() => decoder.write(tooLarge.subarray(0, tooLarge.length - 1001))).toThrow(
      'announced 1001 bytes; maxFrameBytes is 1000',
    );
  });

  test('a whole payload that is too large is refused as well', () => {
    const { decoder, found } = makeDecoder({ ...OPTIONS, maxFrameBytes: 1000 });
    decoder.write(ready('PUSH'));
    expect(() => decoder.write(frameMessage(Buffer.alloc(1001)))).toThrow(ProtocolError);
    expect(found.payloads).toEqual([]);
  });

  test('a first frame that is too long for a READY is refused by its head', () => {
    const { decoder } = makeDecoder();
    expect(() => decoder.write(longHead(COMMAND, 2n ** 20n))).toThrow('no READY command');
  });

  test('a part where a header is due is skipped, however large, without memory', () => {
    const { decoder, found } = makeDecoder();
    decoder.write(ready('PUSH'));
    const before = process.memoryUsage().arrayBuffers;
    decoder.write(longHead(0, 3_000_000_000n));
    fill(decoder, Buffer.alloc(100_000));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(found.all).toHaveLength(1);
  });

  test('a payload of which a part has come has the rest read straight into it', () => {
    const { decoder, found } = makeDecoder();
    const bytes = frameMessage(Buffer.alloc(200_000, 'z'));
    decoder.write(ready('PUSH'));
    decoder.write(bytes.subarray(0, 1000));
    const target = decoder.nextBuffer();
    expect(target).toHaveLength(bytes.length - 1000);
    bytes.copy(target, 0, 1000);
    decoder.filled(target.length);
    expect(found.payloads[0]!.buffer).toBe(target.buffer);
    expect(found.payloads[0]!.equals(Buffer.alloc(200_000, 'z'))).toBe(true);
  });

  test('a payload above 16 MiB is given its memory when that much has come, and is whole', () => {
    const { decoder, found } = makeDecoder();
    const payload = Buffer.alloc(20 * 1024 * 1024);
    for (let at = 0; at < payload.length; at += 4096) payload.writeUInt32LE(at, at);
    fill(decoder, Buffer.concat([ready('PUSH'), frameMessage(payload)]));
    expect(found.payloads[0]!.equals(payload)).toBe(true);
  });
});

describe('fuzz', () => {
  const anyPart = fc.record({
    flags: fc.nat(0xff),
    long: fc.boolean(),
    body: fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 600 })),
  });
  const anyFrame = fc.record({
    payload: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 3900, maxLength: 9000 })),
    flags: fc.nat(0xffff),
    channel: fc.nat(0xff),
    error: fc.nat(0xff),
  });

  test('any frames, cut anywhere, come out as they went in', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 5000 })),
        (frames, cuts) => {
          const { decoder, found } = makeDecoder();
          const messages = frames.map((f) => frameMessage(f.payload, f.flags, f.channel, f.error));
          fill(decoder, Buffer.concat([ready('PUSH'), ...messages]), cuts);
          expect(found.all.slice(1)).toEqual(
            frames.map(
              (f) => `frame ${f.flags} ${f.channel} ${f.error} ${Buffer.from(f.payload).toString('latin1')}`,
            ),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any parts are found alike, whole and in pieces, read in place and in chunks', () => {
    fc.assert(
      fc.property(
        fc.array(anyPart, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 300 })),
        (parts, cuts) => {
          const bytes = Buffer.concat([
            ready('PUSH'),
            ...parts.map(({ flags, long, body }) => part((flags & ~LONG) | (long ? LONG : 0), body)),
          ]);
          const whole = makeDecoder();
          whole.decoder.write(bytes);
          const pieces = makeDecoder();
          fill(pieces.decoder, bytes, cuts);
          expect(pieces.found.all).toEqual(whole.found.all);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('garbage is survived: found or refused, never another error, and never much memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), (garbage, afterReady) => {
        const { decoder } = makeDecoder({ messages: true, maxFrameBytes: 1_000_000 });
        try {
          if (afterReady) decoder.write(ready('PUSH'));
          fill(decoder, Buffer.from(garbage));
        } catch (err) {
          expect(err).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a message of a hundred thousand parts takes no memory for them', () => {
    const { decoder, found } = makeDecoder();
    decoder.write(ready('PUSH'));
    const many = Buffer.concat(Array.from({ length: 1000 }, () => part(MORE, 'part')));
    for (let i = 0; i < 100; i++) decoder.write(many);
    decoder.write(part(0, 'end'));
    expect(found.all.at(-1)).toBe('malformed 100001: 4,4,4,4');
  });
});
