// The names of a recording's files, and what is there under them already.

import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describeError, GeneralError } from '../../errors';
import { visible } from '../../quoted';

/** `<path>`, or `<path>.1`, `<path>.2`, ... */
export class FileNames {
  constructor(
    private readonly path: string,
    private readonly inParts: boolean,
  ) {}

  /** @param index from 1. */
  of(index: number): string {
    return this.inParts ? `${this.path}.${index}` : this.path;
  }

  /**
   * Data under one of the names would be lost, or be read as part of this recording.
   * @throws {GeneralError} `ERR_FILE_OPEN` when there is any; devices and pipes have none.
   */
  async refuseData(): Promise<void> {
    for (const path of await this.existing()) {
      const found = await stat(path).catch(() => undefined);
      if (found === undefined || !found.isFile() || found.size === 0) continue;
      const text = `${visible(path)} has data in it, and was left alone: choose another name, or set overwrite: true`;
      throw new GeneralError('ERR_FILE_OPEN', text, { path });
    }
  }

  /** Removes the parts of an older recording. @throws {GeneralError} `ERR_FILE_OPEN` */
  async removeParts(): Promise<void> {
    if (!this.inParts) return;
    for (const path of await this.existing()) {
      try {
        await rm(path);
      } catch (err) {
        const text = `${visible(path)}, of an older recording, could not be removed: ${describeError(err)}`;
        throw new GeneralError('ERR_FILE_OPEN', text, { cause: err, path });
      }
    }
  }

  private async existing(): Promise<string[]> {
    if (!this.inParts) return [this.path];
    return (await partsOf(`${this.path}.`)).map(({ path }) => path);
  }
}

/** The part with the lowest number above `index` of those whose names are `base` and a number; undefined without one. */
export async function firstPartAfter(base: string, index: number): Promise<string | undefined> {
  return (await partsOf(base)).find((part) => part.index > index)?.path;
}

/** The files whose names are `base` and a number, by that number. */
export async function partsOf(base: string): Promise<{ index: number; path: string }[]> {
  const folder = dirname(base);
  const prefix = basename(base);
  // A folder that is not there has nothing in it; making the file says what is wrong with it.
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => ({ index: Number(name.slice(prefix.length)), path: join(folder, name) }))
    .sort((a, b) => a.index - b.index);
}
