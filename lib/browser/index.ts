// `rogue-bridge/browser`: frames in a browser. No module of Node is in it.

export { connect, type ConnectOptions, type FrameStream } from './connect.js';
export { Frame, type ArrayClass, type ArrayOptions, type FrameOptions } from './frame.js';
