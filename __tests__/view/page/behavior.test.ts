// How the page connects, asks for previews, pauses, and keeps its ranges calm. No browser is needed.

import type { Preview, Request, Watch } from '../../../lib/view/protocol';
import {
  Connection,
  pauseBefore,
  type SocketHandlers,
  type Surroundings,
} from '../../../lib/view/page/model/connection';
import { outagesOf, RateHistory, valueOf } from '../../../lib/view/page/model/history';
import { Pausing } from '../../../lib/view/page/model/pausing';
import { PreviewRing, type Picture } from '../../../lib/view/page/model/previews';
import { AutoRange } from '../../../lib/view/page/model/ranges';
import { Watching } from '../../../lib/view/page/model/watching';

function surroundings(status = 426, body: unknown = {}) {
  const sockets: SocketHandlers[] = [];
  const timers: { call: () => void; ms: number; isOn: boolean }[] = [];
  const around: Surroundings = {
    open: (_url, _subprotocol, handlers) => {
      sockets.push(handlers);
      return { send: () => undefined, close: () => undefined };
    },
    fetch: () =>
      Promise.resolve({
        status,
        ok: false,
        json: () => Promise.resolve(body),
        arrayBuffer: () => Promise.resolve(new ArrayBuffer(0)),
      }),
    now: () => 1000,
    random: () => 1,
    setTimeout: (call, ms) => timers.push({ call, ms, isOn: true }) - 1,
    clearTimeout: (timer) => {
      timers[timer]!.isOn = false;
    },
    origin: 'http://127.0.0.1:8080',
  };
  return { around, sockets, timers };
}

const SILENT = {
  opened: () => undefined,
  message: () => undefined,
  bytes: () => undefined,
  closed: () => undefined,
};

describe('the connection', () => {
  test('pauses grow to 10 s, and half of them is random', () => {
    expect([0, 1, 2, 3, 10].map((attempt) => pauseBefore(attempt, 1))).toEqual([
      500, 1000, 2000, 4000, 10_000,
    ]);
    expect(pauseBefore(10, 0)).toBe(5000);
  });

  test('tries again after each loss, and says when', async () => {
    const { around, sockets, timers } = surroundings();
    const connection = new Connection(around, SILENT);
    connection.start();
    sockets[0]!.opened();
    expect(connection.state.value).toEqual({ name: 'open' });
    sockets[0]!.closed();
    expect(connection.state.value).toEqual({ name: 'closed', since: 1000, next: 1500 });
    expect(connection.send({ op: 'live' })).toBe(false);
    timers.findLast(({ isOn }) => isOn)!.call();
    sockets[1]!.closed();
    await Promise.resolve();
    expect(connection.state.value).toEqual({ name: 'closed', since: 1000, next: 2000 });
    connection.start();
    expect(sockets).toHaveLength(3);
    sockets[2]!.opened();
    expect(connection.state.value).toEqual({ name: 'open' });
  });

  test.each([
    [401, {}, { name: 'token' }],
    [503, { viewers: 32 }, { name: 'full', viewers: 32 }],
    [503, { viewers: 'x' }, { name: 'closed' }],
    [426, {}, { name: 'closed' }],
  ])('a refusal with status %i', async (status, body, state) => {
    const { around, sockets } = surroundings(status, body);
    const connection = new Connection(around, SILENT);
    connection.start();
    sockets[0]!.closed();
    await new Promise(setImmediate);
    expect(connection.state.value).toMatchObject(state);
  });

  test('a link that is silent is given up', () => {
    const { around, sockets, timers } = surroundings();
    const connection = new Connection(around, SILENT);
    connection.start();
    sockets[0]!.opened();
    timers.find(({ isOn, ms }) => isOn && ms === 15_000)!.call();
    expect(connection.state.value.name).toBe('closed');
  });
});

const WATCH: Watch = {
  op: 'watch',
  id: 0,
  channel: 1,
  view: 'wave',
  type: 'u2',
  order: 'le',
  skip: 0,
  shape: undefined,
};
const PREVIEW: Preview = {
  op: 'preview',
  id: 0,
  channel: 1,
  number: 5,
  time: 0,
  size: 4,
  flags: 0,
  error: 0,
  view: 'wave',
  packing: 'u2',
  samples: 2,
  window: [0, 2],
  step: 0,
  notShown: 3,
  kept: 1,
};
const RECORD = Uint8Array.from([8, 0, 0, 0, 0, 0, 0, 1, 1, 0, 2, 0]).buffer;

function watching() {
  const sent: Request[] = [];
  const frames: (() => void)[] = [];
  const later: (() => void)[] = [];
  const state = { isHidden: false, leastMs: 0, now: 10_000 };
  const made = new Watching({
    send: (request) => sent.push(request) > 0,
    beforeDrawing: (call) => void frames.push(call),
    after: (_, call) => void later.push(call),
    now: () => state.now,
    isHidden: () => state.isHidden,
    leastMs: () => state.leastMs,
  });
  const draw = (): void => frames.splice(0).forEach((call) => call());
  const count = (): number => sent.filter(({ op }) => op === 'next').length;
  return { made, sent, draw, later, state, count };
}

