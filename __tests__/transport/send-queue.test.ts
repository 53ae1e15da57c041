import { GeneralError } from '../../lib';
import { SendQueue, type FrameOutlet } from '../../lib/transport/send-queue';
import type { WireFrame } from '../../lib/wire/message';
import { rejection } from '../helpers/errors';
import { countAlive } from '../helpers/gc';
import { turns, waitFor } from '../helpers/wait';

/** A frame known by its size. */
function frame(number: number): WireFrame {
  return { payload: Buffer.alloc(number + 1), flags: 0, channel: 0, error: 0 };
}

function numberOf({ payload }: WireFrame): number {
  return payload.length - 1;
}

/** A socket that takes nothing but what `sendWhenPossible` does. */
function outletOf(sendWhenPossible: FrameOutlet['sendWhenPossible']): FrameOutlet {
  return { sendsPerTurn: 512, onReturned: () => undefined, trySend: () => false, sendWhenPossible };
}

/** A socket that has room for so many frames, as the test says. */
class Room implements FrameOutlet {
  readonly sendsPerTurn = 512;
  readonly sent: number[] = [];
  onReturned: FrameOutlet['onReturned'] = () => undefined;
  private wake: ((sent: boolean) => void) | undefined;

  constructor(private room: number) {}

  trySend(message: WireFrame): boolean {
    if (this.room === 0 || this.wake !== undefined) return false;
    this.room -= 1;
    this.sent.push(numberOf(message));
    return true;
  }

  /** Set, messages are sent without asking first. */
  unasked = false;

  sendUnasked(message: WireFrame, refused: (message: WireFrame) => Promise<void>): Promise<void> | undefined {
    if (!this.unasked) return undefined;
    // As zeromq.js does, it tells in a microtask what has been decided now.
    const sent = this.trySend(message);
    return Promise.resolve().then(() => (sent ? undefined : refused(message)));
  }

  async sendWhenPossible(message: WireFrame, timeoutMs: number | undefined): Promise<boolean> {
    if (!this.trySend(message)) {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.wake?.(false), timeoutMs);
      const sent = await new Promise<boolean>((resolve) => (this.wake = resolve));
      clearTimeout(timer);
      this.wake = undefined;
      if (sent) this.trySend(message);
      return sent;
    }
    return true;
  }

  give(room: number): void {
    this.room += room;
    this.wake?.(true);
  }

  close(): void {
    this.wake?.(false);
  }
}

function makeQueue(room: Room, { timeoutMs, limit = 1000 }: { timeoutMs?: number; limit?: number } = {}) {
  const backlogs: number[] = [];
  const notSent: boolean[] = [];
  const events = {
    sent: () => undefined,
    backlog: (waiting: number) => void backlogs.push(waiting),
    notSent: (accepted: boolean) => void notSent.push(accepted),
  };
  const limits = { sendTimeoutMs: timeoutMs, sendHighWaterMark: limit };
  const queue = new SendQueue(room, limits, events, 'tcp://test:1');
  return { queue, backlogs, notSent };
}

const LIMITS = { sendTimeoutMs: undefined, sendHighWaterMark: 1000 };
const NOTHING_TOLD = { sent: () => undefined, backlog: () => undefined, notSent: () => undefined };
const STOPPED = new GeneralError('ERR_BRIDGE_STOPPED', 'stopped');

