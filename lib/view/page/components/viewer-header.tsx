// Which channel, which view, pause and step, save, copy, link.

import type { View } from '../../interpretation';
import { VIEWS } from '../../interpretation';
import { frameRate, group } from '../model/format';
import { copyLink, copyShown } from './actions';
import { usePage } from './context';
import { BackIcon, CopyIcon, ForwardIcon, LinkIcon, PauseIcon, PlayIcon, SaveIcon } from './icons';

export const VIEW_NAMES: Readonly<Record<View, string>> = {
  wave: 'Waveform',
  image: 'Image',
  hist: 'Histogram',
  hex: 'Hex',
};

export function ViewerHeader() {
  return (
    <div class="viewer-head">
      <ChannelPicker />
      <Tabs />
      <span class="spring" />
      <PausedText />
      <Buttons />
    </div>
  );
}

function ChannelPicker() {
  const { app } = usePage();
  const { channels, selection } = app;
  const selected = selection.channel.value;
  const list = [...channels.all.value.keys()].sort((a, b) => a - b);
  const color = selected === undefined ? 0 : channels.colorOf(selected);
  const current = app.current.value;
  const rate = current?.isStalled === false && app.isFlowing.value ? current.framesPerSecond : 0;
  return (
    <div class="picker">
      <span class={`square series-${color}`} aria-hidden="true" />
      <select
        class="channel-select"
        aria-label="Channel"
        value={selected ?? ''}
        onChange={(event) => app.select(Number(event.currentTarget.value))}
      >
        {selected === undefined && <option value="">No channel</option>}
        {list.map((channel) => (
          <option key={channel} value={channel}>
            Channel {channel}
          </option>
        ))}
      </select>
      {/* On a phone the select is above these, and not seen. */}
      <span class="picker-text" aria-hidden="true">
        <b>{selected === undefined ? 'No channel' : `Channel ${selected}`}</b>
        <span class="picker-rate">{selected !== undefined && `${frameRate(rate)}/s`}</span>
        <span class="spring" />⌄
      </span>
    </div>
  );
}

function PausedText() {
  const paused = usePage().app.pausing.paused.value;
  if (paused === undefined) return null;
  const { index, frames } = paused;
  return (
    <span class="paused" role="group" aria-label="Paused">
      <span class="tone-accent">
        <PauseIcon />
      </span>
      <span class="paused-word">paused</span>
      <span class="quiet">{frames.length === 0 ? '' : `frame ${index + 1} of ${frames.length}`}</span>
    </span>
  );
}

function Tabs() {
  const { app } = usePage();
  const view = app.selection.settings.value?.view;
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = view === undefined ? 0 : VIEWS.indexOf(view);
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = VIEWS[(to + VIEWS.length) % VIEWS.length] ?? 'wave';
    app.show(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="View" onKeyDown={onKeyDown}>
      {VIEWS.map((name) => (
        <button
          type="button"
          key={name}
          id={`tab-${name}`}
          role="tab"
          class="tab"
          aria-selected={name === view}
          aria-controls="picture"
          tabIndex={name === (view ?? 'wave') ? 0 : -1}
          onClick={() => app.show(name)}
        >
          {VIEW_NAMES[name]}
        </button>
      ))}
    </div>
  );
}

function Buttons() {
  const page = usePage();
  const { app, dialogs } = page;
  const paused = app.pausing.paused.value;
  const hasFrame = app.selection.channel.value !== undefined;
  const kept = app.watching.calm.value?.about.kept ?? 0;
  const isAtStart = paused?.index === 0;
  const isAtEnd = paused === undefined || paused.index >= paused.frames.length - 1;
  return (
    <div class="viewer-buttons" role="toolbar" aria-label="Frames">
      <PauseButton />
      <button
        type="button"
        class="button icon-button"
        title="Frame before (←)"
        aria-label="Frame before"
        disabled={!hasFrame || isAtStart || (paused === undefined && kept === 0)}
        onClick={() => app.step(-1)}
      >
        <BackIcon />
      </button>
      <button
        type="button"
        class="button icon-button"
        title="Frame after (→)"
        aria-label="Frame after"
        disabled={!hasFrame || isAtEnd}
        onClick={() => app.step(1)}
      >
        <ForwardIcon />
      </button>
      <span class="divider" aria-hidden="true" />
      <button
        type="button"
        class="button save-button"
        title="Save (S)"
        aria-haspopup="dialog"
        disabled={!hasFrame}
        onClick={() => dialogs.toggle('save')}
      >
        <SaveIcon />
        <span class="word">Save</span>
      </button>
      <button
        type="button"
        class="button icon-button wide-only"
        title="Copy as text (C)"
        aria-label="Copy as text"
        disabled={!hasFrame}
        onClick={() => void copyShown(page)}
      >
        <CopyIcon />
      </button>
      <button
        type="button"
        class="button icon-button wide-only"
        title="Copy the link to this view"
        aria-label="Copy the link"
        onClick={() => void copyLink(page)}
      >
        <LinkIcon />
      </button>
    </div>
  );
}

/** Pause and Live; for a file that is played, Play and Pause. */
function PauseButton() {
  const { app } = usePage();
  const paused = app.pausing.paused.value;
  const file = app.status.value?.file;
  const isFileAtRest = file !== undefined && !file.playing;
  const isFilled = paused !== undefined || isFileAtRest;
  const word = paused !== undefined ? 'Live' : isFileAtRest ? 'Play' : 'Pause';
  const count = paused === undefined ? '' : `, frame ${group(paused.index + 1)}`;
  return (
    <button
      type="button"
      class={`button pause-button ${isFilled ? 'is-filled' : ''}`}
      title={`${word} (Space)${count}`}
      disabled={app.selection.channel.value === undefined}
      onClick={() => app.togglePause()}
    >
      {isFilled ? <PlayIcon /> : <PauseIcon />}
      <span class="word">{word}</span>
    </button>
  );
}
