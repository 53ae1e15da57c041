// Numbers for things that metrics would otherwise call alike.

/**
 * A set of things. Each has a number among those with the same key, as two clients of one server have: the smallest that
 * is free when it enters. It keeps its number until it leaves, so that its series stay its own.
 */
export class NumberedSet<T> {
  private readonly numbers = new Map<T, number>();
  private readonly taken = new Map<string, Set<number>>();

  constructor(private readonly keyOf: (one: T) => string) {}

  enter(one: T): void {
    const key = this.keyOf(one);
    const taken = this.taken.get(key) ?? new Set();
    let number = 1;
    while (taken.has(number)) number += 1;
    this.taken.set(key, taken.add(number));
    this.numbers.set(one, number);
  }

  /** Idempotent; what never entered is none of ours. */
  leave(one: T): void {
    const number = this.numbers.get(one);
    if (number === undefined) return;
    this.numbers.delete(one);
    const key = this.keyOf(one);
    const taken = this.taken.get(key)!;
    taken.delete(number);
    if (taken.size === 0) this.taken.delete(key);
  }

  /** All of them with their numbers, in the order in which they came. */
  get all(): ReadonlyMap<T, number> {
    return this.numbers;
  }
}
