// Takes the place of lib/stream/workers/thread-file: the tests run the sources, the threads what was built of them.

import { join } from 'node:path';

export function threadFile(...path: string[]): string {
  return join(__dirname, '..', '..', 'dist', ...path);
}
