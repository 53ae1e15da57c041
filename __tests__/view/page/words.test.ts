// What the page writes: numbers, links, states, files. No browser is needed.

import type { Guess } from '../../../lib/view/interpretation';
import type { Hello, Status } from '../../../lib/view/protocol';
import * as format from '../../../lib/view/page/model/format';
import { formatFragment, parseFragment } from '../../../lib/view/page/model/fragment';
import { actionOf, type KeyPress } from '../../../lib/view/page/model/keys';
import { fromGuess, recall, remember, toLink, withLink } from '../../../lib/view/page/model/settings';
import {
  emptyState,
  linkBanner,
  stallBanner,
  statusLine,
  type Situation,
} from '../../../lib/view/page/model/states';

const plain = (text: string): string => text.replaceAll('\u202f', ' ');

describe('numbers', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [2490, '2 490'],
    [147488, '147 488'],
    [-9654118, '−9 654 118'],
    [-0.001, '0'],
    [NaN, 'NaN'],
    [Infinity, 'infinite'],
  ])('%p in groups of three', (value, text) => expect(plain(format.group(value))).toBe(text));

  test.each([
    [5_080_000, 'B/s', '5.08 MB/s'],
    [147_488, 'B', '147 kB'],
    [96, 'B', '96 B'],
    [999_999, 'B', '1 000 kB'],
    [412_000_000, 'B', '412 MB'],
    [0, 'B/s', '0 B/s'],
  ])('%p %s in three digits', (value, unit, text) => {
    const scaled = format.scaled(value, unit);
    expect(plain(`${scaled.number} ${scaled.unit}`)).toBe(text);
  });

  test('a prefix changes at 1 000 going up and at 900 going down', () => {
    expect(format.prefixOf(999, 0)).toBe(0);
    expect(format.prefixOf(1000, 0)).toBe(1);
    expect(format.prefixOf(950, 1)).toBe(1);
    expect(format.prefixOf(899, 1)).toBe(0);
  });

  test.each([
    [1204.4, '1 204'],
    [100, '100'],
    [99.94, '99.9'],
    [10, '10.0'],
    [0, '0'],
  ])('%p frames a second', (value, text) => expect(plain(format.frameRate(value))).toBe(text));

  test.each([
    [41, '0:41'],
    [8047, '2:14:07'],
    [3 * 86400 + 4 * 3600 + 12 * 60 + 59, '3 d 04:12'],
    [-1, '0:00'],
  ])('%p s', (seconds, text) => expect(format.duration(seconds)).toBe(text));

  test.each([
    [1, '1st'],
    [2, '2nd'],
    [3, '3rd'],
    [4, '4th'],
    [11, '11th'],
    [22, '22nd'],
  ])('every %pth pixel', (value, text) => expect(format.ordinal(value)).toBe(text));

  test('averages of integers and of floats', () => {
    expect(plain(format.average(4121.71, 'u2'))).toBe('4 121.7');
    expect(format.average(0.606251, 'f4')).toBe('0.60625');
    expect(plain(format.sample(-1.0497864, 'f4'))).toBe('−1.049786');
  });
});

describe('the link', () => {
  const FULL =
    '#ch=1&view=image&type=u2&end=le&skip=32&shape=192x384&map=viridis&lo=1300&hi=3600&roi=28,132,34,44&line=138,98,43,334&theme=light';

  test('is written as it is read', () => {
    const { view, problem } = parseFragment(FULL);
    expect(problem).toBeUndefined();
    expect(formatFragment(view)).toBe(FULL);
  });

  test.each([
    ['shape=19x', 'The link has `shape=19x`: not a shape. The guess is used.'],
    ['type=u3', 'The link has `type=u3`: not a type. The guess is used.'],
    ['ch=-1', 'The link has `ch=-1`: not a channel. The guess is used.'],
    ['roi=1,2,0,4', 'The link has `roi=1,2,0,4`: not a region. The guess is used.'],
    ['skip=', 'The link has `skip=`: not a number of bytes. The guess is used.'],
  ])('#%s is reported', (fragment, problem) => expect(parseFragment(`#${fragment}`).problem).toBe(problem));

  test.each(['#', '', '#unknown=1&__proto__=2', '#constructor=1'])('%p is ignored', (fragment) =>
    expect(parseFragment(fragment)).toEqual({ view: {}, problem: undefined }),
  );

  const GUESS: Guess = { type: 'u2', order: 'le', skip: 32, shape: [192, 384], view: 'image' };

  test('holds what differs from the guess, and all of it when it is kept', () => {
    const settings = fromGuess(GUESS);
    expect(formatFragment(toLink(1, settings, GUESS))).toBe('#ch=1');
    expect(formatFragment(toLink(1, { ...settings, view: 'wave' }, GUESS))).toBe('#ch=1&view=wave');
    const kept = { ...settings, isKept: true };
    expect(formatFragment(toLink(1, kept, GUESS))).toBe('#ch=1&type=u2&end=le&skip=32&shape=192x384');
    const changed = withLink(settings, { type: 'f4', shape: undefined });
    expect(formatFragment(toLink(1, changed, GUESS))).toBe('#ch=1&type=f4&shape=all');
  });

  test('what is remembered comes back, and nonsense does not', () => {
    const values = new Map<string, string>();
    const memory = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
    };
    const settings = { ...fromGuess(GUESS), map: 'inferno' as const, isKept: true };
    remember(memory, 'daq-host:8000', 1, settings);
    expect(recall(memory, 'daq-host:8000', 1, GUESS)).toEqual(settings);
    expect(recall(memory, 'daq-host:8000', 2, GUESS)).toEqual(fromGuess(GUESS));
    for (const key of values.keys())
      values.set(key, '{"map":7,"reading":{"type":"x"},"region":[1],"bins":"many"}');
    expect(recall(memory, 'daq-host:8000', 1, GUESS)).toEqual(fromGuess(GUESS));
    for (const key of values.keys()) values.set(key, 'not JSON');
    expect(recall(memory, 'daq-host:8000', 1, GUESS)).toEqual(fromGuess(GUESS));
  });
});

