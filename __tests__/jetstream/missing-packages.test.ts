// Without the optional packages of NATS.

import { JetStreamReader, JetStreamWriter } from '../../lib/jetstream';
import { rejection } from '../helpers/errors';

const mockInstalled = new Set<string>();
// As Node's own `require` fails.
const mockLoad = (name: string): object => {
  if (mockInstalled.has(name)) return {};
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
};
jest.mock('@nats-io/transport-node', () => mockLoad('@nats-io/transport-node'));
jest.mock('@nats-io/jetstream', () => mockLoad('@nats-io/jetstream'));

const ADDRESS = 'nats://127.0.0.1:9/run42';

test('writers and readers say which package to install, and how', async () => {
  for (const name of ['@nats-io/transport-node', '@nats-io/jetstream']) {
    for (const [what, created] of [
      ['JetStreamWriter', JetStreamWriter.create(ADDRESS)],
      ['JetStreamReader', JetStreamReader.create(ADDRESS)],
    ] as const) {
      expect(await rejection(created as Promise<unknown>)).toMatchObject({
        code: 'ERR_MISSING_PACKAGE',
        message: `${what} needs the optional package '${name}', which is not installed: npm install ${name}`,
      });
    }
    mockInstalled.add(name);
  }
});
