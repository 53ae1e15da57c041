// What stands in place of a picture, with the way from the peer to this page.

import type { Empty, EmptyAction, Path } from '../model/states';
import { saveFrame } from './actions';
import { usePage } from './context';
import { SaveIcon, StateIcon } from './icons';

export function EmptyState({ empty }: { empty: Empty }) {
  const { title, text, command, path, actions } = empty;
  return (
    <div class="empty" role="group" aria-label={title}>
      {path !== undefined && <PathLine path={path} />}
      <h3>{title}</h3>
      <div class="empty-row">
        <p>{text}</p>
        {actions.includes('try') && <Action action="try" />}
      </div>
      {command !== undefined && <code class="command">{command}</code>}
      <div class="empty-actions">
        {actions
          .filter((action) => action !== 'try')
          .map((action) => (
            <Action key={action} action={action} />
          ))}
      </div>
    </div>
  );
}

function PathLine({ path }: { path: Path }) {
  const { app } = usePage();
  const address = app.hello.value?.source.address ?? location.host;
  return (
    <div class="path" aria-hidden="true">
      <span class="path-node">{address}</span>
      <span class={`path-line is-${path.peer}`} />
      <span class="path-node">gateway</span>
      <span class={`path-line is-${path.page}`}>
        {path.page === 'broken' && (
          <span class="tone-bad path-cross">
            <StateIcon shape="crossed" />
          </span>
        )}
      </span>
      <span class="path-node">this page</span>
    </div>
  );
}

function Action({ action }: { action: EmptyAction }) {
  const page = usePage();
  const { app } = page;
  const isTooLarge = app.watching.nothing.value?.reason === 'too-large';
  switch (action) {
    case 'try':
      return (
        <button type="button" class="button" onClick={() => app.connection.start()}>
          Try now
        </button>
      );
    case 'wave':
      return (
        <button type="button" class="button" onClick={() => app.show('wave')}>
          Show as waveform
        </button>
      );
    case 'hex':
      return (
        <button type="button" class="button" onClick={() => app.show('hex')}>
          {isTooLarge ? 'Show the first 4 kB as hex' : 'Show as hex'}
        </button>
      );
    case 'save':
      return (
        <button type="button" class="button" onClick={() => void saveFrame(page, 'bin')}>
          <SaveIcon /> Save .bin
        </button>
      );
  }
}
