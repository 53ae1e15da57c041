// One project for what has no engine, and one for every pairing of engines.

const ts = { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] };

// Both ends are bridges: run on every pairing.
const CONFORMANCE = '<rootDir>/__tests__/conformance/**/*.test.ts';
// One end is a bridge, or both are in one process: run on each engine.
const EACH_ENGINE = ['interop', 'faults'].map((folder) => `<rootDir>/__tests__/${folder}/**/*.test.ts`);

/** @type {(server: string, client: string, more?: string[]) => object} */
const pairing = (server, client, more = []) => ({
  displayName: server === client ? server : `${server} server, ${client} client`,
  testEnvironment: 'node',
  transform: ts,
  testMatch: [CONFORMANCE, ...more],
  globals: { ROGUE_BRIDGE_ENGINES: { server, client } },
});

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      displayName: 'all',
      testEnvironment: 'node',
      transform: ts,
      testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
      testPathIgnorePatterns: ['/__tests__/(conformance|interop|faults)/'],
    },
    pairing('libzmq', 'libzmq', EACH_ENGINE),
    pairing('native', 'native', EACH_ENGINE),
    pairing('native', 'libzmq'),
    pairing('libzmq', 'native'),
  ],
  // Ours are real sockets and processes; a wait on a condition ends by its own deadline well before this.
  testTimeout: 120_000,
};
