// Any row of records against a model that copies everything.

import * as fc from 'fast-check';
import { ConfigState, Logging } from '../../../lib';
import { ignoreLog } from '../../helpers/log';

type Value = number | string | null | Value[] | { [key: string]: Value };
type Tree = Record<string, Value>;

const isTree = (value: Value | undefined): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** pyrogue's dictUpdate, where a key that raises an exception there is left out; a scalar may come again as it is. */
function merge(tree: Tree, record: [string, Value][]): Tree {
  let state = structuredClone(tree);
  for (const [key, value] of record) {
    const before = structuredClone(state);
    try {
      if (key.includes('.')) {
        const parts = key.split('.');
        const last = parts.pop()!;
        let node = state;
        for (const part of parts) {
          node[part] ??= part in node ? null : {};
          const next = node[part];
          if (!isTree(next)) throw new Error('no mapping');
          node = next;
        }
        node[last] = structuredClone(value);
      } else if (!(key in state)) state[key] = structuredClone(value);
      else {
        const old = state[key];
        if (isTree(old) && isTree(value)) Object.assign(old, structuredClone(value));
        else if (old !== value) throw new Error('no mapping');
      }
    } catch {
      state = before;
    }
  }
  return state;
}

const name = fc.constantFrom('a', 'b', 'c', 'd');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'));
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: -9, max: 99 }),
    fc.constantFrom('text', 'yes', '1e3', ''),
    fc.constant(null),
    fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 1 }),
    fc.dictionary(name, tie('value'), { noNullPrototype: true }),
  ),
})).value;
const records = fc.array(
  fc.uniqueArray(fc.tuple(path, value), { selector: ([key]) => key, minLength: 1, maxLength: 4 }),
  { maxLength: 12 },
);

/** JSON is YAML, and quotes keep texts what they are. */
const yamlOf = (record: [string, Value][]): string =>
  `{${record.map(([key, each]) => `"${key}": ${JSON.stringify(each)}`).join(', ')}}`;

beforeEach(ignoreLog);
afterEach(() => Logging.setSink(undefined));

test('records are merged as the model does it, and no snapshot ever changes', () => {
  let [merged, snapshots] = [0, 0];
  fc.assert(
    fc.property(records, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (rows, looks) => {
      const state = new ConfigState();
      let model: Tree = {};
      const kept: { tree: unknown; text: string }[] = [];
      for (const [i, row] of rows.entries()) {
        state.merge(yamlOf(row));
        model = merge(model, row);
        merged += row.length;
        // Whether a snapshot was taken must make no difference.
        if (looks[i]!) {
          const { tree } = state.config;
          expect(tree).toEqual(model);
          kept.push({ tree, text: JSON.stringify(tree) });
        }
      }
      expect(state.config.tree).toEqual(model);
      for (const { tree, text } of kept) expect(JSON.stringify(tree)).toBe(text);
      snapshots += kept.length;
    }),
    { numRuns: 500 },
  );
  expect(merged).toBeGreaterThan(1000);
  expect(snapshots).toBeGreaterThan(500);
});

test('with aliases: Python changes one object, and so does this', () => {
  const changes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c.in', 'd'), name, fc.integer()), {
    maxLength: 10,
  });
  fc.assert(
    fc.property(changes, fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }), (row, looks) => {
      const state = new ConfigState();
      state.merge('a: &x {p: 1}\nb: *x\nc: {in: *x}\nd: {p: 2}');
      const shared: Tree = { p: 1 };
      const model = { a: shared, b: shared, c: { in: shared }, d: { p: 2 } as Tree };
      const kept: { tree: unknown; text: string }[] = [];
      for (const [i, [where, key, number]] of row.entries()) {
        state.merge(`${where}.${key}: ${number}`);
        (where === 'd' ? model.d : shared)[key] = number;
        if (looks[i]!) kept.push({ tree: state.config.tree, text: JSON.stringify(state.config.tree) });
      }
      expect(state.config.tree).toEqual(model);
      for (const { tree, text } of kept) expect(JSON.stringify(tree)).toBe(text);
    }),
  );
});
