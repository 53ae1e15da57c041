// Rogue's unit of data: a payload and its metadata. slaclab/rogue src/rogue/interfaces/stream/Frame.cpp.

// Not the global, which is a getter: asking it for every frame shows in a profile.
import { Buffer } from 'node:buffer';
import { show } from '../errors';
import { ownCopy } from '../memory/payload-memory';
import { checkInteger } from '../validate';
import { MAX_PAYLOAD_BYTES, type WireFrame } from '../wire/message';
import { arrayOf, bytesOf, isUint8Array, type FrameArrayClass, type FrameArrayOptions } from './frame-array';

/** The metadata of a new {@link Frame}; each is 0 unless given. */
export interface FrameOptions {
  /** 0..65535 */
  readonly flags?: number;
  /** 0..255 */
  readonly channel?: number;
  /** 0..255; 0 is good. */
  readonly error?: number;
}

/**
 * A payload with 16 bits of flags, a channel and an error field.
 *
 * The payload is referenced, never copied: do not write to it once the frame has been sent, nor transfer its memory,
 * because the transport may still be reading it; send a {@link Frame.clone} where you must.
 *
 * A payload of less than 16 kB (16384 bytes) that the native engine has received, or that comes from a data file, lies in a
 * `SharedArrayBuffer`, perhaps with others: `postMessage(frame.payload)` shares it with the worker, to transfer it is an
 * error. A larger one has an `ArrayBuffer` of its own; once a slave has transferred that, the slaves after it see an empty
 * payload. Hand workers a {@link Frame.clone}.
 */
export class Frame implements WireFrame {
  /** The bytes of the frame. */
  readonly payload: Buffer;
  private _flags: number;
  private _channel: number;
  private _error: number;

  /**
   * @param payload the bytes (a `Buffer` is taken as it is, any other `Uint8Array` is wrapped, neither is
   *   copied), or a number of bytes, which gives zeros.
   * @throws {RangeError} naming the field and the value, when one is out of range.
   */
  constructor(payload: Uint8Array | number, options?: FrameOptions) {
    this.payload = typeof payload === 'number' ? zeros(payload) : asBuffer(payload);
    this._flags = checkField('flags', options?.flags ?? 0, 0xffff);
    this._channel = checkField('channel', options?.channel ?? 0, 0xff);
    this._error = checkField('error', options?.error ?? 0, 0xff);
  }

  /**
   * A frame over the bytes of a typed array or a DataView, which are referenced and not copied, as Rogue's `putNumpy`:
   *
   * ```ts
   * await src.sendFrame(Frame.from(Float32Array.of(0.5, 1.5), { channel: 2 }));
   * ```
   *
   * @throws {TypeError} for anything else.
   * @throws {RangeError} for metadata out of range.
   */
  static from(array: ArrayBufferView, options?: FrameOptions): Frame {
    return new Frame(bytesOf(array), options);
  }

  /**
   * A frame of its own with the same metadata and a copy of the payload, in an `ArrayBuffer` of exactly its size that
   * nothing else uses.
   *
   * The way to hand a frame to a worker, because a received payload may lie in memory with others:
   *
   * ```ts
   * const { payload } = frame.clone();
   * worker.postMessage(payload, [payload.buffer as ArrayBuffer]);
   * ```
   */
  clone(): Frame {
    return new Frame(ownCopy(this.payload), this);
  }

  /**
   * The payload as a typed array, as Rogue's `getNumpy`: little-endian numbers, as numpy sends them.
   *
   * ```ts
   * const samples = frame.array(Float32Array);
   * const trigger = frame.array(BigUint64Array, { offset: 8, length: 1 })[0];
   * ```
   *
   * A view of the payload if its place in memory allows one, that is if `payload.byteOffset + offset` is a multiple of
   * the element's size, otherwise a copy of that part: do not write to it.
   *
   * @param type the class, such as `Float32Array`; `Buffer` and `Float16Array`, too.
   * @param options `offset` in bytes, default 0; `length` in elements, default up to the end.
   * @throws {RangeError} when `offset` or `length` goes beyond the payload, or when, without a `length`, the bytes are
   *   no whole number of elements.
   * @throws {TypeError} when `type` is no class of typed arrays.
   */
  array<T extends ArrayBufferView>(type: FrameArrayClass<T>, options: FrameArrayOptions = {}): T {
    return arrayOf(this.payload, type, options);
  }

  /** A DataView of the payload, for numbers at any place and in either byte order (`getUint16(2, true)`). */
  get dataView(): DataView {
    const { buffer, byteOffset, byteLength } = this.payload;
    return new DataView(buffer, byteOffset, byteLength);
  }

  /** Payload bytes. */
  get size(): number {
    return this.payload.length;
  }

  /** 0..65535: {@link firstUser} in the low byte, {@link lastUser} in the high byte. */
  get flags(): number {
    return this._flags;
  }
  set flags(value: number) {
    this._flags = checkField('flags', value, 0xffff);
  }

  /** 0..255 */
  get channel(): number {
    return this._channel;
  }
  set channel(value: number) {
    this._channel = checkField('channel', value, 0xff);
  }

  /** 0..255; 0 is good. */
  get error(): number {
    return this._error;
  }
  set error(value: number) {
    this._error = checkField('error', value, 0xff);
  }

  /** SSI / AXI-Stream first user, the low byte of {@link flags}; setting it replaces that byte only. */
  get firstUser(): number {
    return this._flags & 0xff;
  }
  set firstUser(value: number) {
    this._flags = (this._flags & 0xff00) | checkField('firstUser', value, 0xff);
  }

  /** SSI / AXI-Stream last user, the high byte of {@link flags}; setting it replaces that byte only. */
  get lastUser(): number {
    return this._flags >> 8;
  }
  set lastUser(value: number) {
    this._flags = (this._flags & 0x00ff) | (checkField('lastUser', value, 0xff) << 8);
  }
}

/** `value` when it is a whole number up to `max`, which is all ones in binary: small enough for V8 to inline. */
function checkField(name: string, value: number, max: number): number {
  return typeof value === 'number' && (value & max) === value ? value : checkInteger(name, value, 0, max);
}

function zeros(size: number): Buffer {
  return Buffer.alloc(checkInteger('size', size, 0, MAX_PAYLOAD_BYTES));
}

function asBuffer(payload: Uint8Array): Buffer {
  if (Buffer.isBuffer(payload)) return payload;
  if (!isUint8Array(payload)) {
    throw new TypeError(
      `payload is ${show(payload)}, but must be a Buffer, a Uint8Array or a number of bytes; ` +
        'for other typed arrays there is Frame.from',
    );
  }
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
