// What `Workers` run in the tests: the first byte of a frame says what becomes of it.

import { threadId } from 'node:worker_threads';

// Returned again and again: it must not be moved away.
const own = Uint8Array.of(1, 2, 3);

export default async function (frame, data) {
  switch (String.fromCharCode(frame.payload[0])) {
    case 't':
      throw new Error('this frame is one too many');
    case 'e':
      process.exit(3);
    case 'h':
      for (;;);
    case 'w':
      return new Promise(() => {});
    case 'l':
      setTimeout(() => {
        throw new Error('nobody catches this');
      });
      return new Promise(() => {});
    case 'n':
      return;
    case 's':
      return [own, Float64Array.of(0.5), frame];
    case 'd':
      return new TextEncoder().encode(JSON.stringify({ data, threadId }));
    case 'x':
      return 'text';
    case 'p':
      // Takes longer, the earlier it comes.
      await new Promise((resolve) => setTimeout(resolve, frame.payload[1]));
      return frame;
    default:
      return frame;
  }
}
