// The configuration of a stream.

import {
  ConfigState,
  Fifo,
  Frame,
  Logging,
  Master,
  type Config,
  type ConfigStateOptions,
  type ConfigTree,
} from '../../../lib';
import { collectNamed, type NamedLine } from '../../helpers/log';

let log: NamedLine[];
beforeEach(() => (log = collectNamed()));
afterEach(() => Logging.setSink(undefined));

const messages = (): string[] => log.map(({ message }) => message);
const textFrame = (text: string, fields = { channel: 255, error: 0 }): Frame =>
  new Frame(Buffer.from(text), fields);

function stateOf(...texts: string[]): ConfigState {
  const state = new ConfigState();
  for (const text of texts) state.merge(text);
  return state;
}

test('as a slave: its channel alone, without errors, and told by update', async () => {
  const source = new Master();
  const state = source.to(new ConfigState({ channel: 255 }));
  const got: unknown[] = [];
  state.on('update', (config) => got.push(config.value('Top.Det.Int')));
  const done = state.waitFrameCount(2, { timeoutMs: 10_000 });
  await source.sendFrame(textFrame('Top: {Det: {Int: 42}}'));
  await source.sendFrame(textFrame('Top.Det.Int: 1', { channel: 254, error: 0 }));
  await source.sendFrame(textFrame('Top.Det.Int: 2', { channel: 255, error: 3 }));
  await source.sendFrame(textFrame('- a list'));
  await source.sendFrame(textFrame('Top.Det.Int: 43'));
  expect(await done).toBe(true);
  expect(got).toEqual([42, 43]);
  expect([state.frameCount, state.byteCount, state.errorCount]).toEqual([2, 21 + 15, 2]);
  expect(state.config.tree).toEqual({ Top: { Det: { Int: 43 } } });
  expect(log).toEqual([
    {
      logger: 'pyrogue.ConfigState',
      level: 'warning',
      message: 'a frame is left out: its error field is 0x3',
    },
    {
      logger: 'pyrogue.ConfigState',
      level: 'warning',
      message: 'a configuration record is left out: it is a list, but must be a mapping',
    },
  ]);
});

test('without a channel it takes all frames, behind a Fifo too', async () => {
  const [source, fifo] = [new Master(), new Fifo(10)];
  source.to(fifo);
  const state = fifo.to(new ConfigState());
  await source.sendFrame(textFrame('a: {b: 1}', { channel: 3, error: 0 }));
  expect(await state.waitFrameCount(1, { timeoutMs: 10_000 })).toBe(true);
  expect(state.value('a.b')).toBe(1);
});

test('the log is limited, the count is not', () => {
  const state = new ConfigState();
  for (let i = 0; i < 25; i++) expect(state.merge('- 1')).toBe(false);
  expect([state.errorCount, log.length]).toEqual([25, 10]);
});

test('bytes that are no UTF-8, and too many of them', () => {
  const state = new ConfigState();
  state.acceptFrame(new Frame(Buffer.from([0x61, 0x3a, 0x20, 0xff])));
  state.acceptFrame(new Frame(Buffer.alloc(16 * 1024 * 1024 + 1, 0x20)));
  expect(messages()).toEqual([
    'a configuration record is left out: it is no UTF-8 text',
    'a configuration record is left out: its 16777217 bytes are more than the 16777216 that are read',
  ]);
});

