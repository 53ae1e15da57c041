// Rogue's unit of data: a payload and its metadata. slaclab/rogue src/rogue/interfaces/stream/Frame.cpp.

// Not the global, which is a getter: asking it for every frame shows in a profile.
import { Buffer } from 'node:buffer';
import { GeneralError, show } from '../errors';
import { PartMemory, type CountedMemory } from '../memory/counted-memory';
import { ownCopy } from '../memory/payload-memory';
import { callPlace, isPoolChecked } from '../memory/pool-check';
import { checkInteger, checkOptionNames } from '../validate';
import { MAX_PAYLOAD_BYTES, type PayloadOwner, type WireFrame } from '../wire/message';
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

const NO_OPTIONS: FrameOptions = {};
const OPTION_NAMES = ['flags', 'channel', 'error'];

/** Where frames were sent whose memory has been released; of check mode. */
const places = new WeakMap<Frame, string>();

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
 *
 * The payload of a record that a splitter has made is a part of a larger one, which the other records of its batch share.
 *
 * The memory of some frames is used again for others when they are done: that of `reqFrame`'s when all slaves have
 * accepted the frame and all bridges have written it, and that of received ones when every slave has said
 * {@link Frame.release}. From then on `payload` throws `ERR_FRAME_RELEASED`.
 */
export class Frame implements WireFrame, Disposable {
  /** Undefined once the memory has been released, and before a part of another frame's payload is asked for. */
  private _payload: Buffer | undefined;
  private _flags: number;
  private _channel: number;
  private _error: number;
  /** The memory of the payload, where its uses are counted. */
  private memory: CountedMemory | undefined;
  /** The payload's size while there is no {@link _payload}. */
  private unseenBytes = 0;

  /**
   * @param payload the bytes (a `Buffer` is taken as it is, any other `Uint8Array` is wrapped, neither is
   *   copied), or a number of bytes, which gives zeros.
   * @param options the metadata; another frame will do.
   * @throws {RangeError} naming the field and the value, when one is out of range.
   * @throws {TypeError} for anything else than bytes, and for a misspelt name.
   */
  constructor(payload: Uint8Array | number, options: FrameOptions = NO_OPTIONS) {
    this._payload = typeof payload === 'number' ? zeros(payload) : asBuffer(payload);
    // From JavaScript it may be null.
    const { flags, channel, error } = (options as FrameOptions | null) ?? NO_OPTIONS;
    this._flags = checkField('flags', flags ?? 0, 0xffff);
    this._channel = checkField('channel', channel ?? 0, 0xff);
    this._error = checkField('error', error ?? 0, 0xff);
    const isPartial = flags === undefined || channel === undefined || error === undefined;
    if (isPartial && options !== NO_OPTIONS) checkNames(options);
  }

