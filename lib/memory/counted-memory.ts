// The memory that one frame's payload lies in, where somebody waits for its last use.

import { Buffer } from 'node:buffer';
import { BufferView } from './payload-memory';

const NOTHING = Buffer.alloc(0);

/** Memory of one payload, and the uses of it. */
export abstract class CountedMemory {
  /** Uses that end by themselves: slaves that accept it, bridges that write it. */
  uses = 0;
  /** Uses whose users say that they have ended. */
  kept = 0;
  /** Slaves under way that may say so as well, and need not. */
  lent = 0;
  /** Whether slaves that make no promise count among {@link kept}. */
  isKeptBySlaves = false;
  /** Where the frame was sent whose payload was here last; known in check mode. */
  place = '';

  abstract readonly payload: Buffer;

  /** Bytes that a use keeps from being freed, when that is more than the payload. */
  wholeBytes(): number {
    return 0;
  }

  /** No use is left. */
  abstract giveBack(): void;
}

/** The frame of which another one's payload is a part. */
interface Whole {
  readonly payload: Buffer;
  endUse(): void;
}

/** A part of a frame's payload. It is one use of that frame, so that its memory stays. */
export class PartMemory extends CountedMemory {
  constructor(
    private readonly whole: Whole,
    private readonly offset: number,
    private readonly size: number,
  ) {
    super();
  }

  /** A new view each time: making it costs as much as all the rest of a small frame, and many slaves need none. */
  get payload(): Buffer {
    const { payload } = this.whole;
    // As any view of memory that a slave has transferred away.
    if (payload.length < this.offset + this.size) return NOTHING;
    return new BufferView(payload.buffer, payload.byteOffset + this.offset, this.size);
  }

  override wholeBytes(): number {
    return this.whole.payload.length;
  }

  giveBack(): void {
    this.whole.endUse();
  }
}
