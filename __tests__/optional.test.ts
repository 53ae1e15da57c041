// Without the packages that are optional.

import { join } from 'node:path';
import { StreamUnZip, Workers, type GeneralError } from '../lib';
import { optional } from '../lib/optional';

function missing(name: string): () => never {
  return () => {
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  };
}

jest.mock('piscina', () => missing('piscina')());

const ANALYSIS = join(__dirname, 'peers', 'workers', 'analysis.mjs');

test.each<[what: string, name: string, make: () => unknown]>([
  ['Workers', 'piscina', () => new Workers(ANALYSIS)],
  ['StreamUnZip', 'piscina', () => new StreamUnZip()],
])('%s says at once which package to install', (_what, name, make) => {
  expect(make).toThrow(new RegExp(`needs the optional package '${name}', .*: npm install ${name}$`));
  try {
    make();
  } catch (err) {
    expect((err as GeneralError).code).toBe('ERR_MISSING_PACKAGE');
  }
});

test('a package that is there and fails says so itself', () => {
  const broken = (): never => {
    throw new Error('its file is damaged');
  };
  expect(() => optional('broken', 'nothing', broken)).toThrow('its file is damaged');
  expect(optional('sound', 'nothing', () => 7)).toBe(7);
});
