// Beside an image: levels, the region, the whole frame.

import { useComputed } from '@preact/signals';
import { average, group, sample } from '../model/format';
import { summarize } from '../model/statistics';
import { usePage } from './context';
import { Group, Value } from './group';
import { LevelsPanel } from './levels';
import { useImageNumbers } from './numbers';

export function ImageInspector() {
  const { app } = usePage();
  const hasRegion = app.selection.settings.value?.region !== undefined;
  return (
    <>
      <LevelsPanel />
      {hasRegion && <RegionGroup />}
      <WholeGroup />
    </>
  );
}

function RegionGroup() {
  const { app } = usePage();
  const numbers = useImageNumbers();
  const summary = useComputed(() => {
    const region = app.selection.settings.value?.region;
    if (region === undefined || numbers.value === undefined) return undefined;
    return summarize(numbers.value.at, region, numbers.value.step);
  });
  const { region, reading } = app.selection.settings.value ?? {};
  if (region === undefined || reading === undefined) return null;
  const [row, column, rows, columns] = region;
  const found = summary.value;
  const has = found !== undefined && found.count > 0;
  return (
    <Group title="Region" note={`${group(rows)} × ${group(columns)} px`}>
      <Value name="Rows" value={`${group(row)} to ${group(row + rows - 1)}`} />
      <Value name="Columns" value={`${group(column)} to ${group(column + columns - 1)}`} />
      <Value name="Mean" value={has ? average(found.mean, reading.type) : '–'} />
      <Value name="Deviation" value={has ? average(found.deviation, reading.type) : '–'} />
      <Value name="Sum" value={has ? sample(found.sum, reading.type === 'f4' ? 'f4' : 'f8') : '–'} />
      <Value name="Max" value={has ? sample(found.max, reading.type) : '–'} />
      <Origin text={numbers.value?.origin} />
    </Group>
  );
}

function WholeGroup() {
  const { app } = usePage();
  const numbers = useImageNumbers();
  const summary = useComputed(() => {
    const source = numbers.value;
    if (source === undefined) return undefined;
    return summarize(source.at, [0, 0, source.rows, source.columns], source.step);
  });
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const found = summary.value;
  const has = found !== undefined && found.count > 0;
  return (
    <Group title={numbers.value?.isWhole === false ? 'Part shown' : 'Whole frame'}>
      <Value
        name="Min to max"
        value={has ? `${sample(found.min, type)} to ${sample(found.max, type)}` : '–'}
      />
      <Value name="Mean" value={has ? average(found.mean, type) : '–'} />
      <Value name="At 0" value={has ? `${group(found.zeros)} px` : '–'} />
      {(found?.nan ?? 0) > 0 && (numbers.value?.step ?? 1) === 1 && (
        <Value name="NaN" value={group(found?.nan ?? 0)} />
      )}
      <Origin text={numbers.value?.origin} />
    </Group>
  );
}

function Origin({ text }: { text: string | undefined }) {
  return text === undefined || text === '' ? null : <p class="origin">{text}</p>;
}
