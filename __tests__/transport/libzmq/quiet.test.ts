import { Quiet } from '../../../lib/transport/libzmq/quiet';

const [IDLE_MS, LOOK_MS] = [50, 3];

/** How long after the last message it is over, where looks come `everyMs`. */
function endOf(quiet: Quiet, everyMs: number): number {
  for (let now = 0; now < 10_000; now += everyMs) if (quiet.isOver(now, now === 0)) return now;
  return Infinity;
}

test('on a machine that has time nothing for idleMs is the end', () => {
  expect(endOf(new Quiet(IDLE_MS, LOOK_MS), LOOK_MS)).toBe(51);
});

test('where looks come late the end is as much later', () => {
  expect(endOf(new Quiet(IDLE_MS, LOOK_MS), 43)).toBeGreaterThanOrEqual(200);
});

test('what comes begins it anew, and how late it was then is forgotten', () => {
  const quiet = new Quiet(IDLE_MS, LOOK_MS);
  expect(quiet.isOver(900, true)).toBe(false);
  expect(quiet.isOver(1003, false)).toBe(false);
  expect(quiet.isOver(1006, true)).toBe(false);
  for (let now = 1009; now < 1056; now += LOOK_MS) expect(quiet.isOver(now, false)).toBe(false);
  expect(quiet.isOver(1057, false)).toBe(true);
});

test('it does not end before anything was looked at', () => {
  expect(new Quiet(0, LOOK_MS).isOver(5, false)).toBe(false);
});
