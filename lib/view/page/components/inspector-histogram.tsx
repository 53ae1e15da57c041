// Beside a histogram: the bin under the cursor, the newest frame.

import { group, significant } from '../model/format';
import { usePage } from './context';
import { Group, Value } from './group';
import { StatisticsRows } from './inspector-wave';

export function HistogramInspector() {
  const { app } = usePage();
  const picture = app.watching.calm.value;
  const type = app.selection.settings.value?.reading.type ?? 'u2';
  const at = app.cursor.value?.[1];
  const { low = 0, high = 1 } = picture?.about ?? {};
  const bins = picture?.numbers.length ?? 0;
  const width = (high - low) / Math.max(1, bins);
  const bin = at === undefined ? -1 : Math.floor((at - low) / width);
  const isInside = bin >= 0 && bin < bins;
  const from = low + bin * width;
  return (
    <>
      <Group title="Cursor" note={isInside ? `bin ${group(bin)}` : undefined}>
        <Value name="From" value={isInside ? significant(from, 6) : '–'} />
        <Value name="To" value={isInside ? significant(from + width, 6) : '–'} />
        <Value name="Count" value={isInside ? group(picture?.numbers[bin] ?? 0) : '–'} />
      </Group>
      <Group
        title="This frame"
        note={picture === undefined ? undefined : `${group(picture.about.samples)} samples`}
      >
        <StatisticsRows statistics={picture?.about.statistics} type={type} />
      </Group>
    </>
  );
}
