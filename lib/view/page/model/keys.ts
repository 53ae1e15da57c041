// Which key does what. A focused field, list, tab or slider keeps its own keys.

export type Action =
  | 'wave'
  | 'image'
  | 'hist'
  | 'hex'
  | 'channel-before'
  | 'channel-after'
  | 'pause'
  | 'back'
  | 'forward'
  | 'oldest'
  | 'live'
  | 'save'
  | 'copy'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-all'
  | 'levels'
  | 'region'
  | 'profile'
  | 'logarithmic'
  | 'filter'
  | 'theme'
  | 'keys';

export interface KeyGroup {
  readonly keys: readonly string[];
  readonly text: string;
}

/** As the `?` list shows them. */
export const KEY_LIST: readonly KeyGroup[] = [
  { keys: ['1', '2', '3', '4'], text: 'waveform, image, histogram, hex' },
  { keys: ['↑', '↓'], text: 'channel before, after' },
  { keys: ['Space'], text: 'pause, live' },
  { keys: ['←', '→'], text: 'step: frame before, after' },
  { keys: ['Home', 'End'], text: 'oldest frame kept, live' },
  { keys: ['S'], text: 'save what is shown' },
  { keys: ['C'], text: 'copy as text' },
  { keys: ['+', '−', '0'], text: 'zoom in, out, all' },
  { keys: ['L'], text: 'levels auto' },
  { keys: ['R', 'P'], text: 'region, profile; arrows move a handle, with Shift by 10' },
  { keys: ['G'], text: 'rates logarithmic' },
  { keys: ['/'], text: 'filter the channels' },
  { keys: ['T'], text: 'theme' },
  { keys: ['Esc'], text: 'closes, or leaves a handle' },
  { keys: ['?'], text: 'this list' },
];

const ACTIONS: Readonly<Record<string, Action>> = {
  '1': 'wave',
  '2': 'image',
  '3': 'hist',
  '4': 'hex',
  arrowup: 'channel-before',
  arrowdown: 'channel-after',
  ' ': 'pause',
  arrowleft: 'back',
  arrowright: 'forward',
  home: 'oldest',
  end: 'live',
  s: 'save',
  c: 'copy',
  '+': 'zoom-in',
  '=': 'zoom-in',
  '-': 'zoom-out',
  '\u2212': 'zoom-out',
  '0': 'zoom-all',
  l: 'levels',
  r: 'region',
  p: 'profile',
  g: 'logarithmic',
  '/': 'filter',
  t: 'theme',
  '?': 'keys',
};

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  /** What has the focus: text takes all keys; a widget its own (arrows, Home, End, Space); a button Space. */
  readonly focus: 'text' | 'widget' | 'button' | 'none';
}

const WIDGET_KEYS = ['arrowup', 'arrowdown', 'arrowleft', 'arrowright', 'home', 'end', ' '];

/** @param areSingleKeysOn the switch in the `?` list: off leaves only keys that are no characters. */
export function actionOf(press: KeyPress, areSingleKeysOn: boolean): Action | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey || press.focus === 'text') return undefined;
  const key = press.key.toLowerCase();
  if (press.focus === 'widget' && WIDGET_KEYS.includes(key)) return undefined;
  if (press.focus === 'button' && key === ' ') return undefined;
  if (!areSingleKeysOn && key.length === 1) return undefined;
  return Object.hasOwn(ACTIONS, key) ? ACTIONS[key] : undefined;
}
