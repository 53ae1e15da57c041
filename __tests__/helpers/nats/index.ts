// Real NATS servers for tests. A test file that uses them ends them with `afterEach(endNats)` or `afterAll(endNats)`.

import '../ports';
import { endNats } from './clean-up';
import { findNatsServer, MISSING } from './process';

export { makeCertificates, type Certificate, type TlsFiles } from './certificates';
export { endNats } from './clean-up';
export { NatsCluster, type Cut, type NatsClusterOptions } from './cluster';
export { CutProxy } from './cut-proxy';
export { connectionOptions, connectTo, PATIENT, storedMessages, type Target } from './clients';
export type { Usage } from './process';
export { NatsServer } from './server';
export type { NatsServerOptions, NatsUser } from './settings';

// For a test file that ends them too early or not at all.
afterAll(endNats);

/** As `describe`, or skipped with the reason in its name where no nats-server is installed. In CI it fails instead. */
export const describeWithNats: (name: string, tests: () => void) => void =
  findNatsServer() === undefined && process.env.CI === undefined
    ? (name, tests) => describe.skip(`${name} (${MISSING})`, tests)
    : describe;
