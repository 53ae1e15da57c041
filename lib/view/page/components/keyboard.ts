// What the keys do, on this page.

import { actionOf, type Action, type KeyPress } from '../model/keys';
import { copyShown } from './actions';
import type { Page } from './context';
import { toggleLine, toggleRegion } from './toggles';

export function listen(page: Page): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return;
    if (event.key === 'Escape') {
      escape(page);
      return;
    }
    if (page.dialogs.open.value !== undefined && event.key !== '?') return;
    const { key, ctrlKey, altKey, metaKey } = event;
    const press = { key, ctrlKey, altKey, metaKey, focus: focusOf(document.activeElement) };
    const action = actionOf(press, page.dialogs.areSingleKeysOn.value);
    if (action === undefined) return;
    event.preventDefault();
    act(page, action);
  });
}

function focusOf(element: Element | null): KeyPress['focus'] {
  if (element instanceof HTMLInputElement) {
    return element.type === 'range' || element.type === 'checkbox' ? 'widget' : 'text';
  }
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return 'text';
  const role = element?.getAttribute('role') ?? '';
  if (['slider', 'tab', 'radio', 'row'].includes(role)) return 'widget';
  if (element?.classList.contains('handle') === true) return 'widget';
  return element instanceof HTMLButtonElement ? 'button' : 'none';
}

function escape({ app, dialogs }: Page): void {
  if (dialogs.open.value !== undefined) dialogs.close();
  else if (app.errorsOf.value !== undefined) app.errorsOf.value = undefined;
  else if (app.notice.value !== undefined) app.notice.value = undefined;
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function act(page: Page, action: Action): void {
  const { app, dialogs, themes, shown } = page;
  const acts: Readonly<Record<Action, () => void>> = {
    wave: () => app.show('wave'),
    image: () => app.show('image'),
    hist: () => app.show('hist'),
    hex: () => app.show('hex'),
    'channel-before': () => moveChannel(page, -1),
    'channel-after': () => moveChannel(page, 1),
    pause: () => app.togglePause(),
    back: () => app.step(-1),
    forward: () => {
      if (app.pausing.paused.value !== undefined) app.step(1);
    },
    oldest: () => app.step(-Infinity),
    live: () => app.live(),
    save: () => dialogs.toggle('save'),
    copy: () => void copyShown(page),
    'zoom-in': () => shown.current?.zoom('in'),
    'zoom-out': () => shown.current?.zoom('out'),
    'zoom-all': () => shown.current?.zoom('all'),
    levels: () => app.selection.change({ levels: 'auto' }),
    region: () => toggleRegion(app),
    profile: () => toggleLine(app),
    logarithmic: () => {
      app.isLogarithmic.value = !app.isLogarithmic.value;
    },
    filter: () => document.querySelector<HTMLElement>('[data-filter]')?.focus(),
    theme: () => themes.toggle(),
    keys: () => dialogs.toggle('keys'),
  };
  acts[action]();
}

function moveChannel({ app }: Page, by: number): void {
  const list = [...app.channels.all.value.keys()].sort((a, b) => a - b);
  const index = list.indexOf(app.selection.channel.value ?? -1);
  const next = list[Math.max(0, Math.min(list.length - 1, index + by))];
  if (next !== undefined) app.select(next);
}
