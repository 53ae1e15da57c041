// What the library logs, for tests that look at it; `Logging.setSink(undefined)` ends it.

import { Logging, type LogSink } from '../../lib';

/** The lines logged from now on; which ones is for `Logging.setFilter` to say. */
export function collectLog(): string[] {
  const lines: string[] = [];
  const write = (message: string): void => void lines.push(message);
  const logger = { fatal: write, error: write, warn: write, info: write, debug: write };
  Logging.setSink({ child: () => logger } as unknown as LogSink);
  return lines;
}
