// Which dialog is open.

import { signal, type Signal } from '@preact/signals';

export type DialogName = 'keys' | 'save' | 'settings';

export class Dialogs {
  readonly open: Signal<DialogName | undefined> = signal(undefined);
  /** Whether single characters are keys (WCAG 2.1.4). */
  readonly areSingleKeysOn = signal(true);
  /** How images are drawn, for the list of keys. */
  readonly painter: Signal<string | undefined> = signal(undefined);

  toggle(name: DialogName): void {
    this.open.value = this.open.value === name ? undefined : name;
  }

  close(): void {
    this.open.value = undefined;
  }
}
