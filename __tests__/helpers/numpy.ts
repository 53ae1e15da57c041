// Python with numpy, where there is one.

import { execFileSync, spawnSync } from 'node:child_process';

const PYTHON = ['python3', '/usr/bin/python3'].find(
  (name) => spawnSync(name, ['-c', 'import numpy']).status === 0,
);

/** Said in the name, because a skip without a reason is not seen. */
export const describeWithNumpy = PYTHON === undefined ? describe.skip : describe;

/** What a program in Python prints, as JSON. */
export function python(script: string, cwd: string): unknown {
  return JSON.parse(execFileSync(PYTHON!, ['-c', script], { cwd, encoding: 'utf8' }));
}
