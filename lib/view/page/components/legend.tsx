// The row above the picture: its legend, or a banner in its place. It is always there, so that nothing moves.

import type { ComponentChildren } from 'preact';
import { usePage } from './context';
import { StateIcon } from './icons';

export function LegendRow({ children }: { children?: ComponentChildren }) {
  const { app } = usePage();
  const banner = app.banner.value;
  return (
    <div class={`legend ${banner === undefined ? '' : `banner banner-${banner.tone}`}`}>
      {banner === undefined && children}
      <div class="banner-text" role="status">
        {banner !== undefined && (
          <>
            <span class={`tone-${banner.tone}`}>
              <StateIcon shape={banner.tone === 'bad' ? 'crossed' : 'triangle'} />
            </span>
            <strong>
              <Marked text={banner.title} />
              {/* Goes on every second; a screen reader says the change once. */}
              {banner.time !== undefined && <span aria-hidden="true"> {banner.time}</span>}
            </strong>
            <span>
              {banner.text}
              {banner.countdown !== undefined && <span aria-hidden="true"> {banner.countdown}</span>}
            </span>
          </>
        )}
      </div>
      {banner?.action === 'try' && (
        <button type="button" class="button" onClick={() => app.connection.start()}>
          Try now
        </button>
      )}
      {banner?.action === 'close' && (
        <button
          type="button"
          class="plain"
          aria-label="Close the message"
          onClick={() => (app.notice.value = undefined)}
        >
          ×
        </button>
      )}
    </div>
  );
}

/** What stands between backticks is code. */
function Marked({ text }: { text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}
