// How much of the picture is seen, for those without keys.

import { group } from '../model/format';
import type { Zoom } from '../model/settings';
import { usePage } from './context';
import { Group } from './group';
import { Segments } from './segments';

const ZOOMS = [
  ['fit', 'fit'],
  [1, '1:1'],
  [2, '2:1'],
  [4, '4:1'],
] as const;

export function ZoomSegments() {
  const { selection } = usePage().app;
  return (
    <Segments<Zoom>
      label="Zoom"
      value={selection.settings.value?.zoom ?? 'fit'}
      options={ZOOMS}
      onChange={(zoom) => selection.change({ zoom })}
    />
  );
}

/** In the sheet of a phone. */
export function ZoomGroup() {
  const { app, shown } = usePage();
  const view = app.selection.settings.value?.view;
  if (view === 'image') {
    return (
      <Group title="Zoom" note="or two fingers">
        <ZoomSegments />
      </Group>
    );
  }
  if (view !== 'wave') return null;
  const [from, to] = app.canvas.value.window ?? [];
  const isAll = from === undefined || to === undefined;
  return (
    <Group title="Zoom" note={isAll ? 'or two fingers' : `samples ${group(from)} to ${group(to)}`}>
      <button type="button" class="button" disabled={isAll} onClick={() => shown.current?.zoom('all')}>
        Show all samples
      </button>
    </Group>
  );
}
