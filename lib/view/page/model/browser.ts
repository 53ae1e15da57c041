// What the state of the page needs of the browser, and of the canvas.

import type { Surroundings } from './connection';
import type { Memory } from './settings';

export interface Browser {
  readonly around: Surroundings;
  readonly memory: Memory | undefined;
  readonly beforeDrawing: (call: () => void) => void;
  readonly fragment: () => string;
  readonly writeFragment: (fragment: string, isNewEntry: boolean) => void;
  readonly wantsLessMotion: () => boolean;
  readonly isHidden: () => boolean;
}

/** What the canvas can show, told by the view that is drawn. */
export interface Canvas {
  readonly columns: number;
  /** The part that is zoomed into; undefined: all. */
  readonly window: readonly number[] | undefined;
  /** Columns of the overview below a waveform; 0: there is none. */
  readonly overview: number;
}