describe('states', () => {
  const HELLO: Hello = {
    op: 'hello',
    version: '1',
    source: { address: 'daq-host:8000', role: 'client' },
    limits: { viewers: 32, kept: 64, previewedBytes: 256e6, previewBytes: 262144, historySeconds: 3600 },
    now: 0,
  };
  const STATUS: Status = {
    op: 'status',
    now: 100_000,
    link: 'streaming',
    linkSince: 90_000,
    lastFrame: 97_000,
    framesPerSecond: 2490,
    bytesPerSecond: 1,
    malformed: 0,
    errors: 0,
    frames: 10,
    channels: [],
    channelCount: 1,
  };
  const SITUATION: Situation = {
    connection: { name: 'open' },
    hello: HELLO,
    status: STATUS,
    channel: undefined,
    reading: { type: 'u2', order: 'le', skip: 32, shape: [192, 384] },
    nothing: undefined,
    hasPicture: true,
    isPaused: false,
    now: 100_000,
    localNow: 500_000,
  };
  const word = (change: Partial<Situation>): string => {
    const line = statusLine({ ...SITUATION, ...change });
    return plain(`${line.word} ${line.time}`.trim());
  };
  const closed = { name: 'closed', since: 492_000, next: 503_200 } as const;

  test('the status line', () => {
    expect(word({})).toBe('connected 0:10');
    expect(word({ status: { ...STATUS, link: 'waiting' } })).toBe('waiting for a peer 0:10');
    expect(word({ status: { ...STATUS, link: 'stalled' } })).toBe('connected, no frames 0:03');
    expect(word({ status: { ...STATUS, link: 'lost' } })).toBe('link lost 0:10');
    expect(word({ connection: closed })).toBe('gateway not reachable 0:08');
    const hello = { ...HELLO, source: { address: '/data/run.dat', role: 'file' as const } };
    const file = { playing: true, atEnd: false, position: 0.286, bytes: 1, frames: 1, rate: 0 };
    expect(word({ hello, status: { ...STATUS, file } })).toBe('playing run.dat 28 %');
    expect(word({ hello, status: { ...STATUS, file: { ...file, atEnd: true } } })).toBe('end of run.dat');
  });

  test('banners', () => {
    expect(linkBanner(SITUATION)).toBeUndefined();
    expect(linkBanner({ ...SITUATION, connection: closed })).toMatchObject({
      title: 'The gateway does not answer.',
      countdown: 'Next attempt in 4 s.',
      action: 'try',
    });
    const stalled = { ...SITUATION, status: { ...STATUS, link: 'stalled' as const } };
    const banner = stallBanner(stalled);
    expect(plain(`${banner?.title ?? ''} ${banner?.time ?? ''} ${banner?.text ?? ''}`)).toBe(
      'No frames for 3 s. The link is up. Before: 2 490/s',
    );
    expect(stallBanner({ ...stalled, isPaused: true })).toBeUndefined();
  });

  test('words in place of a picture', () => {
    expect(emptyState(SITUATION)).toBeUndefined();
    const none = { ...SITUATION, hasPicture: false };
    expect(emptyState({ ...none, connection: closed })?.title).toBe('The gateway does not answer');
    const log = { ...HELLO, source: { address: 'run42 at daq:4222', role: 'log' as const } };
    const silent = { ...none, hello: log, status: { ...STATUS, link: 'idle' as const, frames: 0 } };
    expect(emptyState(silent)?.text).toBe('The log is open and no frame has come.');
    expect(emptyState({ ...silent, hello: HELLO })?.text).toContain('The peer is connected');
    expect(emptyState({ ...none, status: { ...STATUS, link: 'waiting' } })).toMatchObject({
      title: 'No peer yet',
      command: 'rogue-bridge doctor daq-host:8000',
    });
    const misfit = {
      op: 'no-preview',
      id: 0,
      channel: 1,
      reason: 'misfit',
      size: 64,
      needed: 147_488,
    } as const;
    const found = emptyState({ ...none, nothing: misfit });
    expect(plain(`${found?.title ?? ''}. ${found?.text ?? ''}`)).toBe(
      '64 bytes are not a 192 × 384 image. This shape of uint16 needs 147 456 bytes after the 32 skipped.',
    );
  });
});

describe('keys', () => {
  const press = (key: string, focus: KeyPress['focus'] = 'none', ctrlKey = false): KeyPress => ({
    key,
    focus,
    ctrlKey,
    altKey: false,
    metaKey: false,
  });

  test('a field keeps its keys, a slider its arrows, a button its space', () => {
    expect(actionOf(press('s'), true)).toBe('save');
    expect(actionOf(press('S'), true)).toBe('save');
    expect(actionOf(press('s', 'text'), true)).toBeUndefined();
    expect(actionOf(press('s', 'none', true), true)).toBeUndefined();
    expect(actionOf(press('ArrowLeft', 'widget'), true)).toBeUndefined();
    expect(actionOf(press('ArrowLeft', 'button'), true)).toBe('back');
    expect(actionOf(press(' ', 'button'), true)).toBeUndefined();
    expect(actionOf(press('constructor'), true)).toBeUndefined();
  });

  test('single keys can be switched off', () => {
    expect(actionOf(press('s'), false)).toBeUndefined();
    expect(actionOf(press('ArrowLeft'), false)).toBe('back');
  });
});