describe('SendQueue', () => {
  test('hands over at once, and makes no promise, while there is room', () => {
    const room = new Room(3);
    const { queue } = makeQueue(room);
    expect([1, 2, 3].map((message) => queue.send(frame(message)))).toEqual([undefined, undefined, undefined]);
    expect(room.sent).toEqual([1, 2, 3]);
    expect(queue.waiting).toBe(0);
  });

  test('gives the event loop its turn every 512 messages', async () => {
    const room = new Room(Infinity);
    const { queue } = makeQueue(room);
    let turn = false;
    setImmediate(() => (turn = true));
    let messages = 0;
    while (!turn && messages < 10_000) {
      messages += 1;
      await queue.send(frame(messages));
    }
    expect(messages).toBe(512);
  });

  test('keeps the order of the calls when room comes and goes, and settles each in turn', async () => {
    const room = new Room(2);
    const { queue } = makeQueue(room);
    const settled: number[] = [];
    const sends = Array.from({ length: 3000 }, (_, message) =>
      Promise.resolve(queue.send(frame(message))).then(() => settled.push(message)),
    );
    expect(queue.waiting).toBe(2998);
    while (room.sent.length < 3000) {
      room.give(7);
      await turns(1);
    }
    await Promise.all(sends);
    const all = Array.from({ length: 3000 }, (_, message) => message);
    expect(room.sent).toEqual(all);
    expect(settled).toEqual(all);
    expect(queue.waiting).toBe(0);
  });

  test('reports a backlog once until it has been empty again', async () => {
    const room = new Room(0);
    const { queue, backlogs } = makeQueue(room, { limit: 5 });
    const sends = Array.from({ length: 20 }, (_, message) => queue.send(frame(message)));
    expect(backlogs).toEqual([6]);
    room.give(20);
    await Promise.all(sends);
    await turns();
    expect(queue.waiting).toBe(0);
    const more = Array.from({ length: 6 }, (_, message) => queue.send(frame(message)));
    expect(backlogs).toEqual([6, 6]);
    room.give(6);
    await Promise.all(more);
  });

  test('sent without asking: order is kept, and each settles when it went, although room comes and goes', async () => {
    const room = new Room(5);
    room.unasked = true;
    const { queue, notSent } = makeQueue(room);
    const settled: number[] = [];
    const total = 1500;
    const sender = (async () => {
      for (let message = 0; message < total; message++) {
        await queue.send(frame(message));
        settled.push(message);
        expect(room.sent.length).toBeGreaterThan(message);
      }
    })();
    while (room.sent.length < total) {
      await turns(1);
      room.give(7);
    }
    await sender;
    const all = Array.from({ length: total }, (_, message) => message);
    expect([room.sent, settled, notSent]).toEqual([all, all, []]);
  });

  test('sent without asking and refused: it waits like any other, and stop or the timeout rejects it', async () => {
    for (const timeoutMs of [undefined, 10]) {
      const room = new Room(0);
      room.unasked = true;
      const { queue, notSent } = makeQueue(room, timeoutMs === undefined ? {} : { timeoutMs });
      const failed = rejection(queue.send(frame(1))!);
      if (timeoutMs === undefined) {
        await turns();
        expect(queue.waiting).toBe(1);
        queue.stop(STOPPED);
        room.close();
      }
      expect((await failed).code).toBe(timeoutMs === undefined ? 'ERR_BRIDGE_STOPPED' : 'ERR_SEND_TIMEOUT');
      expect([room.sent, notSent]).toEqual([[], [false]]);
    }
  });

  test('stop rejects all that wait, and all that come later, and the socket says what became of the first', async () => {
    const room = new Room(0);
    const { queue } = makeQueue(room);
    const sends = [1, 2, 3].map((message) => rejection(queue.send(frame(message))!));
    await turns();
    queue.stop(STOPPED);
    room.close();
    expect(await Promise.all(sends)).toEqual([STOPPED, STOPPED, STOPPED]);
    expect(await rejection(queue.send(frame(4))!)).toBe(STOPPED);
    expect(room.sent).toEqual([]);
  });

  test('every message that waits longer than the timeout is rejected and never sent', async () => {
    const room = new Room(0);
    const { queue } = makeQueue(room, { timeoutMs: 20 });
    const errors = await Promise.all([1, 2, 3].map((message) => rejection(queue.send(frame(message))!)));
    expect(errors.map((err) => err.code)).toEqual(Array(3).fill('ERR_SEND_TIMEOUT'));
    expect(errors[0]!.message).toContain('sendTimeoutMs = 20');
    await waitFor('the queue to be empty', () => queue.waiting === 0);
    room.give(10);
    await turns();
    expect(room.sent).toEqual([]);
  });

  test('a message that is put back goes first, before what was given after it', async () => {
    const room = new Room(0);
    const { queue } = makeQueue(room);
    const sends = [queue.send(frame(2)), queue.send(frame(3))];
    room.onReturned(frame(1));
    room.give(3);
    await Promise.all(sends);
    await waitFor('all to be sent', () => room.sent.length === 3);
    expect(room.sent).toEqual([1, 2, 3]);
  });

  test('a message that was put back and then stopped is reported as lost, for its sender had been told it went', async () => {
    const room = new Room(0);
    const { queue, notSent } = makeQueue(room);
    room.onReturned(frame(1));
    await turns();
    queue.stop(STOPPED);
    room.close();
    await turns();
    expect(notSent).toEqual([true]);
    room.onReturned(frame(2));
    expect(notSent).toEqual([true, true]);
  });

  test('a socket that fails rejects that message with ERR_TRANSPORT and its cause, and goes on', async () => {
    const cause = new Error('broken pipe');
    const sent: number[] = [];
    const outlet = outletOf((message) => {
      if (numberOf(message) === 1) return Promise.reject(cause);
      sent.push(numberOf(message));
      return Promise.resolve(true);
    });
    const queue = new SendQueue(outlet, LIMITS, NOTHING_TOLD, 'tcp://test:1');
    const failed = rejection(queue.send(frame(1))!);
    await queue.send(frame(2));
    expect(await failed).toMatchObject({ code: 'ERR_TRANSPORT', cause });
    expect(sent).toEqual([2]);
  });

  test('a message that has gone is not kept, although others wait behind it', async () => {
    const wakes: (() => void)[] = [];
    const outlet = outletOf(() => new Promise((resolve) => wakes.push(() => resolve(true))));
    const queue = new SendQueue(outlet, LIMITS, NOTHING_TOLD, 'x');
    const refs: WeakRef<object>[] = [];
    const send = (): void => {
      const message = frame(10_000);
      refs.push(new WeakRef(message.payload));
      void queue.send(message);
    };
    for (let i = 0; i < 4; i++) send();
    for (let i = 0; i < 200; i++) {
      send();
      await waitFor('the next one to be tried', () => wakes.length > 0);
      wakes.shift()!();
    }
    await turns();
    expect(await countAlive(refs)).toBeLessThan(10);
  });

  test('a message that comes back while another one is with the socket is neither lost nor doubled', async () => {
    const sent: number[] = [];
    const wakes: ((sent: boolean) => void)[] = [];
    const outlet = outletOf(() => new Promise((resolve) => wakes.push(resolve)));
    const notSent: boolean[] = [];
    const events = {
      sent: (bytes: number) => void sent.push(bytes - 1),
      backlog: () => undefined,
      notSent: (accepted: boolean) => void notSent.push(accepted),
    };
    const queue = new SendQueue(outlet, LIMITS, events, 'tcp://test:1');
    const sends = [queue.send(frame(1)), queue.send(frame(2))];
    await turns();
    // The socket has 1; what it had accepted before comes back now, and is first of those that wait.
    outlet.onReturned(frame(0));
    for (let count = 0; count < 3; count++) {
      await waitFor('the next', () => wakes.length > 0);
      wakes.shift()!(true);
      await turns();
    }
    await Promise.all(sends);
    expect(sent).toEqual([1, 0, 2]);
    expect([queue.waiting, notSent]).toEqual([0, []]);
  });
});
