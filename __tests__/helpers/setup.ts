// What every test file begins with.

import { Buffer } from 'node:buffer';

// Jest compares bytes one by one, a second for a megabyte.
expect.addEqualityTesters([
  (a: unknown, b: unknown) => (Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : undefined),
]);
