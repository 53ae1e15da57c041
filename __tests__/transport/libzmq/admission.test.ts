// How many peers come in ahead of what has been read.

import { Admission } from '../../../lib/transport/libzmq/admission';
import { waitFor } from '../../helpers/wait';

const AHEAD = 64;
const MARK = 10;

class Inflow {
  taken = 0;
  emptied = 0;
  waiting = false;
  closed = false;
}

async function makeFull(): Promise<{ admission: Admission; inflow: Inflow; next: string[] }> {
  const admission = new Admission(MARK);
  const inflow = new Inflow();
  admission.inflow = inflow;
  for (let i = 0; i < AHEAD; i++) expect(await admission.admit()).toBe(true);
  const next: string[] = [];
  for (let i = 0; i < 3; i++) void admission.admit().then((isIn) => next.push(`${i} ${isIn}`));
  // It has looked some times, and found nothing new.
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 3));
  expect(next).toEqual([]);
  return { admission, inflow, next };
}

test('one more for every high-water mark of messages read', async () => {
  const { inflow, next } = await makeFull();
  inflow.taken += MARK - 1;
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 3));
  expect(next).toEqual([]);
  inflow.taken += 1;
  await waitFor('the first', () => next.length === 1);
  inflow.taken += 2 * MARK;
  await waitFor('the others', () => next.length === 3);
  expect(next).toEqual(['0 true', '1 true', '2 true']);
});

test.each([
  ['there was nothing to read', (inflow: Inflow) => (inflow.emptied += 1)],
  ['it waits for the next message', (inflow: Inflow) => (inflow.waiting = true)],
])('all of them once %s', async (_what, happens) => {
  const { inflow, next } = await makeFull();
  happens(inflow);
  await waitFor('all of them', () => next.length === 3);
});

test('while there is no PULL yet, a full gate waits without keeping anything else', async () => {
  const admission = new Admission(MARK);
  for (let i = 0; i < AHEAD; i++) await admission.admit();
  let isIn: boolean | undefined;
  void admission.admit().then((verdict) => (isIn = verdict));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isIn).toBeUndefined();
  // Binding the other socket has failed, say.
  admission.close();
  await waitFor('the verdict', () => isIn !== undefined);
  expect(isIn).toBe(false);
});

test('what was read while there was room makes none', async () => {
  const admission = new Admission(MARK);
  const inflow = new Inflow();
  admission.inflow = inflow;
  for (let i = 0; i < AHEAD; i++) {
    await admission.admit();
    if (i === AHEAD - 2) Object.assign(inflow, { emptied: 3, taken: 5 * MARK });
  }
  let isIn = false;
  void admission.admit().then(() => (isIn = true));
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 3));
  expect(isIn).toBe(false);
  admission.close();
});

test('it is full once 256 wait', async () => {
  const { admission, inflow, next } = await makeFull();
  while (!admission.isFull) void admission.admit();
  inflow.closed = true;
  await waitFor('all of them', () => next.length === 3 && !admission.isFull);
});

test('nobody once the PULL is closed', async () => {
  const { admission, inflow, next } = await makeFull();
  inflow.closed = true;
  await waitFor('all of them', () => next.length === 3);
  expect(next).toEqual(['0 false', '1 false', '2 false']);
  expect(await admission.admit()).toBe(false);
});
