// Work that keeps a core busy: what the threads of the benchmark of workers run, and its main thread.

import type { Frame } from '../lib/stream/frame';

export default function spin(frame: Frame, ms: number): Frame {
  const ends = performance.now() + ms;
  let sum = 0;
  while (performance.now() < ends) for (const byte of frame.payload) sum += byte;
  frame.payload[0] = sum & 0xff;
  return frame;
}
