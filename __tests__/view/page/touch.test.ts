// What fingers mean, what they do to a window and a zoom, and the watch of the overview. No browser is needed.

import { Gestures, type Pinch, type Point } from '../../../lib/view/page/model/gestures';
import { pinchedZoom } from '../../../lib/view/page/model/image-geometry';
import { Overview } from '../../../lib/view/page/model/overview';
import { pinchedWindow } from '../../../lib/view/page/model/wave-window';
import type { NoPreview, Preview, Request, Watch } from '../../../lib/view/protocol';

function touched() {
  const points: (Point | undefined)[] = [];
  const pinches: Pinch[] = [];
  let shownAll = 0;
  const gestures = new Gestures({
    point: (at) => points.push(at),
    pinchStart: () => undefined,
    pinch: (pinch) => pinches.push(pinch),
    showAll: () => (shownAll += 1),
  });
  const tap = (x: number, y: number, time: number): void => {
    gestures.down(1, { x, y });
    gestures.up(1, time);
  };
  return { gestures, points, pinches, tap, shownAll: () => shownAll };
}

describe('fingers', () => {
  test('one across moves the cursor, also up and down from then on; one that goes up is for the page', () => {
    const { gestures, points } = touched();
    gestures.down(1, { x: 100, y: 100 });
    gestures.move(1, { x: 102, y: 130 });
    gestures.cancel(1);
    expect(points).toEqual([]);
    gestures.down(2, { x: 100, y: 100 });
    for (const at of [
      { x: 104, y: 100 },
      { x: 120, y: 104 },
      { x: 120, y: 160 },
    ])
      gestures.move(2, at);
    gestures.up(2, 0);
    expect(points).toEqual([
      { x: 120, y: 104 },
      { x: 120, y: 160 },
    ]);
  });

  test('a tap puts the cursor, one on the cursor takes it away, two show all', () => {
    const { points, tap, shownAll } = touched();
    tap(50, 50, 1000);
    tap(52, 50, 2000);
    expect(points).toEqual([{ x: 50, y: 50 }, undefined]);
    expect(shownAll()).toBe(0);
    tap(52, 50, 2200);
    expect(shownAll()).toBe(1);
    expect(points.at(-1)).toBeUndefined();
  });

  test('two pinch from where they began; what is left of them, and a third, do nothing', () => {
    const { gestures, pinches, points } = touched();
    gestures.down(1, { x: 100, y: 0 });
    gestures.down(2, { x: 200, y: 0 });
    gestures.down(3, { x: 500, y: 0 });
    gestures.move(3, { x: 900, y: 0 });
    gestures.move(2, { x: 300, y: 0 });
    gestures.move(1, { x: 50, y: 0 });
    expect(pinches).toEqual([
      { ratio: 2, from: { x: 150, y: 0 }, to: { x: 200, y: 0 } },
      { ratio: 2.5, from: { x: 150, y: 0 }, to: { x: 175, y: 0 } },
    ]);
    gestures.up(2, 0);
    gestures.move(1, { x: 0, y: 0 });
    gestures.up(1, 0);
    expect(pinches.length).toBe(2);
    expect(points).toEqual([undefined]);
  });

  test('a window keeps the sample that is between them, and stays within the frame', () => {
    expect(pinchedWindow([0, 1000], 1000, 2, 0.5, 0.5)).toEqual([250, 750]);
    expect(pinchedWindow([250, 750], 1000, 1, 0.5, 0.7)).toEqual([150, 650]);
    expect(pinchedWindow([250, 750], 1000, 0.1, 0.5, 0.5)).toEqual([0, 1000]);
    expect(pinchedWindow([250, 750], 1000, 1, 0, 1)).toEqual([0, 500]);
    expect(pinchedWindow([500, 510], 1000, 100, 0.5, 0.5)).toEqual([501, 509]);
    expect(pinchedWindow([0, 4], 4, 100, 0.5, 0.5)).toEqual([0, 4]);
  });

  test('a zoom goes to the nearest step, and stays while they pan', () => {
    expect(pinchedZoom('fit', 0.4, 0.4, 1.1)).toBe('fit');
    expect(pinchedZoom('fit', 0.4, 0.4, 2)).toBe(1);
    expect(pinchedZoom('fit', 0.4, 0.4, 5)).toBe(2);
    expect(pinchedZoom(4, 4, 0.4, 0.05)).toBe('fit');
    // 1:1 would be smaller than the whole.
    expect(pinchedZoom('fit', 1.5, 1.5, 0.6)).toBe('fit');
  });
});

describe('the overview', () => {
  const WATCH: Watch = {
    op: 'watch',
    id: 1,
    channel: 0,
    view: 'wave',
    type: 'u2',
    order: 'le',
    skip: 0,
    shape: undefined,
  };

  function overview() {
    const sent: Request[] = [];
    const world = { now: 0, isHidden: false };
    const made = new Overview({
      send: (request) => {
        sent.push(request);
        return true;
      },
      now: () => world.now,
      isHidden: () => world.isHidden,
    });
    const ops = (): string[] => sent.splice(0).map(({ op }) => op);
    return { made, world, ops };
  }

  const nothing = (number: number): Preview | NoPreview => ({
    op: 'no-preview',
    id: 1,
    channel: 0,
    reason: 'empty',
    number,
  });

  test('asks once a second at most, not before an answer, and not while it is hidden', () => {
    const { made, world, ops } = overview();
    made.want(WATCH);
    expect(ops()).toEqual(['watch', 'next']);
    world.now = 5000;
    made.refresh();
    expect(ops()).toEqual([]);
    made.take(nothing(1));
    world.isHidden = true;
    made.refresh();
    expect(ops()).toEqual([]);
    world.isHidden = false;
    made.refresh();
    made.take(nothing(2));
    world.now = 5999;
    made.refresh();
    expect(ops()).toEqual(['next']);
    world.now = 6000;
    made.refresh();
    expect(ops()).toEqual(['next']);
    made.want(undefined);
    world.now = 9000;
    made.refresh();
    expect(ops()).toEqual(['unwatch']);
  });

  test('asks once for a frame that is kept', () => {
    const { made, world, ops } = overview();
    made.want({ ...WATCH, frame: 7 });
    made.take(nothing(6));
    world.now = 1000;
    made.refresh();
    expect(ops()).toEqual(['watch', 'next', 'next']);
    made.take(nothing(7));
    world.now = 2000;
    made.refresh();
    expect(ops()).toEqual([]);
  });
});
