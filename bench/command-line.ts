// What the programs of this folder share: arguments that make no sense, a line of progress, and how they end.

export const STATUS_FAILED = 1;
const STATUS_USAGE = 2;

/** Thrown for arguments that make no sense. */
export class UsageError extends Error {}

/** One line that is overwritten, for whoever watches; nothing in a log. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** What `parse` gives; the first line of what it has against the arguments otherwise. @throws {UsageError} */
export function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (err) {
    throw new UsageError((err as Error).message.split('\n')[0]);
  }
}

/**
 * Runs a program to its exit status.
 *
 * @param settings what the arguments say; undefined where they ask for `help`.
 */
export function runProgram<T>(
  name: string,
  help: string,
  settings: (args: string[]) => T | undefined,
  run: (settings: T) => Promise<number>,
): void {
  const main = async (): Promise<number> => {
    try {
      const chosen = settings(process.argv.slice(2));
      if (chosen !== undefined) return await run(chosen);
      process.stdout.write(`${help}\n`);
      return 0;
    } catch (err) {
      if (!(err instanceof UsageError)) throw err;
      process.stderr.write(`${name}: ${err.message} (--help tells more)\n`);
      return STATUS_USAGE;
    }
  };
  void main().then((status) => {
    process.exitCode = status;
  });
}
