// What bash, zsh and fish complete.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { bash } from '../../lib/cli/completion/bash';
import { fish } from '../../lib/cli/completion/fish';
import { allCommands, modelOf } from '../../lib/cli/completion/model';
import { zsh } from '../../lib/cli/completion/zsh';
import { createProgram } from '../../lib/cli/program';
import { fileName, removeFiles } from '../helpers/files';
import { describeInTerminal, endTerminals, ShellTerminal } from '../helpers/terminal';
import { waitFor } from '../helpers/wait';

const MODEL = modelOf(createProgram());

afterEach(() => {
  endTerminals();
  removeFiles();
});

describe('bash', () => {
  // What is typed, and the words that bash is given; empty where it completes files, or nothing.
  const CASES: readonly (readonly [line: string, words: string])[] = [
    ['re', 'record replay relay'],
    ['help pr', 'prbs'],
    ['prbs ', 'tx rx loop'],
    ['completion ', 'bash zsh fish'],
    ['dump --max', '--max-bytes'],
    ['prbs rx --w', '--width'],
    ['prbs tx --ch', ''],
    ['bench --li', '--listen'],
    ['watch --engine ', 'native libzmq'],
    ['watch --engine=na', 'native'],
    ['dump --format ', 'hex json raw'],
    ['dump h:8000 --format r', 'raw'],
    ['send h:8000 --format ', 'auto raw json'],
    ['doctor --format ', 'text json'],
    ['watch --log str', 'stream=critical stream=error stream=warning stream=info stream=debug'],
    // bash has the part in front of the = already.
    ['watch --log fifo=', 'critical error warning info debug'],
    ['watch --log=fifo=de', 'debug'],
    ['dump --count ', ''],
    ['dump ru', ''],
    ['watch --curve da', ''],
    ['demo --pa', ''],
  ];

  test.each(CASES)('%j is completed by %j', (line, words) => {
    const script = `${bash(MODEL)}
      COMP_LINE="rogue-bridge $1"; COMP_POINT=\${#COMP_LINE}; _rogue_bridge; echo "\${COMPREPLY[*]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', line], {
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: `${words}\n`, stderr: '' });
  });

  test('what is behind the cursor does not count', () => {
    const script = `${bash(MODEL)}
      COMP_LINE="rogue-bridge rec --count 3"; COMP_POINT=16; _rogue_bridge; echo "\${COMPREPLY[*]}"`;
    expect(execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })).toBe('record\n');
  });
});

describeInTerminal('bash in a terminal (needs tmux)', () => {
  test.each([
    ['dump ru', 'dump run.dat '],
    ['watch --curve=ke', 'watch --curve=keys/'],
    ['watch --engine=lib', 'watch --engine=libzmq '],
    ['watch --log stream=d', 'watch --log stream=debug '],
    ['help rel', 'help relay '],
    // No file is a number.
    ['dump --count ru', 'dump --count ru'],
  ])('%j and Tab is %j', async (typed, completed) => {
    mkdirSync(fileName('keys'));
    writeFileSync(fileName('run.dat'), '');
    const script = `${bash(MODEL)}\nPS1='ready> '\ncd "${fileName('')}"\nset +o history\n`;
    writeFileSync(fileName('rc'), script);
    const terminal = new ShellTerminal(80, 24, `bash --rcfile ${fileName('rc')} -i`);
    const { text } = terminal;
    await waitFor('the prompt', () => text().includes('ready>'), undefined, text);
    // What is behind the cursor shows how far it has got.
    terminal.press(`rogue-bridge ${typed}`);
    terminal.press('Tab');
    terminal.press('|');
    await waitFor('the word', () => text().includes(`rogue-bridge ${completed}|`), undefined, text);
  });
});

test.each([
  ['bash', bash(MODEL)],
  ['zsh', zsh(MODEL)],
  ['fish', fish(MODEL)],
])('%s has every subcommand, option and word', (shell, script) => {
  const commands = allCommands(MODEL);
  expect(commands.length).toBeGreaterThan(14);
  for (const { text, options } of commands) {
    expect(script).toContain(text);
    for (const option of options) expect(script).toContain(option.text.slice(2));
  }
  for (const words of ['native libzmq', 'hex json raw', 'auto raw json', 'tx', 'critical', 'debug']) {
    expect(script).toContain(words);
  }
  for (const hidden of ['--part', '-l part', '--repeat', '-l repeat']) expect(script).not.toContain(hidden);
  // Where there is such a shell, it can read it.
  const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
  if (status !== null) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
