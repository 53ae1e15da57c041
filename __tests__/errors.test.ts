import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, GeneralError } from '../lib';
import { describeError, show, systemCode } from '../lib/errors';

/** All test files but this one, as one text. */
function testsText(folder = __dirname): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && name !== 'errors.test.ts')
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

test.each(Object.keys(ERROR_CODES))('%s has its line in the README', (code) => {
  const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
  expect(new RegExp(`^\\| \`${code}\` +\\|`, 'm').test(readme)).toBe(true);
});

test.each(Object.keys(ERROR_CODES))('%s has a test of its own', (code) => {
  expect(testsText().includes(`'${code}'`)).toBe(true);
});

test('GeneralError carries code, cause and port, and is an Error', () => {
  const cause = new Error('EADDRINUSE');
  const err = new GeneralError('ERR_BIND', 'text', { cause, port: 8001 });
  expect(err).toBeInstanceOf(Error);
  expect(err).toMatchObject({ name: 'GeneralError', code: 'ERR_BIND', message: 'text', cause, port: 8001 });
  expect(new GeneralError('ERR_TRANSPORT', 'text').port).toBeUndefined();
});

test('values are shown as a reader would write them', () => {
  const shown = ['a', 3, 3n, null, undefined, [1], {}, new Map(), () => 1].map(show);
  expect(shown).toEqual([
    "'a'",
    '3',
    '3n',
    'null',
    'undefined',
    'an array',
    'an object (Object)',
    'an object (Map)',
    'a function',
  ]);
  expect(show(Object.create(null))).toBe('an object');
  expect([describeError(new Error('x')), describeError('y')]).toEqual(['x', 'y']);
  expect([systemCode({ code: 'EAGAIN' }), systemCode({ code: 3 }), systemCode(null)]).toEqual([
    'EAGAIN',
    undefined,
    undefined,
  ]);
});
