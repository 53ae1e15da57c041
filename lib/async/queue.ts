// First in, first out. An array's own shift() moves what is behind it.

// The front of the array is given back to the collector once it is at least this long, and half of it.
const COMPACT_ENTRIES = 1024;

/** A queue whose `shift` costs the same at any length. */
export class Queue<T> implements Iterable<T> {
  /** Up to {@link head} they have been taken, and are undefined, so that nothing is kept of them. */
  private entries: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.entries.length - this.head;
  }

  /** The oldest entry; undefined when there is none. */
  get first(): T | undefined {
    return this.entries[this.head];
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

  /** Puts an entry in front of all others. */
  unshift(entry: T): void {
    if (this.head === 0) this.entries.unshift(entry);
    else this.entries[--this.head] = entry;
  }

  /** Removes this entry, wherever it is; nothing where it is not there. */
  remove(entry: T): void {
    if (this.first === entry) this.shift();
    else this.filter((other) => other !== entry);
  }

  /** Leaves only those for which `keep` is true. */
  filter(keep: (entry: T) => boolean): void {
    this.entries = [...this].filter(keep);
    this.head = 0;
  }

  /** Removes everything, and returns how many that were. */
  clear(): number {
    const { length } = this;
    this.entries = [];
    this.head = 0;
    return length;
  }

  /** From the oldest to the newest. */
  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.head; at < this.entries.length; at++) yield this.entries[at] as T;
  }
}
