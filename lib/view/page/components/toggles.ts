// Region and profile, switched on in the middle of the image and off again.

import type { App } from '../model/app';

function extent(app: App): readonly [rows: number, columns: number] {
  const shape = app.selection.settings.value?.reading.shape;
  return shape ?? [1, app.watching.calm.value?.about.samples ?? 1];
}

export function toggleRegion(app: App): void {
  const settings = app.selection.settings.value;
  if (settings?.view !== 'image') return;
  const [rows, columns] = extent(app);
  const height = Math.max(1, Math.floor(rows / 4));
  const width = Math.max(1, Math.floor(columns / 4));
  const region = [Math.floor((rows - height) / 2), Math.floor((columns - width) / 2), height, width] as const;
  app.selection.change({ region: settings.region === undefined ? region : undefined });
}

export function toggleLine(app: App): void {
  const settings = app.selection.settings.value;
  if (settings?.view !== 'image') return;
  const [rows, columns] = extent(app);
  const row = Math.floor(rows / 2);
  const line = [row, Math.floor(columns / 8), row, Math.floor((columns * 7) / 8)] as const;
  app.selection.change({ line: settings.line === undefined ? line : undefined });
}
