// The configuration that a writer puts into its files.
// slaclab/rogue python/pyrogue/utilities/fileio/_StreamWriter.py, configStream.

import { Buffer } from 'node:buffer';
import { show } from '../../errors';
import { Frame } from '../../stream/frame';
import { checkInteger, checkOptionNames } from '../../validate';

/** Configuration text in a data file. */
export interface WriterConfig {
  /** The channel of its records, which nothing else should have: pyrogue's convention is 255. */
  readonly channel: number;
  /**
   * The text, YAML with everything below one root key (`Top: {...}`): pyrogue's reader merges no scalars of the first
   * level. A function is called for each record, and what it throws is what `open` or `close` rejects with.
   */
  readonly text: string | (() => string | Promise<string>);
}

/** @throws {TypeError} {RangeError} naming the option and the value. */
export function checkWriterConfig(config: WriterConfig | undefined, raw: boolean): WriterConfig | undefined {
  if (config === undefined) return undefined;
  checkOptionNames('the options of config', config, ['channel', 'text']);
  const { channel, text } = config;
  checkInteger('config.channel', channel, 0, 0xff);
  if (typeof text !== 'function') checkText('config.text is', text, ', or a function that returns one');
  if (raw) throw new TypeError('config needs headers to be told from the data: leave out raw: true');
  return { channel, text };
}

/** The record to write. @throws what the function of the text throws; {TypeError} for what is no text. */
export async function configFrame({ channel, text }: WriterConfig): Promise<Frame> {
  const yaml = typeof text === 'function' ? await text() : text;
  return new Frame(Buffer.from(checkText('config.text has returned', yaml)), { channel });
}

function checkText(what: string, text: unknown, hint = ''): string {
  if (typeof text === 'string' && text !== '') return text;
  throw new TypeError(`${what} ${show(text)}, but must be a text (YAML) that is not empty${hint}`);
}
