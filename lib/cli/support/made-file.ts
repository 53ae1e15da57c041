// A file that a subcommand makes: when it is not what was asked for, and when it goes again.

import { rm, stat } from 'node:fs/promises';
import { Failure } from './errors';
import { filesText } from './frame-source';

/**
 * Checks a file that was made of frames of these files. One that was cut short looks like a whole one.
 * @param frames in it.
 * @param isCut whether the command was interrupted before it had all that was asked for.
 * @throws {Failure}
 */
export function checkMade(files: readonly string[], frames: number, isCut: boolean): void {
  if (isCut) throw new Failure('interrupted before the end');
  if (frames > 0) return;
  throw new Failure(`${filesText(files)}: no such frame; 'rogue-bridge info' tells what is there`);
}

/** Removes a file. A device, such as /dev/null, stays. @returns whether a file was removed. */
export async function removeMade(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) return false;
  await rm(path, { force: true });
  return true;
}
