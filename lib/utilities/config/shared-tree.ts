// A configuration in which aliases make one mapping or list appear in several places. Pure.

import { isMapping, type ConfigTree, type ConfigValue } from './config';
import { MAX_DEPTH } from './yaml';

// Values that a program meets that goes through the tree: thirty aliases can make a thousand million of them.
const MAX_VALUES = 1_000_000;

/** What is below a mapping or a list, each value as often as it appears. */
interface Extent {
  readonly values: number;
  readonly depth: number;
}

/**
 * Whether a mapping or a list is still in several places.
 * @throws {Error} when one is within itself, or when there are too many levels or values for programs that go through them.
 */
export function checkSharedTree(tree: ConfigTree): boolean {
  const extents = new Map<ConfigValue, Extent | undefined>();
  let isShared = false;
  const extentOf = (value: ConfigValue): Extent => {
    const isList = Array.isArray(value);
    if (!isList && !isMapping(value)) return { values: 1, depth: 0 };
    if (extents.has(value)) {
      isShared = true;
      const known = extents.get(value);
      if (known === undefined) throw new Error('by its aliases a value would be within itself');
      return known;
    }
    extents.set(value, undefined);
    let [values, depth] = [1, 0];
    for (const item of isList ? (value as ConfigValue[]) : Object.values(value)) {
      const extent = extentOf(item);
      values += extent.values;
      depth = Math.max(depth, extent.depth + 1);
    }
    if (depth > 2 * MAX_DEPTH) throw new Error('by its aliases it is nested too deep');
    if (values > MAX_VALUES) throw new Error(`by its aliases it has more than ${MAX_VALUES} values`);
    const extent = { values, depth };
    extents.set(value, extent);
    return extent;
  };
  extentOf(tree);
  return isShared;
}
