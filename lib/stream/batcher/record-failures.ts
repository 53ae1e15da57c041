// What slaves failed with on the records of one super-frame.

import { describeError } from '../../errors';

// A super-frame may have 100000 records, and a slave an error for each.
const MAX_ERRORS = 10;

/** Counts failures, and keeps the first of each kind. */
export class RecordFailures {
  private count = 0;
  /** By what they say. */
  private readonly errors = new Map<string, unknown>();

  note(reason: unknown): void {
    this.count += 1;
    if (this.errors.size < MAX_ERRORS) {
      const text = describeError(reason);
      if (!this.errors.has(text)) this.errors.set(text, reason);
    }
  }

  /** @throws the failure, or an `AggregateError` with one of each kind where there were several. */
  throwIfAny(records: number): void {
    if (this.count === 0) return;
    const errors = [...this.errors.values()];
    if (this.count === 1) throw errors[0];
    throw new AggregateError(errors, `slaves failed to accept ${this.count} of ${records} records`);
  }
}
