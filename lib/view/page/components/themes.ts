// Dark or light: the system's choice, unless the button, or a link, says otherwise.

import { signal, type Signal } from '@preact/signals';
import { refreshPalette } from '../draw/palette';
import type { Theme } from '../model/app';
import type { Memory } from '../model/settings';

const KEY = 'rogue-bridge.theme';

export class Themes {
  readonly theme: Signal<Theme> = signal('dark');
  private readonly system = matchMedia('(prefers-color-scheme: light)');

  constructor(private readonly memory: Memory | undefined) {
    this.system.addEventListener('change', () => this.apply());
  }

  /** @param asked by the link. */
  apply(asked?: Theme): void {
    const stored = this.memory?.getItem(KEY);
    const remembered = stored === 'dark' || stored === 'light' ? stored : undefined;
    this.set(asked ?? remembered ?? (this.system.matches ? 'light' : 'dark'));
  }

  toggle(): void {
    this.set(this.theme.value === 'dark' ? 'light' : 'dark');
    try {
      this.memory?.setItem(KEY, this.theme.value);
    } catch {
      // It lasts as long as the page.
    }
  }

  private set(theme: Theme): void {
    document.documentElement.dataset.theme = theme;
    refreshPalette();
    this.theme.value = theme;
  }
}
