// Takes the place of lib/built-file: the tests run the sources, threads and browsers what was built of them.

import { join } from 'node:path';

export function builtFile(...path: string[]): string {
  return join(__dirname, '..', '..', 'dist', ...path);
}
