// Numbers in a payload, and payloads made of numbers: Rogue's getNumpy and putNumpy.
// slaclab/rogue src/rogue/interfaces/stream/Frame.cpp. Little-endian, as what Rogue's peers send. A typed array has the
// byte order of the machine; big-endian machines are not supported.

import { Buffer } from 'node:buffer';
import { show } from '../errors';
import { ownCopy } from '../memory/payload-memory';
import { checkInteger, checkOptionNames } from '../validate';

/** Which part of a payload becomes an array. */
export interface FrameArrayOptions {
  /** Bytes before the first element; default 0. */
  readonly offset?: number;
  /** Elements; default all from `offset` to the end of the payload. */
  readonly length?: number;
}

/** A class of typed arrays: `Float32Array`, `BigUint64Array`, `Float16Array` where the runtime has it, `Buffer`, ... */
export interface FrameArrayClass<T extends ArrayBufferView> {
  /** Not a constructor's result, which TypeScript takes from the last of several. */
  readonly prototype: T;
}

interface Constructor<T> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT?: unknown;
  new (memory: ArrayBufferLike, byteOffset: number, length: number): T;
}

const OPTIONS = ['offset', 'length'];
const ELEMENT_BYTES: readonly unknown[] = [1, 2, 4, 8];

/** As `Frame.array`. */
export function arrayOf<T extends ArrayBufferView>(
  payload: Buffer,
  type: FrameArrayClass<T>,
  options: FrameArrayOptions,
): T {
  const elementBytes = elementBytesOf(type);
  checkOptionNames('the options of array', options, OPTIONS);
  const { offset = 0, length } = options;
  checkInteger('offset', offset, 0, payload.length, `, the payload's size in bytes`);
  const bytes = payload.length - offset;
  const whole = Math.floor(bytes / elementBytes);
  const { name } = type as unknown as Constructor<T>;
  if (length !== undefined) {
    checkInteger('length', length, 0, whole, `, the elements of ${name} in ${bytes} bytes`);
  } else if (bytes !== whole * elementBytes) {
    throw new RangeError(
      `${bytes} bytes of payload are ${whole} elements of ${name} (${elementBytes} bytes each) and ` +
        `${bytes - whole * elementBytes} bytes left over: give length, or another offset`,
    );
  }
  return view(payload, offset, type as unknown as Constructor<T>, elementBytes, length ?? whole);
}

function view<T extends ArrayBufferView>(
  payload: Buffer,
  offset: number,
  type: Constructor<T>,
  elementBytes: number,
  length: number,
): T {
  const start = payload.byteOffset + offset;
  const isAligned = start % elementBytes === 0;
  const bytes = isAligned ? payload : ownCopy(payload.subarray(offset, offset + length * elementBytes));
  const from = isAligned ? start : 0;
  // Node warns of new Buffer().
  if ((type as unknown) === Buffer) return Buffer.from(bytes.buffer, from, length) as ArrayBufferView as T;
  return new type(bytes.buffer, from, length);
}

function elementBytesOf(type: unknown): number {
  const { name, BYTES_PER_ELEMENT } = Object(type) as Partial<Constructor<unknown>>;
  // Not by the class: one of another realm will do.
  if (typeof type === 'function' && ELEMENT_BYTES.includes(BYTES_PER_ELEMENT))
    return BYTES_PER_ELEMENT as number;
  const shown = typeof type === 'function' && name ? name : show(type);
  throw new TypeError(`type is ${shown}, but must be a class of typed arrays, such as Float32Array`);
}

/** As `Frame.from`: the bytes of a typed array or a DataView. */
export function bytesOf(array: ArrayBufferView): Buffer {
  if (Buffer.isBuffer(array)) return array;
  if (ArrayBuffer.isView(array)) return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  throw new TypeError(
    `array is ${show(array)}, but must be a typed array, a Buffer or a DataView; ` +
      'for an ArrayBuffer give new Uint8Array(buffer)',
  );
}

/** Whether this is a `Uint8Array`, of any realm: `instanceof` knows those of its own only. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>)[Symbol.toStringTag] === 'Uint8Array';
}
