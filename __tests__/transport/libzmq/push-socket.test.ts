// The sending end over a socket whose answers the test decides: what libzmq does only once in a blue moon.

import type { Push } from 'zeromq';
import { GeneralError } from '../../../lib';
import { ZmqPushSocket } from '../../../lib/transport/libzmq/push-socket';
import type { Place } from '../../../lib/transport/libzmq/zmq-socket';
import { SendQueue } from '../../../lib/transport/send-queue';
import type { TransportSink } from '../../../lib/transport/socket';
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
  /** Of its monitor: none ever comes. */
  readonly events = { receive: () => new Promise(() => undefined) };
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

interface Sending {
  readonly socket: FakeSocket;
  readonly queue: SendQueue;
  readonly notSent: boolean[];
  /** Frames that are accepted. */
  readonly count: () => number;
  /** Frames that are neither accepted nor lost. */
  readonly waiting: () => number;
}

function makeQueue(): Sending {
  const socket = new FakeSocket();
  const notSent: boolean[] = [];
  let count = 0;
  const sink = {
    backlog: () => undefined,
    notSent: (accepted: boolean) => void notSent.push(accepted),
    sent: () => void (count += 1),
  } as unknown as TransportSink;
  const place: Place = {
    direction: 'send',
    server: false,
    addr: 'test',
    host: 'test',
    port: 1,
    authorize: () => true,
  };
  const push = new ZmqPushSocket(socket as unknown as Push, place, sink);
  const limits = { sendTimeoutMs: undefined, sendHighWaterMark: 1000 };
  const queue = new SendQueue(push, limits, sink, 'tcp://test:1');
  return { socket, queue, notSent, count: () => count, waiting: () => queue.waiting + push.untold };
}

const first = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

test('a peer that leaves between asking and sending costs no frame and no order, for a sender that does not await', async () => {
  const { socket, queue, count } = makeQueue();
  void queue.send(frame(0));
  socket.peer = false;
  void queue.send(frame(1));
  socket.writable = false;
  const sends = [queue.send(frame(2)), queue.send(frame(3))];
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
    const { socket, queue, notSent, count, waiting: pending } = makeQueue();
    for (let number = 0; number < before; number++) await queue.send(frame(number));
    socket.peer = false;
    socket.writable = false;
    let told = false;
    const waiting = Promise.resolve(queue.send(frame(before))).then(() => (told = true));
    const behind = queue.send(frame(before + 1));
    await turns();
    expect([told, pending()]).toEqual([false, 2]);
    socket.comeBack();
    await Promise.all([waiting, behind]);
    expect(socket.sent).toEqual(first(before + 2));
    expect([count(), notSent]).toEqual([before + 2, []]);
  },
);

test('stopped while its last frame is on its way back from a peer that left: told, or reported as accepted', async () => {
  for (const before of [0, 100]) {
    const { socket, queue, notSent } = makeQueue();
    for (let number = 0; number < before; number++) await queue.send(frame(number));
    socket.peer = false;
    const sent = queue.send(frame(before));
    queue.stop(new GeneralError('ERR_BRIDGE_STOPPED', 'stopped'));
    if (sent !== undefined) expect((await rejection(sent)).code).toBe('ERR_BRIDGE_STOPPED');
    await turns();
    expect(notSent).toEqual([sent === undefined]);
  }
});

test('a sender that awaits stops asking whether there is room, one that does not goes on asking', async () => {
  const { socket, queue } = makeQueue();
  let asked = 0;
  Object.defineProperty(socket, 'writable', { get: () => (asked += 1) > 0 });
  for (let number = 0; number < 200; number++) await queue.send(frame(number));
  expect(asked).toBeLessThan(20);
  asked = 0;
  for (let number = 0; number < 100; number++) void queue.send(frame(number));
  await turns();
  expect(asked).toBeGreaterThan(90);
});
