// Without the optional package `yaml`.

import { ConfigState, readFrames, StreamReader, StreamWriter } from '../../../lib';

let code = 'MODULE_NOT_FOUND';
jest.mock('yaml', () => {
  throw Object.assign(new Error("Cannot find module 'yaml'"), { code });
});
afterEach(() => (code = 'MODULE_NOT_FOUND'));

const MISSING = {
  code: 'ERR_MISSING_PACKAGE',
  message:
    "configuration, which is YAML text, needs the optional package 'yaml', which is not installed: npm install yaml",
};

test('what needs it says so at once, and nothing else needs it', () => {
  for (const make of [
    () => new ConfigState(),
    () => readFrames('run.dat', { config: 255 }),
    () => new StreamReader({ config: 255 }),
  ]) {
    expect(make).toThrow(expect.objectContaining(MISSING) as Error);
  }
  expect(() => readFrames('run.dat', { configChan: 255, onConfig: () => undefined })).not.toThrow();
  expect(() => new StreamWriter({ config: { channel: 255, text: 'Top: {}' } })).not.toThrow();
});

test('an installed package that is broken is not called missing', () => {
  code = 'ERR_OTHER';
  expect(() => new ConfigState()).toThrow("Cannot find module 'yaml'");
  expect(() => new ConfigState()).not.toThrow(
    expect.objectContaining({ code: 'ERR_MISSING_PACKAGE' }) as Error,
  );
});
