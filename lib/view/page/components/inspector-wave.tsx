// Beside a waveform: the cursor, this frame, the last 64, what is drawn.

import type { Statistics } from '../../protocol';
import type { SampleType } from '../../interpretation';
import { average, group, sample } from '../model/format';
import { columnOfSample, columnsOf, type Picture } from '../model/previews';
import type { RangeMode } from '../model/settings';
import { usePage } from './context';
import { Group, Value } from './group';
import { TextField } from './interpretation';
import { Segments } from './segments';

const FRAMES = [
  [1, '1'],
  [8, '8'],
  [64, '64'],
] as const;
const RANGES = [
  ['auto', 'auto'],
  ['type', 'type'],
  ['fixed', 'fixed'],
] as const;

export function WaveInspector() {
  const { app } = usePage();
  const picture = app.watching.calm.value;
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const { statistics } = picture?.about ?? {};
  const summary = app.ring.summary();
  return (
    <>
      <CursorGroup />
      <Group title="This frame" note={noteOf(picture)}>
        <StatisticsRows statistics={statistics} type={type} />
      </Group>
      <Group
        title={`${app.ring.length} ${app.ring.length === 1 ? 'frame' : 'frames'}`}
        note={summary === undefined ? undefined : `${group(summary.samples)} samples`}
      >
        <Value name="Min" value={summary === undefined ? '–' : sample(summary.min, type)} />
        <Value name="Max" value={summary === undefined ? '–' : sample(summary.max, type)} />
        <Value
          name="Mean of maxima"
          value={summary === undefined ? '–' : average(summary.meanOfMaxima, type)}
        />
      </Group>
      <DrawGroup />
    </>
  );
}

/** "2 100 samples", or how many of them are in the part that is shown. */
function noteOf(picture: Picture | undefined): string | undefined {
  if (picture === undefined) return undefined;
  const { samples, window } = picture.about;
  const shown = (window[1] ?? samples) - (window[0] ?? 0);
  return shown < samples ? `${group(shown)} of ${group(samples)}` : `${group(samples)} samples`;
}

export function StatisticsRows({
  statistics,
  type,
}: {
  statistics: Statistics | undefined;
  type: SampleType;
}) {
  return (
    <>
      <Value name="Min" value={statistics === undefined ? '–' : sample(statistics.min, type)} />
      <Value name="Max" value={statistics === undefined ? '–' : sample(statistics.max, type)} />
      <Value name="Mean" value={statistics === undefined ? '–' : average(statistics.mean, type)} />
      <Value name="Deviation" value={statistics === undefined ? '–' : average(statistics.deviation, type)} />
      {(statistics?.nan ?? 0) > 0 && <Value name="NaN" value={group(statistics?.nan ?? 0)} />}
    </>
  );
}

function CursorGroup() {
  const { at, figures } = useWaveCursor();
  return (
    <Group title="Cursor" note={at === undefined ? undefined : `sample ${group(at)}`}>
      {figures.map(([name, value]) => (
        <Value key={name} name={name} value={value} />
      ))}
    </Group>
  );
}

/** The sample that the cursor is on, what this frame has there, and what the last ones had. */
export function useWaveCursor(): {
  readonly at: number | undefined;
  readonly figures: readonly (readonly [name: string, value: string])[];
} {
  const { app } = usePage();
  const at = app.cursor.value?.[1];
  const picture = app.watching.calm.value;
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const write = (value: number | undefined): string =>
    value === undefined || !Number.isFinite(value) ? '–' : sample(value, type);
  const column = picture === undefined || at === undefined ? -1 : columnOfSample(picture.about, at);
  const isInside = column >= 0 && column < columnsOf(picture);
  const envelope = isInside && app.ring.length > 0 ? app.ring.envelope() : undefined;
  const isPair = picture !== undefined && picture.about.step > 0;
  const value = isInside ? picture?.numbers[isPair ? 2 * column + 1 : column] : undefined;
  const low = isInside && isPair ? picture.numbers[2 * column] : undefined;
  const text = low === undefined || low === value ? write(value) : `${write(low)} to ${write(value)}`;
  return {
    at,
    figures: [
      ['This frame', text],
      [`Min of ${app.ring.length}`, write(envelope?.low[column])],
      [`Max of ${app.ring.length}`, write(envelope?.high[column])],
    ],
  };
}

function DrawGroup() {
  const { selection, watching } = usePage().app;
  const settings = selection.settings.value;
  if (settings === undefined) return null;
  const setRange = (range: RangeMode): void => {
    const { min = 0, max = 1 } = watching.calm.value?.about.statistics ?? {};
    const isUnset = settings.rangeLow >= settings.rangeHigh;
    selection.change(range === 'fixed' && isUnset ? { range, rangeLow: min, rangeHigh: max } : { range });
  };
  const take =
    (key: 'rangeLow' | 'rangeHigh') =>
    (text: string): boolean => {
      const value = Number(text.replace('\u2212', '-'));
      if (text.trim() === '' || !Number.isFinite(value)) return false;
      selection.change({ [key]: value });
      return true;
    };
  return (
    <Group title="Draw">
      <label class="row check">
        <input
          type="checkbox"
          checked={settings.envelope}
          onChange={(event) => selection.change({ envelope: event.currentTarget.checked })}
        />
        <span>Min to max envelope</span>
      </label>
      <div class="row">
        <span aria-hidden="true">Frames</span>
        <Segments<1 | 8 | 64>
          label="Frames drawn"
          value={settings.frames}
          options={FRAMES}
          onChange={(frames) => selection.change({ frames })}
        />
      </div>
      <div class="row">
        <span aria-hidden="true">Y range</span>
        <Segments<RangeMode> label="Y range" value={settings.range} options={RANGES} onChange={setRange} />
      </div>
      {settings.range === 'fixed' && (
        <div class="row range-fields">
          <TextField
            class="field"
            label="Y range, from"
            value={String(settings.rangeLow)}
            take={take('rangeLow')}
          />
          <span>to</span>
          <TextField
            class="field"
            label="Y range, to"
            value={String(settings.rangeHigh)}
            take={take('rangeHigh')}
          />
        </div>
      )}
    </Group>
  );
}
