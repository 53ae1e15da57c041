// The image, what the cursor is on, zoom, region and profile.

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { ImageStage } from '../draw/image-stage';
import { group, ordinal, sample } from '../model/format';
import { valueAt } from '../model/pixels';
import { useMounted, usePage } from './context';
import { Handles } from './image-handles';
import { LegendRow } from './legend';
import { Profile } from './profile';
import { toggleLine, toggleRegion } from './toggles';
import { ZoomSegments } from './zoom';
import { follow } from '../model/follow';

export function ImageView() {
  const page = usePage();
  const { app, shown, stage } = page;
  const holder = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const isPanning = useSignal(false);
  useMounted(() => {
    if (holder.current === null || image.current === null || marks.current === null) return () => undefined;
    const made = new ImageStage(app, holder.current, image.current, marks.current);
    shown.current = made;
    stage.value = made;
    page.dialogs.painter.value = made.painter;
    return () => {
      shown.current = undefined;
      stage.value = undefined;
      made.destroy();
    };
  });
  const settings = app.selection.settings.value;
  // What fingers do is the stage's.
  const isMouse = ({ pointerType }: PointerEvent): boolean => pointerType === 'mouse';
  const onPointerMove = (event: PointerEvent): void => {
    if (!isMouse(event)) return;
    if (isPanning.value) stage.value?.pan(event.movementX, event.movementY);
    else app.cursor.value = stage.value?.pixelAt(event.clientX, event.clientY);
  };
  return (
    <>
      <LegendRow>
        <CursorText />
        <span class="spring" />
        <button
          type="button"
          class="button"
          title="Region (R)"
          aria-pressed={settings?.region !== undefined}
          onClick={() => toggleRegion(app)}
        >
          Region
        </button>
        <button
          type="button"
          class="button"
          title="Profile (P)"
          aria-pressed={settings?.line !== undefined}
          onClick={() => toggleLine(app)}
        >
          Profile
        </button>
        <span class="divider" aria-hidden="true" />
        <ZoomSegments />
      </LegendRow>
      <div
        class="image-stage"
        ref={holder}
        onPointerMove={onPointerMove}
        onPointerLeave={(event) => {
          if (isMouse(event)) app.cursor.value = undefined;
        }}
        onPointerDown={(event) => {
          if (settings?.zoom === 'fit' || event.button !== 0 || !isMouse(event)) return;
          isPanning.value = true;
          holder.current?.setPointerCapture(event.pointerId);
        }}
        onPointerUp={() => (isPanning.value = false)}
        onPointerCancel={() => (isPanning.value = false)}
      >
        <canvas class="image-pixels" ref={image} role="img" aria-label={useImageSummary()} />
        <canvas class="image-marks" ref={marks} aria-hidden="true" />
        <Handles />
      </div>
      {settings?.line !== undefined && <Profile />}
    </>
  );
}

function CursorText() {
  const { app, stage } = usePage();
  const at = app.cursor.value;
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const state = stage.value?.state.value;
  if (state === undefined) return null;
  const { pixels } = state;
  const thinned = pixels.step > 1 ? `from every ${ordinal(pixels.step)} pixel` : '';
  if (at === undefined) return <span class="cursor-text">{thinned}</span>;
  const value = valueAt(pixels)(at[0], at[1]);
  return (
    <span class="cursor-text">
      <span class="cursor-word">Cursor </span>
      row {at[0]}, column {at[1]}, value <b>{sample(value, type)}</b> {thinned}
    </span>
  );
}

/** In words, at most once a second. */
function useImageSummary(): string {
  const { app } = usePage();
  follow(app.second);
  const settings = app.selection.settings.value;
  const about = app.watching.calm.peek()?.about;
  if (about?.view !== 'image' || settings === undefined) return 'Image, nothing to show';
  const { type, shape } = settings.reading;
  const [rows, columns] = shape ?? [1, about.samples];
  const { statistics } = about;
  const range =
    statistics === undefined
      ? 'no finite value'
      : `min ${sample(statistics.min, type)}, max ${sample(statistics.max, type)}`;
  return `Image of channel ${about.channel}, ${group(rows)} × ${group(columns)} pixels, ${range}`;
}
