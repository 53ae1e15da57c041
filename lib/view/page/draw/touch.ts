// Fingers on a plot. Its CSS has `touch-action: pan-y`: going up or down with one of them is the browser's, to scroll.

import { Gestures, type Point, type Touchable } from '../model/gestures';

/** @returns a function that ends it. */
export function listenToTouch(element: HTMLElement, touchable: Touchable): () => void {
  const gestures = new Gestures(touchable);
  const controller = new AbortController();
  const { signal } = controller;
  const onPointer = (
    type: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel',
    act: (id: number, at: Point, time: number) => void,
  ): void =>
    element.addEventListener(
      type,
      ({ pointerType, pointerId, clientX: x, clientY: y, timeStamp }) => {
        if (pointerType !== 'mouse') act(pointerId, { x, y }, timeStamp);
      },
      { signal },
    );
  onPointer('pointerdown', (id, at) => gestures.down(id, at));
  onPointer('pointermove', (id, at) => gestures.move(id, at));
  onPointer('pointerup', (id, _, time) => gestures.up(id, time));
  onPointer('pointercancel', (id) => gestures.cancel(id));
  // Two fingers that go down together would scroll.
  element.addEventListener(
    'touchmove',
    (event) => {
      if (event.touches.length > 1 && event.cancelable) event.preventDefault();
    },
    { passive: false, signal },
  );
  // The mouse that browsers make of a tap would point as well.
  element.addEventListener(
    'touchend',
    (event) => {
      const isOnButton = event.target instanceof Element && event.target.closest('button') !== null;
      if (!isOnButton && event.cancelable) event.preventDefault();
    },
    { passive: false, signal },
  );
  return () => controller.abort();
}
