import { GeneralError } from '../../lib';
import { SendQueue, type Outlet } from '../../lib/transport/send-queue';
import { rejection } from '../helpers/errors';
import { countAlive } from '../helpers/gc';
import { turns, waitFor } from '../helpers/wait';

/** An outlet that has room for so many messages, as the test says. */
class Room implements Outlet<number> {
  readonly sendsPerTurn = 512;
  readonly sent: number[] = [];
  private wake: ((sent: boolean) => void) | undefined;

  constructor(private room: number) {}

  accepted(): void {
    // Counted elsewhere.
  }

  sizeOf(): number {
    return 1;
  }

  keep(message: number): number {
    return message;
  }

  trySend(message: number): boolean {
    if (this.room === 0 || this.wake !== undefined) return false;
    this.room -= 1;
    this.sent.push(message);
    return true;
  }

  /** Set, messages are sent without asking first. */
  unasked = false;

  sendUnasked(message: number, refused: (message: number) => Promise<void>): Promise<void> | undefined {
    if (!this.unasked) return undefined;
    // As zeromq.js does, it tells in a microtask what has been decided now.
    const sent = this.trySend(message);
    return Promise.resolve().then(() => (sent ? undefined : refused(message)));
  }

  async sendWhenPossible(message: number, timeoutMs: number | undefined): Promise<boolean> {
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
    onBacklog: (waiting: number) => void backlogs.push(waiting),
    onNotSent: (accepted: boolean) => void notSent.push(accepted),
  };
  const queue = new SendQueue(room, timeoutMs, limit, events, 'tcp://test:1');
  return { queue, backlogs, notSent };
}

const STOPPED = new GeneralError('ERR_BRIDGE_STOPPED', 'stopped');

describe('SendQueue', () => {
  test('hands over at once, and makes no promise, while there is room', () => {
    const room = new Room(3);
    const { queue } = makeQueue(room);
    expect([1, 2, 3].map((message) => queue.send(message))).toEqual([undefined, undefined, undefined]);
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
      await queue.send(messages);
    }
    expect(messages).toBe(512);
  });

  test('keeps the order of the calls when room comes and goes, and settles each in turn', async () => {
    const room = new Room(2);
    const { queue } = makeQueue(room);
    const settled: number[] = [];
    const sends = Array.from({ length: 3000 }, (_, message) =>
      Promise.resolve(queue.send(message)).then(() => settled.push(message)),
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
    const sends = Array.from({ length: 20 }, (_, message) => queue.send(message));
    expect(backlogs).toEqual([6]);
    room.give(20);
    await Promise.all(sends);
    await turns();
    expect(queue.waiting).toBe(0);
    const more = Array.from({ length: 6 }, (_, message) => queue.send(message));
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
        await queue.send(message);
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
      const failed = rejection(queue.send(1)!);
      await turns();
      expect(queue.waiting).toBe(1);
      if (timeoutMs === undefined) {
        queue.stop(STOPPED);
        room.close();
      }
      expect((await failed).code).toBe(timeoutMs === undefined ? 'ERR_BRIDGE_STOPPED' : 'ERR_SEND_TIMEOUT');
      expect([room.sent, notSent]).toEqual([[], [false]]);
    }
  });

  test('stop rejects all that wait, and all that come later, and the outlet says what became of the first', async () => {
    const room = new Room(0);
    const { queue } = makeQueue(room);
    const sends = [1, 2, 3].map((message) => rejection(queue.send(message)!));
    await turns();
    queue.stop(STOPPED);
    room.close();
    expect(await Promise.all(sends)).toEqual([STOPPED, STOPPED, STOPPED]);
    expect(await rejection(queue.send(4)!)).toBe(STOPPED);
    expect(room.sent).toEqual([]);
  });

  test('every message that waits longer than the timeout is rejected and never sent', async () => {
    const room = new Room(0);
    const { queue } = makeQueue(room, { timeoutMs: 20 });
    const errors = await Promise.all([1, 2, 3].map((message) => rejection(queue.send(message)!)));
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
    const sends = [queue.send(2), queue.send(3)];
    queue.putBack(1);
    room.give(3);
    await Promise.all(sends);
    await waitFor('all to be sent', () => room.sent.length === 3);
    expect(room.sent).toEqual([1, 2, 3]);
  });

  test('a message that was put back and then stopped is reported as lost, for its sender had been told it went', async () => {
    const room = new Room(0);
    const { queue, notSent } = makeQueue(room);
    queue.putBack(1);
    await turns();
    queue.stop(STOPPED);
    room.close();
    await turns();
    expect(notSent).toEqual([true]);
    queue.putBack(2);
    expect(notSent).toEqual([true, true]);
  });

  test('an outlet that fails rejects that message with ERR_TRANSPORT and its cause, and goes on', async () => {
    const cause = new Error('broken pipe');
    const sent: number[] = [];
    const outlet: Outlet<number> = {
      sendsPerTurn: 512,
      keep: (message) => message,
      sizeOf: () => 1,
      accepted: () => undefined,
      trySend: () => false,
      sendUnasked: () => undefined,
      sendWhenPossible: (message) => {
        if (message === 1) return Promise.reject(cause);
        sent.push(message);
        return Promise.resolve(true);
      },
    };
    const events = { onBacklog: () => undefined, onNotSent: () => undefined };
    const queue = new SendQueue(outlet, undefined, 10, events, 'tcp://test:1');
    const failed = rejection(queue.send(1)!);
    await queue.send(2);
    expect(await failed).toMatchObject({ code: 'ERR_TRANSPORT', cause });
    expect(sent).toEqual([2]);
  });

  test('a message that has gone is not kept, although others wait behind it', async () => {
    const wakes: (() => void)[] = [];
    const outlet: Outlet<Buffer> = {
      sendsPerTurn: 512,
      keep: (message) => message,
      sizeOf: () => 1,
      accepted: () => undefined,
      trySend: () => false,
      sendUnasked: () => undefined,
      sendWhenPossible: () => new Promise((resolve) => wakes.push(() => resolve(true))),
    };
    const queue = new SendQueue(
      outlet,
      undefined,
      1000,
      { onBacklog: () => undefined, onNotSent: () => undefined },
      'x',
    );
    const refs: WeakRef<object>[] = [];
    const send = (): void => {
      const message = Buffer.alloc(10_000);
      refs.push(new WeakRef(message));
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

  test('a message that comes back while another one is with the outlet is neither lost nor doubled', async () => {
    const sent: number[] = [];
    const wakes: ((sent: boolean) => void)[] = [];
    const outlet: Outlet<number> = {
      sendsPerTurn: 512,
      keep: (message) => message,
      sizeOf: () => 1,
      accepted: (message) => void sent.push(message),
      trySend: () => false,
      sendWhenPossible: () => new Promise((resolve) => wakes.push(resolve)),
    };
    const notSent: boolean[] = [];
    const events = {
      onBacklog: () => undefined,
      onNotSent: (accepted: boolean) => void notSent.push(accepted),
    };
    const queue = new SendQueue(outlet, undefined, 10, events, 'tcp://test:1');
    const sends = [queue.send(1), queue.send(2)];
    await turns();
    // The outlet has 1; what it had accepted before comes back now, and is first of those that wait.
    queue.putBack(0);
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