describe('merging', () => {
  test.each<[string, string[], ConfigTree]>([
    ['a new key is set', ['a: 1', 'b: [1]'], { a: 1, b: [1] }],
    [
      'a mapping is updated, its children are replaced',
      ['r: {a: {x: 1}, b: 2}', 'r: {a: {y: 1}}'],
      { r: { a: { y: 1 }, b: 2 } },
    ],
    ['a dotted key replaces', ['r: {a: {x: 1}}', 'r.a: {y: 1}'], { r: { a: { y: 1 } } }],
    ['a dotted key makes what is missing', ['a.b.c: 1'], { a: { b: { c: 1 } } }],
    ['every dot counts', ['a..b: 1\n.: 2'], { a: { '': { b: 1 } }, '': { '': 2 } }],
    ['order within a record', ['a.b: 1\na: {c: 2}\na.b: 3'], { a: { b: 3, c: 2 } }],
    ['a list of pairs', ['k: {a: 1}', 'k: [[a, 2], [yes, 3]]'], { k: { a: 2, true: 3 } }],
    ['a scalar of the first level as it is', ['k: 1', 'k: 1'], { k: 1 }],
  ])('%s', (_, texts, tree) => {
    const state = stateOf(...texts);
    expect(state.config.tree).toEqual(tree);
    expect([state.errorCount, log]).toEqual([0, []]);
  });

  test('the keys beside a bad one are merged', () => {
    const state = stateOf('r: {a: 1}');
    const updates = jest.fn();
    state.on('update', updates);
    expect(state.merge('r.b: 2\nr.a.x: 3\n1: 4\nr: text\nr.c: 5')).toBe(false);
    expect(state.config.tree).toEqual({ r: { a: 1, b: 2, c: 5 } });
    expect([state.errorCount, updates.mock.calls.length]).toEqual([3, 1]);
    expect(messages()).toEqual([
      "the key 'r.a.x' of a configuration record is left out: 'r.a' is the value 1, which has no keys",
      'a key of a configuration record is left out: it is the value 1, but must be text',
      "the key 'r' of a configuration record is left out: it is the text 'text', and there is a mapping already, which takes a mapping only",
    ]);
  });

  test('a key of too many parts, and names of Object', () => {
    const state = stateOf(
      `${'a.'.repeat(200)}a: 1`,
      'constructor.prototype.x: 1\n__proto__.polluted: 2\n__proto__.more: 3',
    );
    expect(messages()).toEqual([expect.stringContaining('it has more than 200 parts')]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(state.value('__proto__.polluted')).toBe(2);
    expect(state.value('__proto__.more')).toBe(3);
    expect(state.value('constructor.prototype.x')).toBe(1);
  });

  test('aliases: a change shows in all places, until none is shared', () => {
    const state = stateOf('a: &x {p: 1, l: &l [{q: 1}]}\nb: *x\nc: {<<: *x, own: 1}\nd: *l');
    const before = state.config;
    state.merge('b.p: 77');
    expect(state.config.tree).toEqual({
      a: { p: 77, l: [{ q: 1 }] },
      b: { p: 77, l: [{ q: 1 }] },
      c: { p: 1, l: [{ q: 1 }], own: 1 },
      d: [{ q: 1 }],
    });
    expect(before.value('a.p')).toBe(1);
    expect(state.config.value('a.l')).toBe(state.config.value('d'));
    state.merge('b: {r: 3}');
    expect(state.config.value('a.r')).toBe(3);
    // From here on only what is on the way is copied.
    state.merge('x.a: 1');
    state.merge('x.b: {y: 1}\nx.b.y: 2');
    expect(state.config.value('x.b.y')).toBe(2);
  });

  test('aliases that would make a value part of itself, or too much of it, are left out as a whole', () => {
    const state = stateOf('a: {p: 1}');
    const { config } = state;
    expect(state.merge('k: &x {p: 1}\nk.me: *x')).toBe(false);
    expect(state.config).toBe(config);
    const doubled = Array.from(
      { length: 30 },
      (_, i) => `m${i}: &m${i} {}\nm${i}.l: *m${i - 1}\nm${i}.r: *m${i - 1}\n`,
    );
    expect(state.merge(`m-1: &m-1 {}\n${doubled.join('')}`)).toBe(false);
    expect(state.config).toBe(config);
    expect(messages()).toEqual([
      'a configuration record is left out: by its aliases a value would be within itself',
      'a configuration record is left out: by its aliases it has more than 1000000 values',
    ]);
    expect(state.merge('a.p: 2')).toBe(true);
    expect([config.value('a.p'), state.value('a.p')]).toEqual([1, 2]);
  });
});

describe('snapshots', () => {
  test('the same object until something changes, and none changes', () => {
    const state = stateOf('r: {a: {x: 1}, b: {y: 1}}');
    const first = state.config;
    expect(state.config).toBe(first);
    state.merge('- not a mapping');
    expect(state.config).toBe(first);
    state.merge('r.a.x: 2');
    const second = state.config;
    state.merge('r: {b: 3}');
    expect([first.tree, second.tree, state.config.tree]).toEqual([
      { r: { a: { x: 1 }, b: { y: 1 } } },
      { r: { a: { x: 2 }, b: { y: 1 } } },
      { r: { a: { x: 2 }, b: 3 } },
    ]);
    // What is not on the way is one object.
    expect(second.value('r.b')).toBe(first.value('r.b'));
    expect(second.value('r.a')).not.toBe(first.value('r.a'));
  });

  test('thousands of changes of a large tree copy only what they change', () => {
    const devices = Array.from({ length: 200 }, (_, d) => {
      const variables = Array.from({ length: 50 }, (_v, v) => `v${v}: ${v}`).join(', ');
      return `  Dev${d}: {${variables}}\n`;
    });
    const state = stateOf(`Top:\n${devices.join('')}`);
    const kept: Config[] = [];
    for (let i = 0; i < 3000; i++) {
      state.merge(`Top.Dev${i % 200}.v7: ${i}`);
      kept.push(state.config);
    }
    // Nothing is copied but what is on the way: two that follow each other have all other devices in common.
    for (const [i, config] of kept.slice(1).entries()) {
      const [other, before] = [`Top.Dev${(i + 100) % 200}`, kept[i]!];
      expect(Object.is(config.value(other), before.value(other))).toBe(true);
    }
    expect(kept.map((config, i) => config.value(`Top.Dev${i % 200}.v7`))).toEqual(kept.map((_, i) => i));
  });
});

describe('paths', () => {
  const state = stateOf('Top: {Det: {Gain: 3, Mode: fast, None: ~}, List: [1]}');

  test('what there is', () => {
    expect([state.value('Top.Det.Gain'), state.has('Top.Det.Gain')]).toEqual([3, true]);
    expect([state.value('Top.Det.None'), state.has('Top.Det.None')]).toEqual([null, true]);
    expect(state.value('Top.Det')).toEqual({ Gain: 3, Mode: 'fast', None: null });
  });

  test.each([
    ['Top.Det.Gian', "'Top.Det' has no key 'Gian'; its keys are 'Gain', 'Mode', 'None'"],
    ['Det', "it has no key 'Det'; its keys are 'Top'"],
    ['Top.List.0', "'Top.List' is a list, which has no keys"],
    ['Top.Det.Mode.f', "'Top.Det.Mode' is the text 'fast', which has no keys"],
    ['Top.Det.None.x', "'Top.Det.None' is null, which has no keys"],
    ['', "it has no key ''"],
    ['Top.', "'Top' has no key ''"],
    ['constructor', "it has no key 'constructor'"],
    ['Top.toString', "'Top' has no key 'toString'"],
  ])('%j is not there', (path, why) => {
    expect(state.has(path)).toBe(false);
    expect(() => state.value(path)).toThrow(`the configuration has nothing at '${path}': ${why}`);
    expect(() => state.value(path)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_PATH' }) as Error);
  });

  test('an empty configuration, and one of many keys', () => {
    expect(() => new ConfigState().value('a')).toThrow(
      'it has no keys: no configuration record has been read so far',
    );
    const many = stateOf(`a: {${Array.from({ length: 23 }, (_, i) => `k${i}: 1`).join(', ')}}`);
    expect(() => many.value('a.x')).toThrow(/its keys are 'k0', .*'k19' and 3 more$/);
  });
});

test.each<[() => unknown, string]>([
  [() => new ConfigState({ channel: 256 }), 'channel is 256, but must be a whole number from 0 to 255'],
  [
    () => new ConfigState({ chanel: 1 } as ConfigStateOptions),
    "unknown option 'chanel' in the options of ConfigState",
  ],
  [() => new ConfigState().merge(5 as never), 'text is 5, but must be a text (YAML)'],
  [() => new ConfigState().value(5 as never), "path is 5, but must be a text such as 'Top.Det.Gain'"],
  [() => new ConfigState().has(undefined as never), 'path is undefined, but must be a text'],
  [() => new ConfigState().acceptFrame('a: 1' as never), "frame is 'a: 1', but must be a Frame"],
])('wrong arguments are told (%#)', (call, message) => {
  expect(call).toThrow(message);
});
