// The numbers of the gateway without a browser: rates, stalls, the link, the history, what is kept.

import * as fc from 'fast-check';
import { Frame } from '../../lib';
import { Channel } from '../../lib/view/channel';
import { History, HISTORY_SECONDS } from '../../lib/view/history';
import { Hub } from '../../lib/view/hub';
import { guess } from '../../lib/view/interpretation';
import { LinkWatch } from '../../lib/view/link';
import { Pace } from '../../lib/view/pace';
import type { HistoryPoint } from '../../lib/view/protocol';
import { Ring } from '../../lib/view/ring';

describe('a pace', () => {
  /** Frames at this rate, looked at four times a second. */
  function run(
    pace: Pace,
    from: number,
    seconds: number,
    perSecond: number,
    frames = 0,
  ): { at: number; frames: number } {
    let [at, count] = [from, frames];
    let last = from;
    for (let i = 0; i < 4 * seconds; i++) {
      at += 250;
      const now = frames + Math.floor(((at - from) / 1000) * perSecond);
      if (now > count) last = at;
      count = now;
      pace.sample(at, count, 10 * count, count > 0 ? last : 0);
    }
    return { at, frames: count };
  }

  test('is that of the last second', () => {
    const pace = new Pace();
    const { at, frames } = run(pace, 0, 5, 100);
    expect([pace.framesPerSecond, pace.bytesPerSecond]).toEqual([100, 1000]);
    run(pace, at, 2, 20, frames);
    expect(pace.framesPerSecond).toBe(20);
  });

  test('stalls after three seconds without a frame, and remembers the rate before', () => {
    const pace = new Pace();
    const { at, frames } = run(pace, 0, 5, 100);
    pace.sample(at + 3000, frames, 0, at);
    expect(pace.isStalled).toBe(false);
    pace.sample(at + 3001, frames, 0, at);
    expect([pace.isStalled, pace.rateBefore]).toEqual([true, 100]);
    pace.sample(at + 3250, frames + 1, 0, at + 3250);
    expect(pace.isStalled).toBe(false);
  });

  test('of rare frames stalls after five of their gaps', () => {
    const pace = new Pace();
    const { at, frames } = run(pace, 0, 60, 0.5);
    const last = at;
    pace.sample(last + 9_000, frames, 0, last);
    expect(pace.isStalled).toBe(false);
    pace.sample(last + 11_000, frames, 0, last);
    expect(pace.isStalled).toBe(true);
  });

  test('never stalls before the first frame', () => {
    const pace = new Pace();
    for (let at = 0; at < 60_000; at += 250) pace.sample(at, 0, 0, 0);
    expect(pace.isStalled).toBe(false);
  });
});

describe('a link', () => {
  function link(): { peers: { receive: number }; watch: LinkWatch } {
    const peers = { receive: 0 };
    return {
      peers,
      watch: new LinkWatch({ address: 'x', role: 'client', bridge: { stats: { peers, malformed: 2 } } }, 5),
    };
  }

  test('goes through its states, and tells since when', () => {
    const { peers, watch } = link();
    const states: [string, number][] = [];
    const look = (now: number, hasFrames: boolean, isStalled: boolean): void => {
      watch.update(now, hasFrames, isStalled);
      states.push([watch.state, watch.since]);
    };
    look(10, false, false);
    peers.receive = 1;
    look(20, false, false);
    look(30, true, false);
    look(40, true, true);
    peers.receive = 0;
    look(50, true, true);
    look(60, true, true);
    peers.receive = 1;
    look(70, true, true);
    expect(states).toEqual([
      ['waiting', 5],
      ['idle', 20],
      ['streaming', 20],
      ['stalled', 20],
      ['lost', 50],
      ['lost', 50],
      ['stalled', 70],
    ]);
  });

  test('whose peer came and left between two looks is lost', () => {
    const { watch } = link();
    watch.update(10, true, false);
    expect(watch.state).toBe('lost');
  });

  test('of a program and of a file is always up', () => {
    const watch = new LinkWatch({ address: 'x', role: 'program' }, 0);
    watch.update(1, false, false);
    expect([watch.isUp, watch.state, watch.malformed]).toEqual([true, 'idle', 0]);
  });
});

describe('the history', () => {
  const point = (at: number, frames: number, link = true): HistoryPoint => ({
    at,
    link,
    channels: frames === 0 ? [] : [[3, frames, frames * 100, 1, 100]],
  });

  test('has every second of the last hour', () => {
    const history = new History();
    for (let at = 1; at <= 3_000; at++) history.push(point(at, at % 7));
    const points = history.last(100);
    expect(points).toEqual(Array.from({ length: 100 }, (_, i) => point(2_901 + i, (2_901 + i) % 7)));
  });

  test('of a day has ten seconds a point after an hour, and no more than a day', () => {
    const history = new History();
    for (let at = 1; at <= 2 * HISTORY_SECONDS; at++) history.push(point(at, 20));
    const points = history.last(HISTORY_SECONDS, Infinity);
    expect(points.length).toBeLessThanOrEqual(3_610 + 8_280);
    expect(points[0]!.at).toBeGreaterThan(HISTORY_SECONDS - 20);
    expect(points[0]).toMatchObject({ link: true, channels: [[3, 20, 2000, 10, 100]] });
    expect(points[1]!.at - points[0]!.at).toBe(10);
    expect(points.at(-1)!.at - points.at(-2)!.at).toBe(1);
  });

  test('that is thinned loses no error, no frame and no second without a link', () => {
    const history = new History();
    for (let at = 1; at <= 1000; at++) history.push(point(at, at === 500 ? 0 : 10, at !== 500));
    const points = history.last(1000, 100);
    expect(points.length).toBe(100);
    const errors = points.flatMap(({ channels }) => channels).reduce((sum, [, , , count]) => sum + count, 0);
    const frames = points.flatMap(({ channels }) => channels).reduce((sum, [, rate]) => sum + 10 * rate, 0);
    expect([errors, Math.round(frames)]).toEqual([999, 9990]);
    expect(points.filter(({ link }) => !link).map(({ at }) => at)).toEqual([500]);
  });
});

