// The numbers beside the picture, and how it is drawn.

import { average, frameRate, group, sample } from '../model/format';
import { usePage } from './context';
import { Group, Value } from './group';
import { HistogramInspector } from './inspector-histogram';
import { ImageInspector } from './inspector-image';
import { useWaveCursor, WaveInspector } from './inspector-wave';
import { Timeline } from './timeline';

export function Inspector() {
  return (
    <aside class="inspector" aria-label="Inspector">
      <InspectorGroups />
      <span class="spring" />
      <Timeline />
    </aside>
  );
}

/** As the sheet of a phone has them, too. */
export function InspectorGroups() {
  const view = usePage().app.selection.settings.value?.view;
  switch (view) {
    case 'wave':
      return <WaveInspector />;
    case 'image':
      return <ImageInspector />;
    case 'hist':
      return <HistogramInspector />;
    case 'hex':
      return <HexInspector />;
    case undefined:
      return null;
  }
}

function HexInspector() {
  const { app } = usePage();
  const about = app.watching.calm.value?.about;
  if (about === undefined) return null;
  const skip = app.selection.settings.value?.reading.skip ?? 0;
  return (
    <Group title="This frame" note={`${group(about.size)} bytes`}>
      <Value name="Channel" value={String(about.channel)} />
      <Value name="Skipped" value={`${group(skip)} B`} />
    </Group>
  );
}

/** A phone has four figures below the plot, or those of the cursor, or the banner in their place. */
export function PhoneFigures() {
  const { app } = usePage();
  const isOnWave = app.selection.settings.value?.view === 'wave' && app.cursor.value !== undefined;
  return <div class="phone-figures">{isOnWave ? <CursorFigures /> : <FrameFigures />}</div>;
}

function CursorFigures() {
  const { at, figures } = useWaveCursor();
  return (
    <>
      <Value name="Sample" value={group(at ?? 0)} />
      {figures.map(([name, value]) => (
        <Value key={name} name={name} value={value} />
      ))}
    </>
  );
}

function FrameFigures() {
  const { app } = usePage();
  const { statistics } = app.watching.calm.value?.about ?? {};
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const of = (value: number | undefined, write: (value: number) => string): string =>
    value === undefined ? '–' : write(value);
  return (
    <>
      <Value name="Min" value={of(statistics?.min, (value) => sample(value, type))} />
      <Value name="Max" value={of(statistics?.max, (value) => sample(value, type))} />
      <Value name="Mean" value={of(statistics?.mean, (value) => average(value, type))} />
      <Value name="Not shown" value={`${frameRate(app.watching.shares.value.notShown)}/s`} />
    </>
  );
}
