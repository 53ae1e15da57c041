// The files that threads run. In a module of its own, because tests run the sources and threads what was built of them.

import { join } from 'node:path';

/** A path from the folder of this library. */
export function threadFile(...path: string[]): string {
  return join(__dirname, '..', '..', ...path);
}