describe('a ring', () => {
  test('has the last frames, whatever came and went', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (pushes) => {
        const ring = new Ring(8);
        let model: number[] = [];
        let number = 0;
        for (const isPush of pushes) {
          if (isPush) {
            number += 1;
            ring.push(
              new Frame(number, { error: number % 5 === 0 ? 1 : 0 }),
              number,
              1000 + number,
              2 * number,
            );
            model = [...model, number].slice(-8);
          } else {
            ring.dropOldest();
            model.shift();
          }
          expect(ring.all().map((kept) => [kept.number, kept.frame.size, kept.time])).toEqual(
            model.map((one) => [one, one, 1000 + one]),
          );
          expect(ring.bytes).toBe(model.reduce((sum, one) => sum + one, 0));
          expect(ring.newest?.number).toBe(model.at(-1));
          expect(ring.oldestOrder).toBe(model.length === 0 ? Infinity : 2 * model[0]!);
          expect(ring.lastError()).toBe(model.findLast((one) => one % 5 === 0));
        }
      }),
    );
  });
});

describe('large frames of a channel', () => {
  const large = (error = 0): Frame => new Frame(300_000, { error });
  const numbersOf = (channel: Channel): number[] => channel.ring.all().map(({ number }) => number);

  test('that follow each other within 20 ms take the place of the one before, and the newest is always there', () => {
    const channel = new Channel(0, large());
    for (let i = 0; i < 20; i++) channel.note(large(), 1000 + 4 * i, i);
    expect(numbersOf(channel)).toEqual([5, 10, 15, 20]);
    channel.note(large(), 1080, 20);
    channel.note(large(), 1081, 21);
    expect(numbersOf(channel)).toEqual([5, 10, 15, 20, 22]);
    expect(channel.ring.bytes).toBe(5 * 300_000);
    expect(channel.ring.get(21)).toBeUndefined();
  });

  test('with an error stay', () => {
    const channel = new Channel(0, large());
    for (let at = 0; at < 3; at++) channel.note(large(at === 1 ? 4 : 0), 1000 + at, at);
    expect(numbersOf(channel)).toEqual([2, 3]);
  });

  test('are all kept at 50 a second', () => {
    const channel = new Channel(0, large());
    for (let at = 0; at < 20; at++) channel.note(large(), 1000 + 20 * at, at);
    expect(numbersOf(channel)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });
});

test('a channel counts each kind of error', () => {
  const channel = new Channel(2, new Frame(4));
  for (const error of [0, 4, 4, 1, 0, 4]) channel.note(new Frame(4, { error }), 1, 1);
  expect(channel.status()).toMatchObject({
    frames: 6,
    errors: 4,
    errorCounts: [
      [4, 3],
      [1, 1],
    ],
    lastError: 6,
    size: 4,
  });
});

test('a hub keeps to its bytes over all channels, and lets go of everything at the end', () => {
  const hub = new Hub({ address: 'x', role: 'program' }, 10_000);
  for (let i = 0; i < 1_000; i++) hub.note(new Frame(100 + (i % 50), { channel: i % 17 }));
  const bytes = (): number => hub.channels.reduce((sum, { ring }) => sum + ring.bytes, 0);
  expect(bytes()).toBeGreaterThan(9_000);
  expect(bytes()).toBeLessThanOrEqual(10_000);
  hub.close();
  expect(bytes()).toBe(0);
});

describe('a first guess', () => {
  const samples = (count: number): Buffer =>
    Buffer.from(Uint16Array.from({ length: count }, (_, i) => 500 + i).buffer);

  test.each([
    [64, 'hex', undefined, 0],
    [4201, 'hex', undefined, 0],
    [4200, 'wave', undefined, 0],
    [147_456, 'image', [192, 384], 0],
    [147_488, 'image', [192, 384], 32],
    [2 * 512 * 512, 'image', [512, 512], 0],
  ] as const)('of %d bytes is %s', (size, look, shape, skip) => {
    expect(guess(size, samples(100))).toMatchObject({ view: look, shape, skip });
  });

  test('of text is hex, and of floats is float32', () => {
    expect(guess(1000, Buffer.from('temperature: 21.5\n'))).toMatchObject({ view: 'hex' });
    const floats = Buffer.from(Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)).buffer);
    expect(guess(8000, floats)).toMatchObject({ view: 'wave', type: 'f4' });
  });
});
