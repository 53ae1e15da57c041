// The version of this package.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

let read: string | undefined;

/** As in `package.json`; `unknown` where that is not beside the library, as in a bundle. */
export function version(): string {
  read ??= readVersion();
  return read;
}

function readVersion(): string {
  try {
    const text = readFileSync(join(__dirname, '..', 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
