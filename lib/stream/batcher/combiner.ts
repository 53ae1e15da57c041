// Frames in, super-frames of them out. slaclab/rogue src/rogue/protocols/batcher/CombinerV1.cpp, CombinerV2.cpp.

import { Refusals } from '../../async/refusals';
import { GeneralError } from '../../errors';
import { Logging } from '../../logging';
import { checkInteger, checkOptionNames } from '../../validate';
import { MAX_PAYLOAD_BYTES } from '../../wire/message';
import type { Frame } from '../frame';
import { StreamModule } from '../module';
import { ownedFrame } from '../req-frame';
import { writeBatch } from './combine';
import { MAX_WIDTH, recordBytes, V1_LAYOUTS, V2_LAYOUT, type Layout } from './layout';

/** Limits of a combiner. */
export interface CombinerOptions {
  /**
   * Bytes that a super-frame may have; default 4294967295, which is what a frame can carry. A frame that does not fit into
   * the batch any more is refused with `ERR_FRAME_TOO_LARGE`.
   */
  readonly maxBytes?: number;
}

/** What the combiners have in common. */
abstract class Combiner extends StreamModule {
  private readonly log: Logging;
  private readonly refusals = new Refusals();
  private readonly maxBytes: number;
  private queue: Frame[] = [];
  /**
   * Of their payloads: another one later tells that the memory was transferred away. A list of its own, because the
   * collector is slow with an object for each frame.
   */
  private sizes: number[] = [];
  /** Of the super-frame that the queue makes. */
  private bytes: number;
  private sequence = 0;

  constructor(
    private readonly layout: Layout,
    name: string,
    options: CombinerOptions,
  ) {
    super();
    checkOptionNames(`the options of ${name}`, options, ['maxBytes']);
    const { maxBytes = MAX_PAYLOAD_BYTES } = options;
    this.maxBytes = checkInteger('maxBytes', maxBytes, layout.minBytes, MAX_PAYLOAD_BYTES);
    this.log = Logging.create(`batcher.${name}`);
    this.bytes = layout.headerBytes;
  }

  /** Frames that wait for {@link sendBatch}. */
  get count(): number {
    return this.queue.length;
  }

  /**
   * Sends the frames that wait as one super-frame of channel 0, flags 0 and error 0, in the order in which they came.
   * Without any it does nothing. Settles as `sendFrame` does; from the call on, the next frames are of the next batch.
   *
   * Rejects with a {@link GeneralError} `ERR_BATCH_TOO_SMALL` where every splitter would drop the super-frame, as one that
   * is damaged: one record of at most 4 bytes at width 0, or an empty one at width 1 or in V2. Rogue sends it, and the
   * record is lost without a line. Here its frame goes on waiting, for others of its batch.
   *
   * @throws what the slaves failed with, by rejecting.
   */
  async sendBatch(): Promise<void> {
    this.dropDetached();
    const { queue, layout, bytes } = this;
    if (queue.length === 0) return;
    if (bytes < layout.minBytes) throw this.tooSmallError();
    const batch = ownedFrame(bytes);
    writeBatch(batch.payload, queue, layout, this.sequence);
    this.sequence = (this.sequence + 1) & 0xff;
    this.empty();
    await this.sendFrame(batch);
  }

  /** As for every module. Frames that wait for {@link sendBatch} are dropped, and counted. */
  override stop(): void | Promise<void> {
    const { length } = this.queue;
    if (length > 0) {
      this.drop(length);
      this.log.warning(`${length} frames dropped: stop() came before sendBatch()`);
      this.empty();
    }
    return super.stop();
  }

  protected override pass(frame: Frame): void | Promise<void> {
    if (frame.isReleased) throw frame.releasedError();
    const { size } = frame;
    const bytes = this.bytes + recordBytes(size, this.layout);
    if (bytes > this.maxBytes) return this.refusals.reject(this.tooLargeError(size, bytes));
    frame.beginUse();
    this.queue.push(frame);
    this.sizes.push(size);
    this.bytes = bytes;
  }

  private empty(): void {
    for (const frame of this.queue) frame.endUse();
    this.queue = [];
    this.sizes = [];
    this.bytes = this.layout.headerBytes;
  }

  /** Leaves out frames that would become records without their data. */
  private dropDetached(): void {
    const { queue, sizes, layout } = this;
    const isWhole = ({ payload }: Frame, index: number): boolean => payload.length === sizes[index];
    if (queue.every(isWhole)) return;
    const whole = queue.filter(isWhole);
    for (const [index, frame] of queue.entries()) if (!isWhole(frame, index)) frame.endUse();
    this.queue = whole;
    this.sizes = whole.map(({ size }) => size);
    this.bytes = this.sizes.reduce((bytes, size) => bytes + recordBytes(size, layout), layout.headerBytes);
    const dropped = queue.length - whole.length;
    this.drop(dropped);
    this.log.warning(
      `${dropped} of ${queue.length} frames dropped: their payloads were transferred away before sendBatch(); ` +
        'give a worker frame.clone()',
    );
  }

  private tooSmallError(): GeneralError {
    const { bytes, layout } = this;
    return new GeneralError(
      'ERR_BATCH_TOO_SMALL',
      `a batch of ${bytes} bytes was not sent: splitters drop fewer than ${layout.minBytes} as damaged; ` +
        `its frame waits for others${layout.version === 1 ? '; a larger width has no such limit' : ''}`,
    );
  }

  private tooLargeError(size: number, bytes: number): GeneralError {
    const { count, maxBytes } = this;
    const advice = count === 0 ? 'a larger maxBytes' : 'call sendBatch() first';
    return new GeneralError(
      'ERR_FRAME_TOO_LARGE',
      `a frame of ${size} bytes would make a batch of ${bytes} bytes with the ${count} that wait, more than ` +
        `${maxBytes}: ${advice}`,
    );
  }
}

/**
 * Gathers frames, and sends them as one V1 super-frame when {@link sendBatch} is called, byte for byte as Rogue's: fewer
 * and larger frames cost a link less. A `SplitterV1`, of Rogue or here, gives them back with their payloads, channels and
 * flags; their error fields are lost.
 *
 * A frame that waits is referenced and not copied, so do not change it before `sendBatch`.
 */
export class CombinerV1 extends Combiner {
  /**
   * @param width code of the word size, which data is padded to: 0..5 for 2, 4, 8, 16, 32 and 64 bytes.
   * @throws {RangeError} {TypeError} naming the argument and the value.
   */
  constructor(width: number, options: CombinerOptions = {}) {
    super(layoutOf(width), 'CombinerV1', options);
  }
}

/** As {@link CombinerV1}, for V2 super-frames, which have no padding. */
export class CombinerV2 extends Combiner {
  /** @throws {RangeError} {TypeError} naming the option and the value. */
  constructor(options: CombinerOptions = {}) {
    super(V2_LAYOUT, 'CombinerV2', options);
  }
}

function layoutOf(width: number): Layout {
  if (typeof width !== 'number') checkInteger('width', width, 0, MAX_WIDTH);
  const layout = V1_LAYOUTS[width];
  if (layout !== undefined) return layout;
  // Rogue's own words, and what is allowed.
  const rogue = `batcher::CombinerV1::CombinerV1: General Error: Invalid width ${width}`;
  throw new RangeError(`${rogue}: width must be a whole number from 0 to ${MAX_WIDTH}`);
}
