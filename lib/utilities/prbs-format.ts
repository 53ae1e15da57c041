// The layout of a PRBS frame: sequence word, size word, payload words. No streams, no counts.
// slaclab/rogue src/rogue/utilities/Prbs.cpp, genFrame and acceptFrame.

import { show } from '../errors';
import { checkInteger } from '../validate';
import { MAX_PAYLOAD_BYTES } from '../wire/message';
import { Lfsr } from './lfsr';

const MAX_WIDTH = 65_536;
const HEADER_WORDS = 2;
const MIN_WORDS = 3;

/** What stands behind the header: the shift register, each word's own position, or nothing. */
export type PayloadKind = 'lfsr' | 'counter' | 'zeros';

/** The first byte of a payload that is not what it should be. */
export interface WrongByte {
  /** Word behind the header, from 0. */
  readonly word: number;
  /** Byte within that word. */
  readonly byte: number;
  readonly got: number;
  readonly expected: number;
  /** Bits of the whole payload that are not what they should be. */
  readonly bits: number;
}

/** Frames of one width and one set of taps. */
export class PrbsFormat {
  /** Bytes a word. */
  private readonly wordBytes: number;
  private readonly lfsr: Lfsr;
  // What a payload is compared with, reused from frame to frame.
  private scratch = Buffer.alloc(0);

  /**
   * @param width bits a word, a multiple of 32.
   * @param taps bits of a word, each below `width`.
   * @throws {RangeError} when they are not.
   */
  constructor(
    readonly width: number,
    readonly taps: readonly number[],
  ) {
    checkInteger('width', width, 32, MAX_WIDTH, ', a multiple of 32');
    if (width % 32 !== 0) throw new RangeError(`width is ${width}, but must be a multiple of 32`);
    if (!Array.isArray(taps)) throw new TypeError(`taps is ${show(taps)}, but must be a list of bits`);
    for (const tap of taps) checkInteger(`tap (width is ${width})`, tap, 0, width - 1);
    this.wordBytes = width / 8;
    this.lfsr = new Lfsr(width, taps);
  }

  /** Whether a frame may have this many bytes: whole words, at least three. */
  isSize(size: number): boolean {
    return size % this.wordBytes === 0 && size >= MIN_WORDS * this.wordBytes;
  }

  /** @throws {RangeError} when a frame may not have this many bytes. */
  checkSize(size: number): void {
    const rule = `, whole words of ${this.wordBytes} bytes (width ${this.width})`;
    checkInteger('size', size, MIN_WORDS * this.wordBytes, MAX_PAYLOAD_BYTES, rule);
    if (!this.isSize(size)) throw new RangeError(`size is ${size}, but must be${rule.slice(1)}`);
  }

  wordsOf(size: number): number {
    return size / this.wordBytes;
  }

  /** Fills a whole frame, header and payload. */
  fill(frame: Buffer, sequence: number, kind: PayloadKind): void {
    const headerBytes = HEADER_WORDS * this.wordBytes;
    frame.fill(0, 0, headerBytes);
    frame.writeUInt32LE(sequence, 0);
    frame.writeUInt32LE(this.wordsOf(frame.length) - 1, this.wordBytes);
    this.writePayload(frame.subarray(headerBytes), sequence, kind);
  }

  /** What the header of a frame of a right size says. */
  readHeader(frame: Buffer): { sequence: number; expectedSize: number } {
    const words = frame.readUInt32LE(this.wordBytes) + 1;
    return { sequence: frame.readUInt32LE(0), expectedSize: words * this.wordBytes };
  }

  /** Compares a frame's payload with what this sequence number makes of it; undefined when they agree. */
  findWrongByte(frame: Buffer, sequence: number, kind: PayloadKind): WrongByte | undefined {
    const headerBytes = HEADER_WORDS * this.wordBytes;
    const size = frame.length - headerBytes;
    if (this.scratch.length < size) this.scratch = Buffer.allocUnsafeSlow(size);
    const expected = this.scratch.subarray(0, size);
    this.writePayload(expected, sequence, kind);
    if (frame.compare(expected, 0, size, headerBytes) === 0) return undefined;
    const at = expected.findIndex((byte, index) => byte !== frame[headerBytes + index]);
    let bits = 0;
    for (let index = at; index < size; index++)
      bits += onesOf(expected[index]! ^ frame[headerBytes + index]!);
    return {
      word: Math.floor(at / this.wordBytes),
      byte: at % this.wordBytes,
      got: frame[headerBytes + at]!,
      expected: expected[at]!,
      bits,
    };
  }

  private writePayload(out: Buffer, sequence: number, kind: PayloadKind): void {
    if (kind === 'lfsr') {
      this.lfsr.fill(out, sequence);
      return;
    }
    out.fill(0);
    if (kind === 'zeros') return;
    for (let at = 0, word = HEADER_WORDS; at < out.length; at += this.wordBytes)
      out.writeUInt32LE(word++, at);
  }
}

/** Bits of a byte that are set. */
function onesOf(byte: number): number {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) ones += 1;
  return ones;
}
