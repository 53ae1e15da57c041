import fc from 'fast-check';
import { describeError, describeStack, show } from '../lib/errors';
import { escaped, quoted, visible } from '../lib/quoted';
import { endpointsOf } from '../lib/wire/endpoints';

const PRINTABLE = /^[\x20-\x7e]*$/;
// ESC and CSI; the end of a line in four alphabets; what turns a line around; half of a pair; a tag.
const HOSTILE = 'a\x1b[31m\x9b2J\n\r\u2028\u2029\u202e\ud800\u{e0041}z';
const HUGE = 'x'.repeat(10_000_000);
// None of those that a terminal obeys or that ends a line.
const ONE_LINE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

describe('words of a peer', () => {
  test.each([
    ['a word', 'PUSH', '"PUSH"'],
    ['nothing', '', '""'],
    ['quotes and a backslash', 'say "\\"', '"say \\"\\\\\\""'],
    ['control characters', '\0\t\r\n\x7f\x80\x9b\x85\xff', '"\\x00\\x09\\x0d\\x0a\\x7f\\x80\\x9b\\x85\\xff"'],
    ['what no byte is', '\u2028\u202e\ud800', '"\\u2028\\u202e\\ud800"'],
    ['64 bytes', 'x'.repeat(64), `"${'x'.repeat(64)}"`],
    ['16 kB', 'x'.repeat(16_384), `"${'x'.repeat(64)}" and 16320 more bytes`],
  ])('%s', (_what, text, shown) => {
    expect(quoted(text)).toBe(shown);
  });

  test('without quotes the rest is counted in brackets', () => {
    expect(escaped('PU"SH\x9b')).toBe('PU"SH\\x9b');
    expect(escaped('abcdef', 4)).toBe('abcd... (2 more bytes)');
  });

  test('are short and printable, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const shown of [quoted(text), escaped(text)]) {
          expect(shown).toMatch(PRINTABLE);
          expect(shown.length).toBeLessThan(450);
        }
      }),
    );
  });
});

describe('text of this machine', () => {
  test('keeps the letters of all scripts, and nothing that cannot be seen', () => {
    expect(visible('Größe 大きさ حجم 🙂')).toBe('Größe 大きさ حجم 🙂');
    expect(visible(HOSTILE)).toBe('a\\x1b[31m\\x9b2J\\x0a\\x0d\\u2028\\u2029\\u202e\\ud800\\u{e0041}z');
    expect(visible('abcdef', 4)).toBe('abcd... (2 more characters)');
    // Cut in the middle of a pair.
    expect(visible('a🙂', 2)).toBe('a\\ud83d... (1 more characters)');
  });

  test('stays as it is when it is shown once more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const once = visible(text);
        expect(once).toMatch(ONE_LINE);
        expect(visible(once)).toBe(once);
      }),
    );
  });
});

describe('a value in an error message', () => {
  class Named {
    readonly field = 1;
  }
  Object.defineProperty(Named, 'name', { value: HOSTILE });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  test.each<[string, unknown]>([
    ['a string', HOSTILE],
    ['a string of 10 MB', HUGE],
    ['a symbol', Symbol(HOSTILE)],
    ['a large number', 10n ** 100_000n],
    ['an object of a class of such a name', new Named()],
    ['an object whose constructor is null', { constructor: null }],
    ['an object whose constructor has no name', { constructor: { name: Symbol('x') } }],
    ['a proxy that was revoked', revoked.proxy],
    [
      'an object with a getter that throws',
      {
        get constructor(): never {
          throw new Error('no');
        },
      },
    ],
  ])('%s is one short line', (_what, value) => {
    for (const text of [show(value), describeError(value)]) {
      expect(text).toMatch(ONE_LINE);
      expect(text.length).toBeLessThan(1000);
    }
  });

  test('a long string says how much of it is not shown', () => {
    expect(show('x'.repeat(103))).toBe(`'${'x'.repeat(100)}' and 3 more characters`);
  });
});

describe('an error in the log', () => {
  test.each([
    ['with a message of several lines', HOSTILE],
    ['with a message of 10 MB', HUGE],
    ['without a message', ''],
    ['of 10 MB in lines', '\n    at x'.repeat(1_000_000)],
  ])('%s has its message in one line, and its stack', (_what, message) => {
    const err = new RangeError(message);
    const [first, ...places] = describeStack(err).split('\n');
    expect(first!.replace(/: $/, '')).toBe(
      message === '' ? 'RangeError' : `RangeError: ${describeError(err)}`,
    );
    expect(first).toMatch(ONE_LINE);
    expect(first!.length).toBeLessThan(1000);
    expect(places[0]).toMatch(/^ {4}at .*quoted\.test\.ts/);
    expect(places.length).toBeLessThan(20);
  });

  test('whose message or stack is no text is one line', () => {
    const changed = new Error('old');
    expect(changed.stack).toContain('old');
    changed.message = 'new';
    expect(describeStack(changed)).toBe('new');
    expect(describeStack(Object.assign(new Error('x'), { stack: 5 as unknown as string }))).toBe('x');
    expect(describeError(Object.assign(new Error('x'), { message: {} }))).toBe('an object (Error)');
    expect(describeError(Object.create(null))).toBe('an object');
  });
});

test.each([
  ['with a command for the terminal', 'host\x9b31m'],
  ['that turns the line around', 'host\u202e'],
  ['of 10 MB', HUGE],
  ['with a zone of 1000 characters', `fe80::1%${'a'.repeat(1000)}`],
])('an address %s is refused in one short line', (_what, addr) => {
  let refused: Error | undefined;
  try {
    endpointsOf(addr, 8000, false);
  } catch (err) {
    refused = err as Error;
  }
  expect(refused).toBeInstanceOf(RangeError);
  expect(refused!.message).toMatch(PRINTABLE);
  expect(refused!.message.length).toBeLessThan(1000);
});

test('an address of 253 characters, and one in another script, is taken', () => {
  const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
  expect(endpointsOf(long, 8000, false).push).toBe(`tcp://${long}:8000`);
  expect(endpointsOf('münchen.example', 8000, false).addr).toBe('münchen.example');
});
