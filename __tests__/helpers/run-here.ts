// The command in the process of the test, for what ends before it opens anything: a process costs half a second.

import { run } from '../../lib/cli/program';
import { Logging } from '../../lib';

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rogue-bridge` with these arguments. */
export async function runHere(...args: (string | number)[]): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text: unknown) => {
      said[name] += String(text);
      return true;
    }),
  );
  const listeners = (['stdout', 'stderr'] as const).map((name) => process[name].listeners('error'));
  try {
    return { status: await run(args.map(String)), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
    (['stdout', 'stderr'] as const).forEach((name, i) => {
      for (const listener of process[name].listeners('error'))
        if (!listeners[i]!.includes(listener)) process[name].off('error', listener as () => void);
    });
    process.exitCode = undefined;
    Logging.setSink(undefined);
    Logging.setLevel(Logging.Warning);
  }
}
