// What the gateway is asked for: what the viewer shows, and the whole waveform when a part of it is shown.

import type { Watch } from '../../protocol';
import type { Canvas } from './browser';
import { OVERVIEW_ID } from './overview';
import type { Paused } from './pausing';
import type { ChannelView } from './settings';

export interface Wanted {
  readonly channel: number | undefined;
  readonly settings: ChannelView | undefined;
  readonly paused: Paused | undefined;
  readonly canvas: Canvas;
}

export function watchOf({ channel, settings, paused, canvas }: Wanted): Watch | undefined {
  const { columns, window } = canvas;
  if (channel === undefined || settings === undefined) return undefined;
  const frame = paused?.channel === channel ? paused.frames[paused.index]?.number : undefined;
  return {
    op: 'watch',
    id: 0,
    channel,
    view: settings.view,
    ...settings.reading,
    ...(settings.view === 'wave' ? { columns: within(columns) } : {}),
    ...(settings.view === 'hist' ? { bins: settings.bins } : {}),
    ...(window === undefined ? {} : { window }),
    ...(frame === undefined ? {} : { frame }),
  };
}

export function overviewWatchOf(wanted: Wanted): Watch | undefined {
  const { overview, window } = wanted.canvas;
  if (wanted.settings?.view !== 'wave' || window === undefined || overview === 0) return undefined;
  const watch = watchOf({ ...wanted, canvas: { columns: overview, window: undefined, overview } });
  return watch && { ...watch, id: OVERVIEW_ID };
}

function within(columns: number): number {
  return Math.min(4096, Math.max(16, columns));
}
