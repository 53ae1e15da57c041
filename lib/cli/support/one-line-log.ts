// The log in Rogue's own form, a line each: what failed with a stack is told in one line of its own, behind it.

import type { LogSink } from '../../index';

// A subcommand ends with the error that ends its reader, and says it then.
const TOLD_AT_END = 'pyrogue.jetstream.Reader';

/** For `Logging.setSink`: to standard error. */
export const oneLineLog = { child: ({ name }: { name: string }) => writersOf(name) } as unknown as LogSink;

function writersOf(name: string): object {
  const write = (message: string): void => {
    process.stderr.write(`${rogueTime()}:${name}: ${message.split('\n')[0]!}\n`);
  };
  const error = name === TOLD_AT_END ? (): void => undefined : write;
  return { fatal: write, error, warn: write, info: write, debug: write };
}

/** Now, as seconds since 1970 with six decimals. */
function rogueTime(): string {
  return ((performance.timeOrigin + performance.now()) / 1000).toFixed(6);
}
