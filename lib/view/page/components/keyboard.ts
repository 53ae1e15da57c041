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
  switch (action) {
    case 'wave':
    case 'image':
    case 'hist':
    case 'hex':
      return app.show(action);
    case 'channel-before':
      return moveChannel(page, -1);
    case 'channel-after':
      return moveChannel(page, 1);
    case 'pause':
      return app.togglePause();
    case 'back':
      return app.step(-1);
    case 'forward':
      return app.pausing.paused.value === undefined ? undefined : app.step(1);
    case 'oldest':
      return app.step(-Infinity);
    case 'live':
      return app.live();
    case 'save':
      return dialogs.toggle('save');
    case 'copy':
      return void copyShown(page);
    case 'zoom-in':
      return shown.current?.zoom('in');
    case 'zoom-out':
      return shown.current?.zoom('out');
    case 'zoom-all':
      return shown.current?.zoom('all');
    case 'levels':
      return app.selection.change({ levels: 'auto' });
    case 'region':
      return toggleRegion(app);
    case 'profile':
      return toggleLine(app);
    case 'logarithmic':
      app.isLogarithmic.value = !app.isLogarithmic.value;
      return;
    case 'filter':
      document.querySelector<HTMLElement>('[data-filter]')?.focus();
      return;
    case 'theme':
      return themes.toggle();
    case 'keys':
      return dialogs.toggle('keys');
  }
}

function moveChannel({ app }: Page, by: number): void {
  const list = [...app.channels.all.value.keys()].sort((a, b) => a - b);
  const index = list.indexOf(app.selection.channel.value ?? -1);
  const next = list[Math.max(0, Math.min(list.length - 1, index + by))];
  if (next !== undefined) app.select(next);
}
