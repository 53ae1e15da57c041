// The sending end over a socket whose answers the test decides: what libzmq does only once in a blue moon.

import type { Push } from 'zeromq';
import { GeneralError } from '../../../lib';
import { PushEnd } from '../../../lib/transport/libzmq/push';
import { rejection } from '../../helpers/errors';
import { turns } from '../../helpers/wait';

const AGAIN = Object.assign(new Error('Socket temporarily unavailable'), { code: 'EAGAIN' });

/** A socket that has a peer, or says so and then has none. */
class FakeSocket {
  closed = false;
  writable = true;
  sendTimeout = 0;
  /** Messages from here on are refused although `writable` said otherwise. */
  peer = true;
  asked = 0;
  readonly sent: number[] = [];
  private wake: (() => void)[] = [];

  send(parts: Buffer[]): Promise<void> {
    const number = parts[3]!.readUInt32LE();
    if (this.peer) {
      this.sent.push(number);
      return Promise.resolve();
    }
    if (this.sendTimeout === 0) return Promise.reject(AGAIN);
    return new Promise<void>((resolve) => this.wake.push(resolve)).then(() => void this.sent.push(number));
  }

  comeBack(): void {
    this.peer = true;
    this.writable = true;
    for (const wake of this.wake.splice(0)) wake();
  }
}

function frame(number: number): { payload: Buffer; flags: number; channel: number; error: number } {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(number);
  return { payload, flags: 0, channel: 0, error: 0 };
}

function makeEnd(): { socket: FakeSocket; end: PushEnd; notSent: boolean[]; count: () => number } {
  const socket = new FakeSocket();
  const notSent: boolean[] = [];
  let count = 0;
  const events = {
    onBacklog: () => undefined,
    onNotSent: (accepted: boolean) => void notSent.push(accepted),
  };
  const end = new PushEnd(
    socket as unknown as Push,
    'tcp://test:1',
    undefined,
    1000,
    events,
    () => (count += 1),
  );
  return { socket, end, notSent, count: () => count };
}

const first = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

test('a peer that leaves between asking and sending costs no frame and no order, for a sender that does not await', async () => {
  const { socket, end, count } = makeEnd();
  void end.send(frame(0));
  socket.peer = false;
  void end.send(frame(1));
  socket.writable = false;
  const sends = [end.send(frame(2)), end.send(frame(3))];
  await turns();
  expect([socket.sent, count()]).toEqual([[0], 1]);
  socket.comeBack();
  await Promise.all(sends);
  expect(socket.sent).toEqual(first(4));
  expect(count()).toBe(4);
});

test.each([3, 100])(
  'a peer that leaves after %d awaited sends costs no frame, no order, and nobody is told it went',
  async (before) => {
    const { socket, end, notSent, count } = makeEnd();
    for (let number = 0; number < before; number++) await end.send(frame(number));
    socket.peer = false;
    socket.writable = false;
    let told = false;
    const waiting = Promise.resolve(end.send(frame(before))).then(() => (told = true));
    const behind = end.send(frame(before + 1));
    await turns();
    expect([told, end.waiting]).toEqual([false, 2]);
    socket.comeBack();
    await Promise.all([waiting, behind]);
    expect(socket.sent).toEqual(first(before + 2));
    expect([count(), notSent]).toEqual([before + 2, []]);
  },
);

test('stopped while its last frame is on its way back from a peer that left: told, or reported as accepted', async () => {
  for (const before of [0, 100]) {
    const { socket, end, notSent } = makeEnd();
    for (let number = 0; number < before; number++) await end.send(frame(number));
    socket.peer = false;
    const sent = end.send(frame(before));
    end.stop(new GeneralError('ERR_BRIDGE_STOPPED', 'stopped'));
    if (sent !== undefined) expect((await rejection(sent)).code).toBe('ERR_BRIDGE_STOPPED');
    await turns();
    expect(notSent).toEqual([sent === undefined]);
  }
});

test('a sender that awaits stops asking whether there is room, one that does not goes on asking', async () => {
  const { socket, end } = makeEnd();
  let asked = 0;
  Object.defineProperty(socket, 'writable', { get: () => (asked += 1) > 0 });
  for (let number = 0; number < 200; number++) await end.send(frame(number));
  expect(asked).toBeLessThan(20);
  asked = 0;
  for (let number = 0; number < 100; number++) void end.send(frame(number));
  await turns();
  expect(asked).toBeGreaterThan(90);
});
