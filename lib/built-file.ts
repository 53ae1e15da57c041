// Files that are not imported: what threads run, what browsers load. In a module of its own, because tests run the sources
// and these are what was built of them.

import { join } from 'node:path';

/** A path from the folder of this library. */
export function builtFile(...path: string[]): string {
  return join(__dirname, ...path);
}
