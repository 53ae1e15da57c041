// What dump writes, read by numpy as the README says.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Frame } from '../../lib';
import { fileName, recordOf, removeFiles } from '../helpers/files';
import { describeWithNumpy, python } from '../helpers/numpy';

const ROOT = join(__dirname, '..', '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

afterEach(removeFiles);

function dump(file: string, format: string): Buffer {
  const args = [join(ROOT, 'dist', 'cli', 'main.js'), 'dump', file, '--format', format];
  return execFileSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
}

describeWithNumpy('numpy (needs python3-numpy)', () => {
  test('gets the numbers of frames, by either recipe', () => {
    const rows = [0, 1, 2].map((row) => [row, row + 0.25, row + 0.5, row + 0.75]);
    const file = fileName('run.dat');
    writeFileSync(file, Buffer.concat(rows.map((row) => recordOf(Frame.from(Float32Array.from(row))))));
    writeFileSync(fileName('frames.bin'), dump(file, 'raw'));
    writeFileSync(fileName('frames.jsonl'), dump(file, 'json'));
    const [recipe = ''] = /(?<=```python\n)[^`]*numpy[^`]*/.exec(README) ?? [];
    const lines = recipe.trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const script = `import base64, json, numpy\nn = 4\n${line}\nprint(json.dumps([row.tolist() for row in frames]))`;
      expect(python(script, fileName(''))).toEqual(rows);
    }
  });
});