describe('previews', () => {
  test('the next one is asked for after the last has been drawn', () => {
    const { made, draw, count } = watching();
    made.want(WATCH);
    expect(count()).toBe(1);
    made.take(PREVIEW);
    made.takeBytes(RECORD);
    expect(count()).toBe(1);
    draw();
    expect(count()).toBe(2);
    expect([...made.picture.value!.numbers]).toEqual([1, 2]);
    made.refresh();
    expect(made.shares.value).toEqual({ shown: 1, notShown: 3 });
  });

  test('a change of the watch needs no second credit', () => {
    const { made, sent, count } = watching();
    made.want(WATCH);
    made.want({ ...WATCH, channel: 2 });
    expect(count()).toBe(1);
    made.want({ ...WATCH, channel: 2 });
    expect(sent.filter(({ op }) => op === 'watch')).toHaveLength(2);
  });

  test('a frame that is kept is asked for once, or again when the answer may be to an earlier watch', () => {
    const { made, draw, count } = watching();
    made.want({ ...WATCH, frame: 5 });
    made.take(PREVIEW);
    made.takeBytes(RECORD);
    draw();
    expect(count()).toBe(1);
    made.want({ ...WATCH, frame: 5, type: 'i2' });
    made.want({ ...WATCH, frame: 5, type: 'u1' });
    expect(count()).toBe(2);
    made.take(PREVIEW);
    made.takeBytes(RECORD);
    draw();
    expect(count()).toBe(3);
  });

  test('an answer of another channel is not drawn', () => {
    const { made, draw, count } = watching();
    made.want(WATCH);
    made.want({ ...WATCH, channel: 2 });
    made.take(PREVIEW);
    made.takeBytes(RECORD);
    draw();
    expect(made.picture.value).toBeUndefined();
    expect(count()).toBe(2);
  });

  test('that there is nothing is shown even when it may be the answer to an earlier watch', () => {
    const { made, count } = watching();
    made.want(WATCH);
    made.want({ ...WATCH, type: 'i2' });
    made.take({ op: 'no-preview', id: 0, channel: 1, reason: 'empty' });
    expect(made.nothing.value?.reason).toBe('empty');
    expect(count()).toBe(2);
  });

  test('a hidden page asks for nothing until it is seen', () => {
    const { made, draw, state, count } = watching();
    made.want(WATCH);
    made.take(PREVIEW);
    made.takeBytes(RECORD);
    state.isHidden = true;
    draw();
    expect(count()).toBe(1);
    state.isHidden = false;
    made.wake();
    expect(count()).toBe(2);
  });

  test('less motion: the next one is asked for later', () => {
    const { made, draw, state, later, count } = watching();
    state.leastMs = 250;
    made.want(WATCH);
    made.take(PREVIEW);
    made.takeBytes(RECORD);
    draw();
    expect(count()).toBe(1);
    later.splice(0).forEach((call) => call());
    expect(count()).toBe(2);
  });

  test('figures follow the last picture of a stream that stops', () => {
    const { made, draw } = watching();
    made.want(WATCH);
    for (const number of [5, 6]) {
      made.take({ ...PREVIEW, number });
      made.takeBytes(RECORD);
      draw();
    }
    expect(made.calm.value?.about.number).toBe(5);
    made.refresh();
    expect(made.calm.value?.about.number).toBe(6);
  });
});

describe('pause', () => {
  const frame = (number: number) => ({ number, time: 0, size: 1, flags: 0, error: 0 });

  test('begins at the frame that was shown, steps, and stays within what is kept', () => {
    const sent: Request[] = [];
    const pausing = new Pausing((request) => sent.push(request) > 0);
    pausing.pause(1, 90, 8, -1);
    pausing.held({ op: 'held', channel: 1, frames: [7, 8, 9].map(frame) });
    expect(pausing.paused.value).toMatchObject({ index: 0, countedBefore: 9 });
    pausing.step(-1);
    expect(pausing.paused.value?.index).toBe(0);
    pausing.step(Infinity);
    expect(pausing.paused.value?.index).toBe(2);
    pausing.live();
    expect(sent.map(({ op }) => op)).toEqual(['hold', 'live']);
  });
});

describe('ranges', () => {
  test('grow at once and shrink after 5 s', () => {
    const range = new AutoRange(0);
    expect(range.next(0, 10, 0)).toEqual([0, 10]);
    expect(range.next(0, 100, 100)).toEqual([0, 100]);
    expect(range.next(0, 10, 200)).toEqual([0, 100]);
    expect(range.next(0, 20, 5100)).toEqual([0, 100]);
    expect(range.next(0, 10, 5300)).toEqual([0, 20]);
  });

  test('the envelope is of previews of the same window', () => {
    const ring = new PreviewRing();
    const picture = (values: number[], window: number[]): Picture => ({
      about: { ...PREVIEW, window },
      numbers: Uint16Array.from(values),
    });
    ring.push(picture([1, 9], [0, 2]));
    ring.push(picture([3, 4], [0, 2]));
    expect(ring.envelope()).toEqual({ low: Float64Array.of(1, 4), high: Float64Array.of(3, 9) });
    ring.push(picture([5, 5], [2, 4]));
    expect(ring.length).toBe(1);
    for (let i = 0; i < 100; i++) ring.push(picture([5, 5], [2, 4]));
    expect(ring.length).toBe(64);
  });

  test('the history is bounded, and gaps are found', () => {
    const history = new RateHistory();
    for (let at = 1; at <= 20_000; at++)
      history.push({ at, link: at % 100 !== 50, channels: [[0, 5, 6, 7, 8]] });
    expect(history.length).toBe(12_000);
    const points = history.since(19_901);
    expect(outagesOf(points)).toEqual([{ from: 19_949, to: 19_950 }]);
    expect(valueOf(points[0]!, 0, 'bytes')).toBe(6);
    expect(valueOf(points[0]!, 1, 'bytes')).toBe(0);
    expect(valueOf(points[0]!, 1, 'size')).toBeNull();
  });
});
