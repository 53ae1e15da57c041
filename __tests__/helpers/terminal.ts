// The command in a terminal of a given size, by tmux.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ENVIRONMENT } from './environment';

const MAIN = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const open = new Set<string>();
let count = 0;

/** For what needs a terminal; left out, and said so, where there is no tmux. */
export const describeInTerminal = spawnSync('tmux', ['-V']).status === 0 ? describe : describe.skip;

function tmux(...args: string[]): string {
  // A server of its own: whoever runs the tests may be in one.
  const options = { encoding: 'utf8', env: ENVIRONMENT } as const;
  return spawnSync('tmux', ['-L', `rogue-bridge-${process.pid}`, ...args], options).stdout;
}

/** A screen, and the command of a shell that runs in it. */
export class ShellTerminal {
  private readonly name = `s${++count}`;

  constructor(columns: number, rows: number, command: string) {
    tmux('new-session', '-d', '-s', this.name, '-x', String(columns), '-y', String(rows), command);
    open.add(this.name);
  }

  /** What is on the screen now. */
  readonly text = (): string => tmux('capture-pane', '-p', '-t', this.name);

  get lines(): string[] {
    return this.text().trimEnd().split('\n');
  }

  press(key: string): void {
    tmux('send-keys', '-t', this.name, key);
  }
}

/** The same with a Node program; `ENDED` and its status are printed after its end. */
export class NodeTerminal extends ShellTerminal {
  constructor(columns: number, rows: number, ...args: readonly string[]) {
    super(columns, rows, `${process.execPath} ${args.join(' ')}; echo ENDED $?; exec cat`);
  }
}

/** The same with the command of this package. */
export class Terminal extends NodeTerminal {
  constructor(columns: number, rows: number, ...args: readonly string[]) {
    super(columns, rows, MAIN, ...args);
  }
}

/** For `afterEach`. */
export function endTerminals(): void {
  for (const name of open) tmux('kill-session', '-t', name);
  open.clear();
}
