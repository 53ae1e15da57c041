// The latest data of a stream, for a display or a loop that looks when it likes.
// slaclab/rogue python/pyrogue/_DataReceiver.py.

import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import type { WaitFrameCountOptions } from '../async/count-waiters';
import { describeError } from '../errors';
import { LogLimit } from '../log-limit';
import { Logging } from '../logging';
import { ownCopy } from '../memory/payload-memory';
import { checkBoolean, checkInteger, checkOptionNames } from '../validate';
import { isFrame, notAFrame, type Frame } from './frame';
import { arrayOf, type FrameArrayClass } from './frame-array';
import { Slave, type FrameSlave } from './slave';

/** How a {@link DataReceiver} takes frames. */
export interface DataReceiverOptions<T extends ArrayBufferView> {
  /** The class of {@link DataReceiver.data}; default `Uint8Array`. */
  readonly type?: FrameArrayClass<T>;
  /** Bytes in front of the data, a header for example; default 0. */
  readonly offset?: number;
  /** Only frames of this channel; default all. */
  readonly channel?: number;
  /** False takes nothing until {@link DataReceiver.rxEnable} is set; default true. */
  readonly rxEnable?: boolean;
}

/** What a {@link DataReceiver} emits. */
export interface DataReceiverEvents<T> {
  /** There is new data; the frame it came in is the listener's until it returns. */
  update: [data: T, frame: Frame];
}

const MAX_UINT32 = 2 ** 32 - 1;
const EMPTY = Buffer.alloc(0);
const OPTIONS = ['type', 'offset', 'channel', 'rxEnable'];

/**
 * Keeps the data of the last good frame, as a typed array in memory of its own, and tells of it by `update`.
 *
 * ```ts
 * const image = tcp.to(new DataReceiver({ type: Uint16Array, offset: 32 }));
 * image.on('update', (pixels) => draw(pixels));
 * ```
 *
 * A frame with an error, and one that is no whole number of elements, is counted in {@link errorCount} and leaves the data
 * as it was. Override {@link process} to make something else of a frame. The source is never held back.
 */
export class DataReceiver<T extends ArrayBufferView = Uint8Array>
  extends EventEmitter<DataReceiverEvents<T>>
  implements FrameSlave
{
  readonly retainsFrames = true;
  private readonly accepted = new Slave();
  private readonly log = Logging.create('DataReceiver');
  private readonly faults = new LogLimit((text) => this.log.warning(text));
  private readonly type: FrameArrayClass<T>;
  private readonly offset: number;
  private readonly channel: number | undefined;
  private isEnabled: boolean;
  private latest: T | undefined;
  private errors = 0;

  /** @throws {RangeError} {TypeError} naming the option and the value. */
  constructor(options: DataReceiverOptions<T> = {}) {
    super();
    checkOptionNames('the options of DataReceiver', options, OPTIONS);
    const { type = Uint8Array, offset = 0, channel, rxEnable = true } = options;
    // What is no class of arrays is refused here, and not with the first frame.
    arrayOf(EMPTY, type as FrameArrayClass<T>, {});
    this.type = type as FrameArrayClass<T>;
    this.offset = checkInteger('offset', offset, 0, MAX_UINT32);
    this.channel = channel === undefined ? undefined : checkInteger('channel', channel, 0, 0xff);
    this.isEnabled = checkBoolean('rxEnable', rxEnable);
  }

  /** That of the last good frame; undefined before the first. It is never written to again. */
  get data(): T | undefined {
    return this.latest;
  }

  /** False: frames are let by, and counted nowhere. */
  get rxEnable(): boolean {
    return this.isEnabled;
  }
  set rxEnable(enable: boolean) {
    this.isEnabled = checkBoolean('rxEnable', enable);
  }

  /** Good frames taken. */
  get frameCount(): number {
    return this.accepted.frameCount;
  }

  /** Their payload bytes. */
  get byteCount(): number {
    return this.accepted.byteCount;
  }

  /** Frames with an error, or of a size that does not fit. */
  get errorCount(): number {
    return this.errors;
  }

  /** As `Slave.waitFrameCount`. */
  waitFrameCount(count: number, options?: WaitFrameCountOptions): Promise<boolean> {
    return this.accepted.waitFrameCount(count, options);
  }

  acceptFrame(frame: Frame): void {
    if (!isFrame(frame)) throw notAFrame(frame);
    if (!this.isEnabled || (this.channel !== undefined && frame.channel !== this.channel)) return;
    const { error } = frame;
    if (error !== 0) {
      this.refuse(`the error field is 0x${error.toString(16)}`);
      return;
    }
    let data: T;
    try {
      data = this.process(frame);
    } catch (err) {
      this.refuse(describeError(err));
      return;
    }
    this.latest = data;
    this.accepted.acceptFrame(frame) as undefined;
    this.emit('update', data, frame);
  }

  /** What becomes {@link data}: in a subclass, anything of this type that does not use the payload's own memory. */
  protected process({ payload }: Frame): T {
    const { offset } = this;
    if (offset > payload.length) {
      throw new RangeError(`a payload of ${payload.length} bytes has no data behind offset = ${offset}`);
    }
    return arrayOf(ownCopy(payload.subarray(offset)), this.type, {});
  }

  private refuse(why: string): void {
    this.errors += 1;
    this.faults.note(`A frame was left out: ${why}`);
  }
}
