// Frames of every size that has a boundary, on every channel; all that they are depends on their number.

import { createCipheriv } from 'node:crypto';
import { Frame } from '../../../lib';

const MIB = 1024 * 1024;
/** Payload of one chunk where servers take messages of 1 MiB. */
export const CHUNK_BYTES = MIB - 1024;
/** A frame of at least this size has a message of its own. */
const LONE_BYTES = 64 * 1024;
const RECORD_HEADER_BYTES = 8;
/** Four of these fill a batch of 256 KiB to its last byte. */
const QUARTER_BYTES = LONE_BYTES - RECORD_HEADER_BYTES;
export const LARGEST_BYTES = 20_000_000;

const SMALL_BOUNDARIES = [1, 2, 3, 7, 8, 9, 255, 256, 16_383, 16_384, 16_385];
const MEDIUM_BOUNDARIES = [LONE_BYTES - 1, LONE_BYTES, LONE_BYTES + 1, QUARTER_BYTES + 1];
const LARGE_BOUNDARIES = [1, 2, 3].flatMap((chunks) => [-1, 0, 1].map((more) => chunks * CHUNK_BYTES + more));
const CHANNELS_AT_A_TIME = 4;
const FRAMES_OF_A_SET = 1_500;

/** Noise that all payloads are pieces of. */
const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(LARGEST_BYTES + 4 * MIB),
);

/** 32 bits that depend on all bits of both. */
function mix(number: number, salt: number): number {
  let x = (number ^ Math.imul(salt, 0x9e3779b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function nth(list: readonly number[], n: number): number {
  return list[n % list.length]!;
}

function sizeOf(number: number): number {
  if (number % 25_000 === 12_345) return LARGEST_BYTES - (number % 7);
  if (number % 2_003 === 7) return nth(LARGE_BOUNDARIES, (number - 7) / 2_003);
  if (number % 499 === 5) return nth(MEDIUM_BOUNDARIES, (number - 5) / 499);
  // Two batches in a row that nothing else fits into.
  if (number % 2_000 >= 1_000 && number % 2_000 < 1_008) return QUARTER_BYTES;
  if (number % 53 === 3) return nth(SMALL_BOUNDARIES, (number - 3) / 53);
  return 1 + (mix(number, 1) % 500);
}

/** All of a batch on one channel, and then on several at once; in the course of 100 000, on all 256. */
function channelOf(number: number): number {
  const set = Math.floor(number / FRAMES_OF_A_SET);
  const isAlone = number % 2_000 >= 1_000 && number % 2_000 < 1_400;
  return (set * CHANNELS_AT_A_TIME + (isAlone ? 0 : mix(number, 2) % CHANNELS_AT_A_TIME)) % 256;
}

/** Channels that so many frames are on. */
export function channelsOf(frames: number): number {
  return Math.min(Math.ceil(frames / FRAMES_OF_A_SET) * CHANNELS_AT_A_TIME, 256);
}

export function mixedFrame(number: number): Frame {
  const size = sizeOf(number);
  const start = mix(number, 3) % (noise.length - size);
  return new Frame(noise.subarray(start, start + size), {
    channel: channelOf(number),
    flags: mix(number, 4) & 0xffff,
    error: mix(number, 5) & 0xff,
  });
}
