// Memory for payloads that is used again. Fresh memory costs more than everything else that is done with a large frame:
// the kernel zeroes its pages, and V8 collects it.

// Not the global, which is a getter: asking it for every frame shows in a profile.
import { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';
import { clearInterval, setInterval } from '../async/clock';
import { Logging } from '../logging';
import { CountedMemory } from './counted-memory';
import { BufferView, OWN_MEMORY_BYTES } from './payload-memory';
import { isIntact, isPoolChecked, overwrite } from './pool-check';
import { MAX_CLASSED_BYTES, SIZE_CLASS_BYTES, sizeClassOf } from './size-classes';

// Smaller payloads share a buffer of this size. Larger ones have one each, which may be transferred to a worker.
const SLAB_BYTES = 64 * 1024;
// Kept for the next payloads: what a bridge has under way at its default mark, twice.
const MAX_SPARE_BYTES = 128 * 1024 * 1024;
// What was not needed for this long is given back to the system.
const IDLE_MS = 2_000;
// In check mode a slot is used again only after this many others, so that a late reader still finds the pattern.
const CHECKED_SPARE = 32;

/** A piece of the pool's memory, which holds one payload at a time. */
export class PayloadSlot extends CountedMemory {
  constructor(
    /** The payload, of exactly the size that was asked for. */
    public payload: Buffer,
    /** Bytes there are, from the payload's first one on. */
    readonly capacity: number,
  ) {
    super();
  }

  giveBack(): void {
    payloadPool.give(this);
  }

  /** All of its memory; empty where it was transferred away. */
  whole(): Buffer {
    return this.viewOf(this.payload.length === 0 ? 0 : this.capacity);
  }

  viewOf(size: number): Buffer {
    const { buffer, byteOffset } = this.payload;
    return new BufferView(buffer, byteOffset, size);
  }
}

/** What the pool of payload memory has and has done. */
export interface PoolStats {
  /** Bytes that wait to be used again; what has not been needed for two to four seconds is given back to the system. */
  readonly spareBytes: number;
  /** Payloads that were given memory. */
  readonly taken: number;
  /** Those of them whose memory had been used before. */
  readonly reused: number;
  /** Payloads whose memory came back. The rest is with frames that are still used, or was left to V8 to collect. */
  readonly returned: number;
}

/** The memory of one size class. */
class Shelf {
  readonly spare: PayloadSlot[] = [];
  /** The fewest there were since the last look: so many were not needed. */
  fewest = 0;
  private slab: Buffer | undefined;
  private slabUsed = 0;

  constructor(private readonly classBytes: number) {}

  newSlot(size: number): PayloadSlot {
    const { classBytes } = this;
    if (classBytes >= OWN_MEMORY_BYTES) return new PayloadSlot(Buffer.allocUnsafeSlow(size), size);
    if (this.slab === undefined || this.slabUsed + classBytes > SLAB_BYTES) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.slabUsed = 0;
      // One payload's transfer would empty all the others.
      markAsUntransferable(this.slab.buffer);
    }
    const payload = new BufferView(this.slab.buffer, this.slabUsed, size);
    this.slabUsed += classBytes;
    return new PayloadSlot(payload, classBytes);
  }
}

/** Memory for the payloads of a process. */
export class PayloadPool {
  private readonly shelves = SIZE_CLASS_BYTES.map((bytes) => new Shelf(bytes));
  private readonly log = Logging.create('stream.Pool');
  private spareBytes = 0;
  private taken = 0;
  private reused = 0;
  private returned = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param isChecked whether memory that is not used is overwritten, and looked at when it is used again. */
  constructor(private readonly isChecked: boolean) {}

  get stats(): PoolStats {
    const { spareBytes, taken, reused, returned } = this;
    return { spareBytes, taken, reused, returned };
  }

  /**
   * Memory for a payload of `size` bytes, with whatever was there before, at an address that is a multiple of 8.
   *
   * @param exact whether memory of 16 kB and more is to be an `ArrayBuffer` of just that size.
   * @returns undefined where there are none, or so many that keeping them would cost more than it brings.
   * @throws {RangeError} when there is not as much memory.
   */
  take(size: number, exact = false): PayloadSlot | undefined {
    if (size === 0 || size > MAX_CLASSED_BYTES) return undefined;
    const shelf = this.shelves[sizeClassOf(size)]!;
    const slot = this.takeSpare(shelf, size, exact) ?? shelf.newSlot(size);
    this.taken += 1;
    return slot;
  }

  /** The payload is needed no more: its memory may be used again at once. */
  give(slot: PayloadSlot): void {
    const { capacity } = slot;
    this.returned += 1;
    if (this.spareBytes + capacity > MAX_SPARE_BYTES) return;
    if (this.isChecked) overwrite(slot.whole());
    this.shelves[sizeClassOf(capacity)]!.spare.push(slot);
    this.spareBytes += capacity;
    this.timer ??= setInterval(() => this.giveBack(), IDLE_MS).unref();
  }

  private takeSpare(shelf: Shelf, size: number, exact: boolean): PayloadSlot | undefined {
    const { spare } = shelf;
    const { isChecked } = this;
    while (spare.length > (isChecked ? CHECKED_SPARE : 0)) {
      if (exact && spare[isChecked ? 0 : spare.length - 1]!.capacity !== size) return undefined;
      const slot = isChecked ? spare.shift()! : spare.pop()!;
      this.spareBytes -= slot.capacity;
      if (spare.length < shelf.fewest) shelf.fewest = spare.length;
      if (isChecked) this.check(slot);
      if (slot.payload.length !== size || isChecked) {
        // It was transferred away, or made for a smaller payload of its class.
        if (slot.payload.length === 0 || slot.capacity < size) continue;
        slot.payload = slot.viewOf(size);
      }
      this.reused += 1;
      return slot;
    }
    return undefined;
  }

  private check(slot: PayloadSlot): void {
    if (!isIntact(slot.whole())) {
      this.log.critical(
        `The memory of a payload was written to after its frame was released; it was sent here:\n${slot.place}`,
      );
    }
    slot.place = '';
  }

  /** Leaves to V8 what has not been needed since the last look. */
  private giveBack(): void {
    for (const shelf of this.shelves) {
      const { spare } = shelf;
      for (const { capacity } of spare.splice(0, shelf.fewest)) this.spareBytes -= capacity;
      shelf.fewest = spare.length;
    }
    if (this.spareBytes > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** The one of this process; each worker thread has its own. */
export const payloadPool = new PayloadPool(isPoolChecked);

/** A snapshot of this process's (or worker thread's) pool of payload memory. */
export function poolStats(): PoolStats {
  return payloadPool.stats;
}
