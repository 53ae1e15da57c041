// A row of the channel list.

import { useRef } from 'preact/hooks';
import type { ChannelStatus } from '../../protocol';
import { frameRate, group, scaled } from '../model/format';
import { usePage } from './context';
import { TriangleIcon } from './icons';

interface Props {
  readonly status: ChannelStatus;
  readonly index: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  readonly canHide: boolean;
}

export function ChannelRow({ status, index, top, isSelected, isTabStop, canHide }: Props) {
  const { app } = usePage();
  const { channel, errors, isStalled } = status;
  const prefixes = useRef({ rate: 0, size: 0 });
  const isFlowing = !isStalled && app.isFlowing.value;
  const rate = scaled(isFlowing ? status.bytesPerSecond : 0, 'B/s', prefixes.current.rate);
  const size = scaled(status.size, 'B', prefixes.current.size);
  prefixes.current = { rate: rate.prefix, size: size.prefix };
  return (
    <div
      class={`grid-row channel ${isSelected ? 'is-selected' : ''} ${isStalled ? 'is-stalled' : ''}`}
      role="row"
      data-channel={channel}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={isTabStop ? 0 : -1}
      style={{ top: `${top}px` }}
      onClick={() => app.select(channel)}
    >
      <div class="cell cell-channel" role="gridcell">
        <Square channel={channel} canHide={canHide} isTabStop={isTabStop} />
        <span>{channel}</span>
      </div>
      <div class="cell cell-view" role="gridcell">
        {app.selection.viewOf(channel, status.guess.view)}
      </div>
      <div class="cell cell-frames" role="gridcell">
        {frameRate(isFlowing ? status.framesPerSecond : 0)}
      </div>
      <div class="cell cell-rate" role="gridcell">
        <span class="number">{rate.number}</span> <span class="unit">{rate.unit}</span>
      </div>
      <div class="cell cell-size" role="gridcell">
        <span class="number">{size.number}</span> <span class="unit">{size.unit}</span>
      </div>
      <div class={`cell cell-errors ${errors > 0 ? 'tone-warn' : ''}`} role="gridcell">
        {errors === 0 ? (
          '0'
        ) : (
          <button
            type="button"
            class="errors"
            tabIndex={isTabStop ? 0 : -1}
            aria-label={`Errors of channel ${channel}: ${group(errors)}`}
            aria-expanded={app.errorsOf.value === channel}
            onClick={() => {
              app.errorsOf.value = app.errorsOf.value === channel ? undefined : channel;
            }}
          >
            <TriangleIcon />
            {group(errors)}
          </button>
        )}
      </div>
    </div>
  );
}

/** Filled: drawn in the strips. */
function Square({ channel, canHide, isTabStop }: { channel: number; canHide: boolean; isTabStop: boolean }) {
  const { app } = usePage();
  const { channels } = app;
  const isDrawn = channels.drawn.value.has(channel);
  const look = isDrawn ? `square series-${channels.colorOf(channel)}` : 'square is-hollow';
  if (!canHide) return <span class={look} aria-hidden="true" />;
  return (
    <button
      type="button"
      class="square-button"
      tabIndex={isTabStop ? 0 : -1}
      aria-pressed={isDrawn}
      aria-label={`Draw channel ${channel} in the rates`}
      title={isDrawn ? 'Drawn in the rates: click to hide' : 'Click to draw it in the rates'}
      onClick={(event) => {
        event.stopPropagation();
        channels.toggle(channel);
      }}
    >
      <span class={look} aria-hidden="true" />
    </button>
  );
}
