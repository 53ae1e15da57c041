// Waiting on a condition with a deadline, never for a time.

// As they were at the beginning: a test that fakes the clock waits by the real one.
const { performance, setImmediate, setTimeout } = globalThis;

const LOOK_MS = 2;

/** Resolves when `condition` holds; throws after `timeoutMs` with `what` and, where given, what was seen last. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
  seen: () => unknown = () => '',
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for: ${what} ${JSON.stringify(seen())}`);
    }
    await pause();
  }
}

// Looks in a row that find nothing new, before something counts as held back; on a busy machine they take longer.
const STILL_LOOKS = 200;

/** Waits until a count is above 0 and has stopped growing, because somebody at the other end takes nothing; returns it. */
export async function waitForStandstill(what: string, count: () => number): Promise<number> {
  let [before, still] = [-1, 0];
  await waitFor(
    what,
    () => {
      const now = count();
      still = now > 0 && now === before ? still + 1 : 0;
      before = now;
      return still === STILL_LOOKS;
    },
    undefined,
    () => before,
  );
  return before;
}

/** Waits, with the deadline of {@link waitFor}, until `promise` settles; rejects as it does. */
export async function waitForEnd(what: string, promise: unknown): Promise<void> {
  let end: { readonly failure?: unknown } | undefined;
  Promise.resolve(promise).then(
    () => (end = {}),
    (failure: unknown) => (end = { failure }),
  );
  await waitFor(what, () => end !== undefined);
  if ('failure' in end!) throw end.failure;
}

/** Lets other things happen for a moment: a step of a wait on a condition, not a wait by itself. */
export function pause(ms = LOOK_MS): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Runs the event loop `turns` times: enough for whatever is ready by then, and no clock in it. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Something to wait at, until the test opens it. */
export function makeGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
