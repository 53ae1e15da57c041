// The bytes themselves.

import type { Watch } from '../protocol';
import { clampWindow, type Made } from './preview';

/** Bytes of one answer. */
const MAX_BYTES = 4096;

export function makeHex(payload: Uint8Array, watch: Watch): Made {
  const [from, to] = clampWindow(watch.window ?? [0, MAX_BYTES], payload.length);
  const end = Math.min(to, from + MAX_BYTES);
  return {
    numbers: payload.subarray(from, end),
    about: { packing: 'u1', samples: payload.length, window: [from, end], step: 1 },
  };
}
