// The page about the WebSocket says what the code does.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as protocol from '../../lib/view/protocol';

const ROOT = join(__dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'websocket.md'), 'utf8');
const CODE = readFileSync(join(ROOT, 'lib', 'view', 'protocol.ts'), 'utf8');

/** The interfaces that have an `op`: its word, and the names of their own fields. */
function messages(): [op: string, fields: string[]][] {
  const found: [string, string[]][] = [];
  for (const [, body = ''] of CODE.matchAll(/^export interface \w+[^{]*\{\n([\s\S]*?)^\}/gm)) {
    const op = /readonly op: '([\w-]+)'/.exec(body)?.[1];
    const fields = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name!);
    if (op !== undefined) found.push([op, fields.filter((name) => name !== 'op')]);
  }
  return found;
}

test('the code has messages, or the tests below would prove nothing', () => {
  expect(messages().length).toBe(16);
});

test.each(messages())('%s is on the page with its fields %j', (op, fields) => {
  const row = PAGE.split('\n').find((line) => line.startsWith(`| \`${op}\` `));
  expect(row).toBeDefined();
  for (const field of fields) expect(row).toContain(`\`${field}\``);
});

test('the page has no message that the code does not have', () => {
  const ops = messages().map(([op]) => op);
  for (const part of ['### From the page', '### From the gateway']) {
    const rows = PAGE.slice(PAGE.indexOf(part)).split('\n\n')[1]!.split('\n').slice(2);
    for (const row of rows) expect(ops).toContain(/^\| `([\w-]+)`/.exec(row)![1]);
  }
});

test('the page has the name of the subprotocol, the limits and the close codes', () => {
  expect(PAGE).toContain(`\`${protocol.SUBPROTOCOL}\``);
  expect(PAGE).toContain(`${protocol.MAX_REQUEST_BYTES} bytes`);
  for (const code of [protocol.CLOSE.goingAway, protocol.CLOSE.policy, protocol.CLOSE.tooLarge]) {
    expect(PAGE).toMatch(new RegExp(`^\\| ${code} `, 'm'));
  }
});
