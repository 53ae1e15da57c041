// Frames whose size, metadata and bytes depend on their number alone, so that every process knows what they must be.

const { Buffer } = require('node:buffer');
const { createCipheriv } = require('node:crypto');

const SOURCE_BYTES = 8 * 1024 * 1024;
/** Noise, the same in every process; a payload is a piece of it. */
const source = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(SOURCE_BYTES),
);
const CHANNELS = [0, 1, 7, 128, 255];

/** 32 bits that depend on all bits of both. */
function mix(number, salt) {
  let x = (number ^ Math.imul(salt, 0x9e3779b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** For servers that take messages of 128 kB: most share a message, 1 in 100 has its own, 1 in 200 is in chunks. */
function sizeOf(number) {
  const size = mix(number, 2);
  const kind = mix(number, 1) % 1000;
  if (kind < 900) return 1 + (size % 1_500);
  if (kind < 985) return 1_500 + (size % 18_500);
  if (kind < 995) return 65_536 + (size % 60_000);
  if (kind < 999) return 130_000 + (size % 500_000);
  // More than is on its way at once between two processes.
  return 3_000_000 + (size % 3_000_000);
}

/** What a frame with this number has. */
function contentOf(number) {
  const size = sizeOf(number);
  const start = mix(number, 3) % (SOURCE_BYTES - size);
  return {
    payload: source.subarray(start, start + size),
    fields: {
      channel: CHANNELS[mix(number, 4) % CHANNELS.length],
      flags: number & 0xffff,
      error: mix(number, 5) & 0xff,
    },
  };
}

/** What is wrong with the frame that is to have this number; undefined for nothing. */
function faultOf(number, frame) {
  const { payload, fields } = contentOf(number);
  for (const name of ['channel', 'flags', 'error']) {
    if (frame[name] !== fields[name])
      return `frame ${number} has the ${name} ${frame[name]}, not ${fields[name]}`;
  }
  if (frame.number !== undefined && frame.number !== number)
    return `frame ${number} says that it is number ${frame.number}`;
  return payload.equals(frame.payload) ? undefined : `frame ${number} has other bytes`;
}

module.exports = { contentOf, faultOf };
