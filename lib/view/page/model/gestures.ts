// What fingers mean: one moves the cursor, two zoom and pan, a double tap shows all.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Two fingers, since both have been down. */
export interface Pinch {
  /** How much farther apart they are. */
  readonly ratio: number;
  /** The middle between them, then and now. */
  readonly from: Point;
  readonly to: Point;
}

export interface Touchable {
  /** Where the cursor is; undefined: nowhere. */
  readonly point: (at: Point | undefined) => void;
  readonly pinchStart: () => void;
  readonly pinch: (pinch: Pinch) => void;
  readonly showAll: () => void;
}

const SLOP = 8;
const TAP_REACH = 32;
const DOUBLE_TAP_MS = 350;
/** Fingers on one spot are no measure of how far they part. */
const LEAST_APART = 24;

interface Finger {
  readonly start: Point;
  at: Point;
}

export class Gestures {
  private readonly fingers = new Map<number, Finger>();
  private isDragging = false;
  /** The finger that stays after a pinch moves nothing. */
  private hasPinched = false;
  private pinchedFrom: readonly [Point, Point] | undefined;
  private pointed: Point | undefined;
  private tapped: { readonly at: Point; readonly time: number } | undefined;

  constructor(private readonly touchable: Touchable) {}

  down(id: number, at: Point): void {
    if (this.fingers.size === 2) return;
    if (this.fingers.size === 0) this.hasPinched = this.isDragging = false;
    this.fingers.set(id, { start: at, at });
    const pair = this.pair();
    if (pair === undefined) return;
    this.hasPinched = true;
    this.pinchedFrom = pair;
    this.tapped = undefined;
    this.pointTo(undefined);
    this.touchable.pinchStart();
  }

  move(id: number, at: Point): void {
    const finger = this.fingers.get(id);
    if (finger === undefined) return;
    finger.at = at;
    const pair = this.pair();
    if (pair !== undefined) this.pinch(pair);
    else if (!this.hasPinched) this.drag(finger);
  }

  up(id: number, time: number): void {
    const finger = this.fingers.get(id);
    this.cancel(id);
    if (finger === undefined || this.hasPinched || this.isDragging) return;
    if (distance(finger.start, finger.at) <= SLOP) this.tap(finger.at, time);
  }

  /** The browser has taken the finger, to scroll. */
  cancel(id: number): void {
    this.fingers.delete(id);
    this.pinchedFrom = undefined;
  }

  private pair(): readonly [Point, Point] | undefined {
    const [first, second] = this.fingers.values();
    return first === undefined || second === undefined ? undefined : [first.at, second.at];
  }

  private pinch(now: readonly [Point, Point]): void {
    const { pinchedFrom: then } = this;
    if (then === undefined) return;
    const apart = ([a, b]: readonly [Point, Point]): number => Math.max(LEAST_APART, distance(a, b));
    this.touchable.pinch({ ratio: apart(now) / apart(then), from: middle(then), to: middle(now) });
  }

  private drag({ start, at }: Finger): void {
    // A finger that goes up or down scrolls the page, and leaves the cursor where it is.
    const [across, along] = [Math.abs(at.x - start.x), Math.abs(at.y - start.y)];
    this.isDragging ||= across > SLOP && across > along;
    if (this.isDragging) this.pointTo(at);
  }

  private tap(at: Point, time: number): void {
    const { tapped, pointed } = this;
    if (tapped !== undefined && time - tapped.time <= DOUBLE_TAP_MS && distance(tapped.at, at) < TAP_REACH) {
      this.tapped = undefined;
      this.pointTo(undefined);
      this.touchable.showAll();
      return;
    }
    this.tapped = { at, time };
    // A tap on the cursor takes it away.
    this.pointTo(pointed !== undefined && distance(pointed, at) < TAP_REACH ? undefined : at);
  }

  private pointTo(at: Point | undefined): void {
    this.pointed = at;
    this.touchable.point(at);
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle([a, b]: readonly [Point, Point]): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
