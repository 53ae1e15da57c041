// What names a file.

import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { show } from '../../errors';

/** A file's name, or a `file:` URL, such as `new URL('run.dat', import.meta.url)`. */
export type FilePath = string | URL;

/**
 * The name of the file. @throws {TypeError} for anything else, and for a URL that names none.
 * @param others what else would do, for the message.
 */
export function checkPath(what: string, value: unknown, others = ''): string {
  if (typeof value === 'string' && value !== '') return value;
  if (!isUrl(value))
    throw new TypeError(`${what} is ${show(value)}, but must be a file's name or a file: URL${others}`);
  if (value.protocol !== 'file:')
    throw new TypeError(`${what} is ${show(value.href)}, but must be a file: URL`);
  return fileURLToPath(value.href);
}

/** Not by its class: one of another realm will do. */
function isUrl(value: unknown): value is URL {
  const { href, protocol } = Object(value) as Partial<URL>;
  return typeof href === 'string' && typeof protocol === 'string';
}

const STANDARD_STREAMS = ['standard input', 'standard output', 'standard error'];

/** What a stream is called in an error. */
export function streamName(stream: object): string {
  const { fd, path } = stream as { readonly fd?: unknown; readonly path?: unknown };
  const standard = typeof fd === 'number' ? STANDARD_STREAMS[fd] : undefined;
  return standard ?? (typeof path === 'string' ? path : 'the stream');
}

/** Whether this is a regular file. */
export async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
