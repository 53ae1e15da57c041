// First in, first out. An array's own shift() moves what is behind it.

// The front of the array is given back to the collector once it is at least this long, and half of it.
const COMPACT_ENTRIES = 1024;

/** A queue whose `shift` costs the same at any length. */
export class Queue<T> {
  private entries: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.entries.length - this.head;
  }

  push(entry: T): void {
    this.entries.push(entry);
  }

  /** Removes and returns the oldest entry; undefined when there is none. */
  shift(): T | undefined {
    const { entries, head } = this;
    if (head === entries.length) return undefined;
    const entry = entries[head];
    entries[head] = undefined;
    this.head += 1;
    if (this.head === entries.length || (this.head >= COMPACT_ENTRIES && this.head * 2 >= entries.length)) {
      this.entries = entries.slice(this.head);
      this.head = 0;
    }
    return entry;
  }

  /** Removes everything, and returns how many that were. */
  clear(): number {
    const { length } = this;
    this.entries = [];
    this.head = 0;
    return length;
  }
}
