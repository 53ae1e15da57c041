import { Emptying } from '../../../lib/transport/libzmq/emptying';

const WAITERS = 1_000;

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** A socket, and the waiters of it. */
function open(): { socket: { taken: number; isWaiting: boolean; isClosed: boolean }; emptying: Emptying } {
  const socket = { taken: 0, isWaiting: false, isClosed: false };
  return { socket, emptying: new Emptying(socket) };
}

const wait = (emptying: Emptying, messages = Infinity): Promise<void> =>
  new Promise((resolve) => emptying.whenEmptied(messages, resolve));

test('one timer looks for all who wait', async () => {
  const { socket, emptying } = open();
  const before = timers();
  const all = Array.from({ length: WAITERS }, () => wait(emptying));
  expect(timers() - before).toBe(1);
  socket.isWaiting = true;
  await Promise.all(all);
  expect(timers()).toBe(before);
});

test('whoever comes later is waited for, too', async () => {
  const { socket, emptying } = open();
  socket.isWaiting = true;
  await wait(emptying);
  await Promise.all([wait(emptying), wait(emptying)]);
});

test('as many messages as were asked for are enough, for those who asked', async () => {
  const { socket, emptying } = open();
  let others = 0;
  const three = wait(emptying, 3).then(() => (others += 1));
  const two = wait(emptying, 2);
  socket.taken = 2;
  await two;
  expect(others).toBe(0);
  socket.taken = 3;
  await three;
  await wait(emptying, 0);
});

test('nothing more comes of a socket that is closed', async () => {
  const { socket, emptying } = open();
  const waiting = wait(emptying);
  socket.isClosed = true;
  await waiting;
  await wait(emptying);
});
