// ROGUE_BRIDGE_POOL=check: finds programs that use a frame's memory after it went back to the pool.

import { sep } from 'node:path';

/** A byte that is no likely content, in four of any number: 0xa5a5a5a5. */
export const PATTERN = 0xa5;
const CHUNK = Buffer.alloc(64 * 1024, PATTERN);
// Behind it are the program that sent the frame and who called it.
const LIBRARY_FOLDER = `${__dirname.slice(0, __dirname.lastIndexOf(sep))}${sep}`;
const MAX_PLACE_LINES = 4;

/** Whether the environment asks for it. Memory that is not used is overwritten then, and the pool is slow. */
export const isPoolChecked = process.env.ROGUE_BRIDGE_POOL === 'check';

/** Overwrites memory that nobody may use. */
export function overwrite(memory: Buffer): void {
  memory.fill(PATTERN);
}

/** Whether all of it is as {@link overwrite} left it. */
export function isIntact(memory: Buffer): boolean {
  for (let at = 0; at < memory.length; at += CHUNK.length) {
    const part = memory.subarray(at, at + CHUNK.length);
    if (part.compare(CHUNK, 0, part.length) !== 0) return false;
  }
  return true;
}

/** The lines of the call stack that are the program's, not this library's. */
export function callPlace(): string {
  const lines = new Error().stack?.split('\n').slice(1) ?? [];
  const own = lines.filter((line) => !line.includes(LIBRARY_FOLDER));
  return (own.length > 0 ? own : lines).slice(0, MAX_PLACE_LINES).join('\n');
}