  /**
   * The bytes of the frame.
   * @throws {GeneralError} `ERR_FRAME_RELEASED` when their memory is no longer the frame's.
   */
  get payload(): Buffer {
    return this._payload ?? this.makePayload();
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
    return this._payload === undefined ? this.unseenBytes : this._payload.length;
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

  /**
   * Keeps the payload's memory from being used again, until {@link release}. For a slave that goes on using a frame after
   * it has accepted it; a frame that is kept for good is better cloned. Without effect on memory that is not used again.
   *
   * @throws {GeneralError} `ERR_FRAME_RELEASED` when it is too late.
   */
  retain(): this {
    if (this.isReleased) throw this.releasedError();
    if (this.memory !== undefined) this.memory.kept += 1;
    return this;
  }

  /**
   * Takes back one {@link retain}; of a received frame, says that the slave who calls this is done with it, of a frame
   * that was never sent, that it never will be. When nobody else uses the frame, its memory is used again. Without effect
   * where there is nothing to take back, and on memory that is not used again.
   *
   * A frame that is never released costs a reuse of its memory, no more: V8 collects it.
   */
  release(): void {
    const { memory } = this;
    if (memory === undefined) return;
    // First what a slave was lent: that of one must not take back what another has retained.
    if (memory.lent > 0) memory.lent -= 1;
    else if (memory.kept > 0) memory.kept -= 1;
    this.recycleIfUnused(memory);
  }

  /** {@link release}, for `using frame = ...`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal */
  get owner(): PayloadOwner | undefined {
    return this.memory === undefined ? undefined : this;
  }

  /** @internal Bytes that stay in memory with this frame: of a record of a batch, the whole batch. */
  get heldBytes(): number {
    return Math.max(this.size, this.memory?.wholeBytes() ?? 0);
  }

  /** @internal Whether the uses of the payload's memory are counted. */
  get isPooled(): boolean {
    return this.memory !== undefined;
  }

  /** @internal Whether the memory has been used again, or may be at any time. */
  get isReleased(): boolean {
    return this._payload === undefined && this.memory === undefined;
  }

  /** @internal A use begins that ends by {@link endUse}, or never. */
  beginUse(): void {
    const { memory } = this;
    if (memory === undefined) return;
    memory.uses += 1;
    if (isPoolChecked && memory.place === '') memory.place = callPlace();
  }

  /** @internal A delivery begins, to so many slaves that promise nothing; it ends by {@link endDelivery}, or never. */
  beginDelivery(slaves: number): void {
    const { memory } = this;
    if (memory === undefined) return;
    this.beginUse();
    if (memory.isKeptBySlaves) memory.kept += slaves;
    else memory.lent += slaves;
  }

  /** @internal All slaves of a delivery have accepted the frame. */
  endDelivery(slaves: number): void {
    const { memory } = this;
    if (memory === undefined) return;
    if (!memory.isKeptBySlaves) memory.lent = Math.max(memory.lent - slaves, 0);
    this.endUse();
  }

  /** @internal A use has ended. */
  endUse(): void {
    const { memory } = this;
    if (memory === undefined) return;
    memory.uses -= 1;
    this.recycleIfUnused(memory);
  }

  /** @internal The payload lies in `memory`. */
  lieIn(memory: CountedMemory | undefined, isKeptBySlaves: boolean): this {
    this.memory = memory;
    if (memory !== undefined) memory.isKeptBySlaves = isKeptBySlaves;
    return this;
  }

  /** @internal The payload is `size` bytes of that of `whole`, from `offset` on; nothing is copied. */
  lieWithin(whole: Frame, offset: number, size: number): this {
    this._payload = undefined;
    this.unseenBytes = size;
    whole.beginUse();
    return this.lieIn(new PartMemory(whole, offset, size), whole.memory?.isKeptBySlaves ?? true);
  }

  private makePayload(): Buffer {
    const { memory } = this;
    if (memory === undefined) throw this.releasedError();
    return (this._payload = memory.payload);
  }

  private recycleIfUnused(memory: CountedMemory): void {
    if (memory.uses > 0 || memory.kept > 0) return;
    this.unseenBytes = this.size;
    if (isPoolChecked) places.set(this, memory.place);
    this._payload = undefined;
    this.memory = undefined;
    memory.lent = 0;
    memory.giveBack();
  }

  /** @internal What using the payload now is an error of. */
  releasedError(): GeneralError {
    const place = places.get(this);
    const where =
      place === undefined
        ? 'ROGUE_BRIDGE_POOL=check in the environment tells where'
        : `it was sent here:\n${place}`;
    return new GeneralError(
      'ERR_FRAME_RELEASED',
      `the payload of this frame (${this.unseenBytes} bytes) is gone: the frame was sent or released, and its memory is ` +
        `used again; retain() or clone() a frame that is used longer; ${where}`,
    );
  }
}

/** Refuses a misspelt name. A loop over names that V8 knows costs a few nanoseconds; a list of them would be made. */
function checkNames(options: unknown): void {
  if (isFrame(options)) return;
  if (typeof options === 'object') {
    let isKnown = options !== null;
    for (const name in options) isKnown &&= OPTION_NAMES.includes(name);
    if (isKnown) return;
  }
  checkOptionNames('the options of Frame', options, OPTION_NAMES);
}

/** Whether this is a frame, of this or another copy of the library. */
export function isFrame(value: unknown): value is Frame {
  return (
    typeof value === 'object' && value !== null && typeof (value as Partial<Frame>).isPooled === 'boolean'
  );
}

/** What a program did that sent `value`. */
export function notAFrame(value: unknown): TypeError {
  return new TypeError(`frame is ${show(value)}, but must be a Frame: new Frame(bytes) makes one`);
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
