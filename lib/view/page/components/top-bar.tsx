// Where the data come from, the state of the link, and four figures.

import { frameRate, group, scaled } from '../model/format';
import { usePage } from './context';
import { StateIcon, ThemeIcon, TriangleIcon } from './icons';

const ROLES = {
  client: 'as a client',
  server: 'as a server',
  log: 'a log',
  file: 'a data file',
  program: 'of a program',
} as const;

export function TopBar() {
  const { app, themes, dialogs } = usePage();
  const { source } = app.hello.value ?? {};
  return (
    <header class="top">
      <div class="top-name">
        <span class="product">rogue-bridge</span>
        <h1 class="address" title={source?.address}>
          {source?.address ?? '…'}
        </h1>
        <span class="role">{source === undefined ? '' : ROLES[source.role]}</span>
      </div>
      <StatusText />
      <Figures />
      <div class="top-buttons">
        <button
          type="button"
          class="plain"
          title="Theme (T)"
          aria-label="Theme: dark or light"
          onClick={() => themes.toggle()}
        >
          <ThemeIcon />
        </button>
        <button
          type="button"
          class="plain"
          title="Keys (?)"
          aria-label="Keys"
          onClick={() => dialogs.toggle('keys')}
        >
          <b aria-hidden="true">?</b>
        </button>
      </div>
    </header>
  );
}

function StatusText() {
  const { app } = usePage();
  const { shape, tone, word, time } = app.statusLine.value;
  return (
    <div class="status" role="group" aria-label="Status">
      <span class={`tone-${tone}`}>
        <StateIcon shape={shape} />
      </span>
      <span class="status-word">{word}</span>
      <span class="status-time">{time}</span>
    </div>
  );
}

let bytesPrefix = 0;

function Figures() {
  const { app } = usePage();
  const status = app.status.value;
  const isFlowing = status !== undefined && app.isFlowing.value;
  const rate = scaled(isFlowing ? status.bytesPerSecond : 0, 'B/s', Math.max(bytesPrefix, 1));
  bytesPrefix = rate.prefix;
  const errors = status?.errors ?? 0;
  return (
    <div class="figures">
      <Figure name="frames/s" value={frameRate(isFlowing ? status.framesPerSecond : 0)} />
      <Figure name={rate.number === '0' ? 'MB/s' : rate.unit} label="bytes a second" value={rate.number} />
      <Figure
        name="malformed"
        value={group(status?.malformed ?? 0)}
        isWarning={(status?.malformed ?? 0) > 0}
      />
      <Figure
        name="errors"
        value={group(errors)}
        isWarning={errors > 0}
        {...(errors > 0 ? { onClick: () => showMostErrors() } : {})}
      />
    </div>
  );

  function showMostErrors(): void {
    const [worst] = [...app.channels.all.value.values()].sort((a, b) => b.errors - a.errors);
    if (worst !== undefined)
      app.errorsOf.value = app.errorsOf.value === undefined ? worst.channel : undefined;
  }
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly label?: string;
  readonly isWarning?: boolean;
  readonly onClick?: () => void;
}

function Figure({ name, label = name, value, isWarning = false, onClick }: FigureProps) {
  const content = (
    <>
      <span class={`figure-value ${isWarning ? 'tone-warn' : ''}`}>
        {isWarning && <TriangleIcon />}
        {value}
      </span>
      <span class="figure-name">{name}</span>
    </>
  );
  return (
    <div class="figure" role="group" aria-label={label}>
      {onClick === undefined ? (
        content
      ) : (
        <button type="button" class="figure-button" title="Which errors" onClick={onClick}>
          {content}
        </button>
      )}
    </div>
  );
}
