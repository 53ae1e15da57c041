// What every component can reach.

import type { Signal } from '@preact/signals';
import { createContext } from 'preact';
import type { RefObject } from 'preact';
import { useContext, useEffect } from 'preact/hooks';
import type { ImageStage } from '../draw/image-stage';
import type { App } from '../model/app';
import type { Dialogs } from './dialogs';
import type { Themes } from './themes';

/** The view that is drawn now, for saving, copying and zooming. */
export interface ShownView {
  /** Bottom first. */
  readonly canvases: () => readonly HTMLCanvasElement[];
  readonly text: () => string;
  readonly zoom: (direction: 'in' | 'out' | 'all') => void;
  /** How images are drawn. */
  readonly painter?: string;
}

export interface Page {
  readonly app: App;
  readonly themes: Themes;
  readonly dialogs: Dialogs;
  readonly shown: RefObject<ShownView | undefined>;
  /** Of the image view, while it is there. */
  readonly stage: Signal<ImageStage | undefined>;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('a component stands outside the page');
  return page;
}

/** Makes something that owns a canvas when the component is there, and ends it with the component. */
export function useMounted(make: () => () => void): void {
  useEffect(make, []);
}
