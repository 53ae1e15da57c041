// `rogue-bridge/view`: the live page.

export type { StreamSource, WatchedBridge, WatchedFile } from './link';
export type { ViewOptions } from './options';
export type { FileStatus, Play } from './protocol';
export { ViewServer } from './server';
