// The page's beginning: the browser's parts put together, and the first drawing.

import { signal } from '@preact/signals';
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import { PageContext, type Page } from './components/context';
import { Dialogs } from './components/dialogs';
import { setIcon } from './components/favicon';
import { listen } from './components/keyboard';
import { PageBody } from './components/page';
import { openSocket } from './components/socket';
import { Themes } from './components/themes';
import { App } from './model/app';
import type { Memory } from './model/settings';
import './page.css';

const TICK_MS = 250;

/** Undefined where the browser allows none. */
function memoryOf(): Memory | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** A token in the address is taken out at once, so that it is in no history and no copied link. */
function dropToken(): void {
  const url = new URL(location.href);
  if (!url.searchParams.has('token')) return;
  url.searchParams.delete('token');
  history.replaceState(null, '', url);
}

const lessMotion = matchMedia('(prefers-reduced-motion: reduce)');
const memory = memoryOf();
dropToken();
setIcon();

const app = new App({
  around: {
    open: openSocket,
    fetch: (url) => fetch(url),
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (call, ms) => window.setTimeout(call, ms),
    clearTimeout: (timer) => window.clearTimeout(timer),
    origin: location.origin,
  },
  memory,
  beforeDrawing: (call) => requestAnimationFrame(call),
  fragment: () => location.hash,
  writeFragment: (fragment, isNewEntry) => {
    if (fragment === location.hash) return;
    const url = fragment === '' ? location.pathname : fragment;
    if (isNewEntry) history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  },
  wantsLessMotion: () => lessMotion.matches,
  isHidden: () => document.hidden,
});
const page: Page = {
  app,
  themes: new Themes(memory),
  dialogs: new Dialogs(),
  shown: { current: undefined },
  stage: signal(undefined),
};

app.start();
page.themes.apply(app.selection.theme);
addEventListener('popstate', () => void app.selection.readLink());
document.addEventListener('visibilitychange', () => app.watching.wake());
addEventListener('pagehide', () => app.connection.stop());
addEventListener('pageshow', (event) => {
  if (event.persisted) app.connection.start();
});
setInterval(() => app.tick(), TICK_MS);
app.tick();
listen(page);
render(
  <PageContext.Provider value={page}>
    <PageBody />
  </PageContext.Provider>,
  document.body,
);
