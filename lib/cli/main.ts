#!/usr/bin/env node
// The command `rogue-bridge`.

import type * as Program from './program';

function load(): typeof Program | undefined {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('./program') as typeof Program;
  } catch (err) {
    // The library does without them, so a project may have left them out.
    const { code, message } = err as NodeJS.ErrnoException;
    if (code !== 'MODULE_NOT_FOUND') throw err;
    const name = /'([^']+)'/.exec(message)?.[1] ?? 'a package';
    process.stderr.write(
      `rogue-bridge: ${name} is missing: install with optional dependencies (npm install --include=optional)\n`,
    );
    return undefined;
  }
}

void (async () => {
  const program = load();
  const status = program === undefined ? 1 : await program.run(process.argv.slice(2));
  if (status !== 0) process.exitCode = status;
})();
