// The color bar with the histogram of the image beside it; two handles set which values the colors stand for.

import { effect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { drawLevels } from '../draw/levels';
import { palette } from '../draw/palette';
import { sample } from '../model/format';
import { COLOR_MAPS, type ColorMap, type LevelMode } from '../model/settings';
import { useMounted, usePage } from './context';
import { Segments } from './segments';
import { follow } from '../model/follow';

const MODES = [
  ['auto', 'auto'],
  ['percent', '1 to 99 %'],
  ['fixed', 'fixed'],
] as const;

const MAP_NAMES: Readonly<Record<ColorMap, string>> = {
  viridis: 'viridis',
  cividis: 'cividis',
  inferno: 'inferno',
  gray: 'gray',
  inverted: 'gray, inverted',
};

export function LevelsPanel() {
  const { app, stage } = usePage();
  const settings = app.selection.settings.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  useMounted(() =>
    effect(() => {
      follow(palette);
      const state = stage.value?.state.value;
      const map = app.selection.settings.value?.map ?? 'viridis';
      if (canvas.current !== null && state !== undefined)
        drawLevels(canvas.current, state, map, axisOf(state));
    }),
  );
  if (settings === undefined) return null;
  const setMode = (levels: LevelMode): void => {
    const [low, high] = stage.value?.state.value?.range ?? [0, 1];
    app.selection.change(levels === 'fixed' ? { levels, low, high } : { levels });
  };
  return (
    <div class="group levels">
      <div class="group-head">
        <h3>Levels</h3>
        <span class="group-note">log counts</span>
      </div>
      <div class="levels-plot">
        <canvas ref={canvas} role="img" aria-label="Histogram of the image beside its colors" />
        <Handle which="high" />
        <Handle which="low" />
      </div>
      <Segments<LevelMode> label="Levels" value={settings.levels} options={MODES} onChange={setMode} />
      <label class="row">
        <span>Colors</span>
        <select
          class="field"
          value={settings.map}
          onChange={(event) => app.selection.change({ map: event.currentTarget.value as ColorMap })}
        >
          {COLOR_MAPS.map((map) => (
            <option key={map} value={map}>
              {MAP_NAMES[map]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

interface LevelsState {
  readonly levels: { readonly range: readonly [number, number] };
  readonly range: readonly [number, number];
}

/** The values that the panel spans: those of the image and of the levels, with a little room. */
function axisOf({ levels, range }: LevelsState): readonly [number, number] {
  const low = Math.min(levels.range[0], range[0]);
  const high = Math.max(levels.range[1], range[1]);
  const room = 0.04 * (high - low || 1);
  return [low - room, high + room];
}

function Handle({ which }: { which: 'low' | 'high' }) {
  const { app, stage } = usePage();
  const state = stage.value?.state.value;
  if (state === undefined) return null;
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const [low, high] = state.range;
  const [bottom, top] = axisOf(state);
  const value = which === 'low' ? low : high;
  const set = (to: number): void => {
    const rounded = type.startsWith('f') ? to : Math.round(to);
    if (which === 'low' && rounded < high) app.selection.change({ levels: 'fixed', low: rounded, high });
    if (which === 'high' && rounded > low) app.selection.change({ levels: 'fixed', low, high: rounded });
  };
  const onPointerDown = (event: PointerEvent): void => {
    const { currentTarget: target } = event;
    if (!(target instanceof HTMLElement) || target.parentElement === null) return;
    event.preventDefault();
    target.focus();
    target.setPointerCapture(event.pointerId);
    const box = target.parentElement.getBoundingClientRect();
    target.onpointermove = (move) => {
      const share = Math.max(0, Math.min(1, (box.bottom - move.clientY) / box.height));
      set(bottom + share * (top - bottom));
    };
    target.onpointerup = target.onpointercancel = () => (target.onpointermove = null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = ((top - bottom) / 200) * (event.shiftKey ? 10 : 1);
    const by = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step }[event.key];
    if (event.key === 'Escape' && event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
    if (by === undefined) return;
    event.preventDefault();
    set(value + by);
  };
  const text = `${which} ${sample(value, type)}`;
  return (
    <div
      class={`level-handle is-${which}`}
      role="slider"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={which === 'low' ? 'Low level' : 'High level'}
      aria-valuemin={bottom}
      aria-valuemax={top}
      aria-valuenow={value}
      aria-valuetext={sample(value, type)}
      style={{ bottom: `${(100 * (value - bottom)) / (top - bottom)}%` }}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    >
      <span>{text}</span>
    </div>
  );
}
