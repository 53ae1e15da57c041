// A frame as a browser has it, with the names of the library's own.

/** The metadata of a {@link Frame}; each is 0 unless given. */
export interface FrameOptions {
  /** 0..65535 */
  readonly flags?: number;
  /** 0..255 */
  readonly channel?: number;
  /** 0..255; 0 is good. */
  readonly error?: number;
}

/** A class of typed arrays, such as `Float32Array`. */
export interface ArrayClass<T extends ArrayBufferView> {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** Which part of a payload {@link Frame.array} is of. */
export interface ArrayOptions {
  /** In bytes; default 0. */
  readonly offset?: number;
  /** In elements; default up to the end. */
  readonly length?: number;
}

/** A payload with 16 bits of flags, a channel and an error field. */
export class Frame {
  readonly flags: number;
  readonly channel: number;
  readonly error: number;

  constructor(
    /** The bytes of the frame; its own memory. */
    readonly payload: Uint8Array,
    { flags = 0, channel = 0, error = 0 }: FrameOptions = {},
  ) {
    this.flags = flags;
    this.channel = channel;
    this.error = error;
  }

  /** Payload bytes. */
  get size(): number {
    return this.payload.length;
  }

  /** The low byte of {@link flags}. */
  get firstUser(): number {
    return this.flags & 0xff;
  }

  /** The high byte of {@link flags}. */
  get lastUser(): number {
    return this.flags >> 8;
  }

  /** A DataView of the payload, for numbers at any place and in either byte order. */
  get dataView(): DataView {
    const { buffer, byteOffset, byteLength } = this.payload;
    return new DataView(buffer, byteOffset, byteLength);
  }

  /** A frame of its own, with a copy of the payload. */
  clone(): Frame {
    return new Frame(this.payload.slice(), this);
  }

  /**
   * The payload as a typed array of little-endian numbers: a view where its place in memory allows one, else a copy.
   *
   * ```ts
   * const samples = frame.array(Uint16Array, { offset: 32 });
   * ```
   *
   * @throws {RangeError} when `offset` or `length` goes beyond the payload, or when, without a `length`, the bytes are no
   *   whole number of elements.
   */
  array<T extends ArrayBufferView>(type: ArrayClass<T>, { offset = 0, length }: ArrayOptions = {}): T {
    const bytes = type.BYTES_PER_ELEMENT;
    const rest = this.size - offset;
    const count = length ?? rest / bytes;
    if (
      !Number.isInteger(offset) ||
      offset < 0 ||
      !Number.isInteger(count) ||
      count < 0 ||
      count * bytes > rest
    ) {
      const part = length === undefined ? '' : `${length} elements of `;
      throw new RangeError(
        `a payload of ${this.size} bytes has no ${part}${bytes} bytes each from offset ${offset} on: give another offset or length`,
      );
    }
    const { byteOffset } = this.payload;
    const buffer = this.payload.buffer as ArrayBuffer;
    const start = byteOffset + offset;
    if (start % bytes === 0) return new type(buffer, start, count);
    return new type(buffer.slice(start, start + count * bytes), 0, count);
  }
}
