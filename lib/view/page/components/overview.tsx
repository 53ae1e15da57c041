// The window of the waveform, over the whole frame: its ends are sliders.

import type { RefObject } from 'preact';
import { group } from '../model/format';
import { usePage } from './context';

const AXIS_WIDTH = 48;
const RIGHT = 18;

export function Overview({ holder }: { holder: RefObject<HTMLDivElement | null> }) {
  const { app } = usePage();
  const samples = app.watching.calm.value?.about.samples ?? 0;
  const [from = 0, to = samples] = app.canvas.value.window ?? [];
  const share = (value: number): number => (samples === 0 ? 0 : Math.max(0, Math.min(1, value / samples)));
  const show = (first: number, last: number): void => app.showWindow(first, last, samples);
  const left = share(from);
  const right = share(to);

  const drag = (event: PointerEvent, which: 'from' | 'to' | 'both'): void => {
    const track = holder.current;
    if (track === null || !(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    const target = event.currentTarget;
    const perPixel = samples / Math.max(1, track.clientWidth - AXIS_WIDTH - RIGHT);
    const start = event.clientX;
    target.setPointerCapture(event.pointerId);
    target.onpointermove = (move) => {
      const by = Math.round((move.clientX - start) * perPixel);
      if (which === 'both') {
        const kept = Math.max(-from, Math.min(samples - to, by));
        show(from + kept, to + kept);
      } else if (which === 'from') show(from + by, to);
      else show(from, to + by);
    };
    target.onpointerup = target.onpointercancel = () => (target.onpointermove = null);
  };
  const slide = (event: KeyboardEvent, which: 'from' | 'to'): void => {
    const step = Math.max(1, Math.round((to - from) / (event.shiftKey ? 10 : 100)));
    const by = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    if (which === 'from') show(from + by, to);
    else show(from, to + by);
  };
  const end = (which: 'from' | 'to', at: number, value: number) => (
    <div
      class="overview-handle"
      role="slider"
      tabIndex={0}
      aria-label={which === 'from' ? 'First sample shown' : 'Last sample shown'}
      aria-valuemin={0}
      aria-valuemax={samples}
      aria-valuenow={value}
      aria-valuetext={group(value)}
      style={{ left: `${100 * at}%` }}
      onPointerDown={(event) => drag(event, which)}
      onKeyDown={(event) => slide(event, which)}
    />
  );
  return (
    <div class="overview">
      <span class="overview-name" aria-hidden="true">
        all
      </span>
      <div class="fill" ref={holder} />
      <div class="overview-track">
        <div
          class="overview-window"
          style={{ left: `${100 * left}%`, width: `${100 * (right - left)}%` }}
          onPointerDown={(event) => drag(event, 'both')}
        />
        {end('from', left, from)}
        {end('to', right, to)}
      </div>
    </div>
  );
}
