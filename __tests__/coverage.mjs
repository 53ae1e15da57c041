// What of lib/ the tests reach, in their own process and in those they start: `npm run coverage`.
//
//   node __tests__/coverage.mjs [jest's arguments]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Report } from 'c8';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'coverage');
const PROCESSES = join(FOLDER, 'processes');

/** What V8 has counted in the processes, on the built library, and what Jest has in the tests', on the sources. */
class Coverage extends Report {
  async getCoverageMapFromAllCoverageFiles() {
    const map = await super.getCoverageMapFromAllCoverageFiles();
    const ofTests = join(FOLDER, 'coverage-final.json');
    if (existsSync(ofTests)) map.merge(JSON.parse(readFileSync(ofTests, 'utf8')));
    return map;
  }
}

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(PROCESSES, { recursive: true });
const { status } = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...['--coverage', '--coverageProvider=v8', '--coverageReporters=json', `--coverageDirectory=${FOLDER}`],
    ...['--collectCoverageFrom=lib/**/*.ts', ...process.argv.slice(2)],
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ROGUE_BRIDGE_COVERAGE: PROCESSES } },
);
const report = new Coverage({
  include: ['dist/**/*.js'],
  reporter: ['text'],
  reporterOptions: { text: { maxCols: 120 } },
  reportsDirectory: FOLDER,
  tempDirectory: PROCESSES,
  skipFull: true,
});
await report.run();
process.exitCode = status ?? 1;
