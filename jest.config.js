// One project for what has no engine, and one for every pairing of engines. What is slow by nature, in files named
// `*.slow.test.ts`, is a run of its own: `npm run test:slow`; of these, what keeps NATS servers busy or loses them is one
// more, one file after the other: `npm run test:logs`.

const { availableParallelism } = require('node:os');

const { ROGUE_BRIDGE_TESTS: run } = process.env;
const isSlow = run === 'slow' || run === 'logs';
const NAME = isSlow ? '*.slow.test.ts' : '!(*.slow).test.ts';

const ts = { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] };

// Both ends are bridges: run on every pairing.
const CONFORMANCE = `<rootDir>/__tests__/conformance/**/${NAME}`;
// One end is a bridge, or both are in one process: run on each engine.
const EACH_ENGINE = ['bridge', 'interop', 'faults'].map(
  (folder) => `<rootDir>/__tests__/${folder}/**/${NAME}`,
);

const every = {
  testEnvironment: 'node',
  transform: ts,
  // Threads cannot run the sources.
  moduleNameMapper: { '/built-file$': '<rootDir>/__tests__/helpers/built-file.ts' },
  setupFilesAfterEnv: ['<rootDir>/__tests__/helpers/setup.ts'],
};

/** @type {(server: string, client: string, more?: string[]) => object} */
const pairing = (server, client, more = []) => ({
  ...every,
  displayName: server === client ? server : `${server} server, ${client} client`,
  testMatch: [CONFORMANCE, ...more],
  globals: { ROGUE_BRIDGE_ENGINES: { server, client } },
});

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...every,
      displayName: 'all',
      testMatch: [
        run === 'logs' ? `<rootDir>/__tests__/jetstream/${NAME}` : `<rootDir>/__tests__/**/${NAME}`,
      ],
      testPathIgnorePatterns: [
        '/__tests__/(bridge|conformance|interop|faults)/',
        ...(run === 'slow' ? ['/__tests__/jetstream/'] : []),
      ],
    },
    pairing('libzmq', 'libzmq', EACH_ENGINE),
    pairing('native', 'native', EACH_ENGINE),
    pairing('native', 'libzmq'),
    pairing('libzmq', 'native'),
  ],
  // Ours are real sockets and processes; a wait on a condition ends by its own deadline well before this.
  testTimeout: 120_000,
  // Many tests wait for other processes; the slow ones keep their processors busy.
  maxWorkers:
    run === 'logs' ? 1 : isSlow ? Math.ceil(1.5 * availableParallelism()) : 2 * availableParallelism(),
};
