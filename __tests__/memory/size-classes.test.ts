// The sizes in which payload memory is kept.

import fc from 'fast-check';
import { MAX_CLASSED_BYTES, SIZE_CLASS_BYTES, sizeClassOf } from '../../lib/memory/size-classes';

test('every size has the smallest class that holds it', () => {
  const anySize = fc.oneof(
    fc.integer({ min: 1, max: MAX_CLASSED_BYTES }),
    fc.integer({ min: 1, max: 5_000 }),
  );
  fc.assert(
    fc.property(anySize, (size) => {
      const index = sizeClassOf(size);
      expect(SIZE_CLASS_BYTES[index]).toBeGreaterThanOrEqual(size);
      expect(SIZE_CLASS_BYTES[index - 1] ?? 0).toBeLessThan(size);
    }),
    { numRuns: 2_000 },
  );
});

test('the classes are multiples of 8 bytes, and a fifth of one is unused at most', () => {
  SIZE_CLASS_BYTES.forEach((bytes, index) => {
    expect(bytes % 8).toBe(0);
    if (index > 0) expect((bytes - SIZE_CLASS_BYTES[index - 1]!) / bytes).toBeLessThanOrEqual(0.2);
    expect([sizeClassOf(bytes), sizeClassOf(Math.min(bytes + 1, MAX_CLASSED_BYTES))]).toEqual([
      index,
      Math.min(index + 1, SIZE_CLASS_BYTES.length - 1),
    ]);
  });
});
