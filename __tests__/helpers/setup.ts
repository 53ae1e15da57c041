// What every test file begins with.

import { Buffer } from 'node:buffer';
import { ignoreLog } from './log';

type EqualityTester = (a: unknown, b: unknown) => boolean | undefined;

/** Of Jest since 29.4; its types in `@types/jest` do not know it. */
const { addEqualityTesters } = expect as unknown as {
  addEqualityTesters(testers: readonly EqualityTester[]): void;
};

// Jest compares bytes one by one, a second for a megabyte.
addEqualityTesters([(a, b) => (Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : undefined)]);

// What tests provoke would be hundreds of lines; those who look at them ask for them.
beforeEach(ignoreLog);
