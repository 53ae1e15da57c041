// The channels as a grid: sorted, filtered, and of many only the rows that are seen.

import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { filtered, MAX_LISTED, sorted, type SortKey } from '../model/channels';
import { group } from '../model/format';
import { ChannelErrors } from './channel-errors';
import { ChannelRow } from './channel-row';
import { usePage } from './context';

const FILTERED_ABOVE = 8;
const ROW_HEIGHT = 32;
const PHONE_ROW_HEIGHT = 44;
const OVERSCAN = 4;

const HEADS: readonly (readonly [SortKey, string])[] = [
  ['channel', 'Ch'],
  ['view', 'View'],
  ['frames', 'Frames/s'],
  ['rate', 'Rate'],
  ['size', 'Size'],
  ['errors', 'Errors'],
];

export function ChannelList() {
  const { app } = usePage();
  const { channels, selection, sorting, filter } = app;
  const body = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(300);
  const rows = useComputed(() => {
    const viewOf = (status: { channel: number; guess: { view: string } }) =>
      selection.viewOf(status.channel, status.guess.view as 'wave');
    return sorted(filtered([...channels.all.value.values()], filter.value, viewOf), sorting.value, viewOf);
  });
  useEffect(() => {
    const element = body.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => (height.value = element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const list = rows.value;
  const total = channels.count.value;
  const rowHeight = rowPixels();
  const first = Math.max(0, Math.floor(top.value / rowHeight) - OVERSCAN);
  const last = Math.min(list.length, Math.ceil((top.value + height.value) / rowHeight) + OVERSCAN);
  const selected = selection.channel.value;
  const isTabStop = list.some(({ channel }) => channel === selected) ? selected : list[0]?.channel;

  const focusRow = (index: number): void => {
    const status = list[Math.max(0, Math.min(list.length - 1, index))];
    const element = body.current;
    if (status === undefined || element === null) return;
    const at = list.indexOf(status) * rowHeight;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + rowHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = at + rowHeight - element.clientHeight;
    }
    app.select(status.channel);
    // The row may be drawn only after the scrolling.
    requestAnimationFrame(() =>
      element
        .querySelector<HTMLElement>(`[data-channel="${status.channel}"]`)
        ?.focus({ preventScroll: true }),
    );
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLElement && event.target.getAttribute('role') !== 'row') return;
    const index = list.findIndex(({ channel }) => channel === selected);
    const page = Math.max(1, Math.floor(height.value / rowHeight) - 1);
    const to = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: list.length - 1,
      PageDown: index + page,
      PageUp: index - page,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    focusRow(to);
  };

  return (
    <section class="panel channels" aria-label="Channels">
      <div class="panel-head">
        <h2>Channels</h2>
        <span class="count">{group(total)}</span>
        {total > FILTERED_ABOVE && <Filter />}
      </div>
      <div
        class="grid"
        role="grid"
        aria-label="Channels"
        aria-rowcount={list.length + 1}
        aria-colcount={HEADS.length}
        onKeyDown={onKeyDown}
      >
        <div class="grid-row grid-head" role="row" aria-rowindex={1}>
          {HEADS.map(([key, text]) => (
            <Head key={key} sortKey={key} text={text} />
          ))}
        </div>
        <div
          class="grid-body"
          role="rowgroup"
          ref={body}
          onScroll={() => (top.value = body.current?.scrollTop ?? 0)}
        >
          <div class="grid-space" role="presentation" style={{ height: `${list.length * rowHeight}px` }}>
            {list.slice(first, last).map((status, i) => (
              <ChannelRow
                key={status.channel}
                status={status}
                index={first + i}
                top={(first + i) * rowHeight}
                isSelected={status.channel === selected}
                isTabStop={status.channel === isTabStop}
                canHide={total > FILTERED_ABOVE}
              />
            ))}
          </div>
        </div>
      </div>
      {total > MAX_LISTED && <p class="note">The gateway lists the first {group(MAX_LISTED)} channels.</p>}
      <ChannelErrors />
    </section>
  );
}

function rowPixels(): number {
  return matchMedia('(max-width: 959px)').matches ? PHONE_ROW_HEIGHT : ROW_HEIGHT;
}

function Head({ sortKey, text }: { sortKey: SortKey; text: string }) {
  const { sorting } = usePage().app;
  const { key, isDescending } = sorting.value;
  const isSorted = key === sortKey;
  const direction = isDescending ? 'descending' : 'ascending';
  const sort = (): void => {
    // Names from the first on, figures from the largest on.
    const isName = sortKey === 'channel' || sortKey === 'view';
    sorting.value = { key: sortKey, isDescending: isSorted ? !isDescending : !isName };
  };
  return (
    <div class={`cell head-${sortKey}`} role="columnheader" aria-sort={isSorted ? direction : 'none'}>
      <button type="button" class="sort" onClick={sort}>
        {text}
        {isSorted && sortKey !== 'channel' && <span aria-hidden="true">{isDescending ? '↓' : '↑'}</span>}
      </button>
    </div>
  );
}

function Filter() {
  const { app } = usePage();
  const isErrorsFirst = app.sorting.value.key === 'errors' && app.sorting.value.isDescending;
  return (
    <div class="filter">
      <input
        type="search"
        class="field"
        data-filter=""
        aria-label="Filter the channels"
        placeholder="Filter: 8-15, wave"
        value={app.filter.value}
        onInput={(event) => (app.filter.value = event.currentTarget.value)}
      />
      <button
        type="button"
        class="button"
        aria-pressed={isErrorsFirst}
        onClick={() => {
          app.sorting.value = isErrorsFirst
            ? { key: 'channel', isDescending: false }
            : { key: 'errors', isDescending: true };
        }}
      >
        Errors first
      </button>
    </div>
  );
}
