// The configuration records of data files: merged, and given to `onConfig`.

import { Logging } from '../../logging';
import { visible } from '../../quoted';
import { isPromise } from '../../stream/accepted';
import { checkInteger } from '../../validate';
import type { Config } from '../config/config';
import { ConfigReader } from '../config/config-reader';
import type { FilePlace } from './file-frame';
import type { ReadFramesOptions } from './read-options';

const log = Logging.create('fileio.FileReader');

/** Takes the records of the configuration channel, where there is one. */
export class ConfigRecords {
  /** The channel of configuration text; undefined without one. */
  readonly channel: number | undefined;
  /** What `onConfig` is doing with the last text: what is behind that waits. */
  private pending: Promise<void> | undefined;
  /** Ends the wait for that. */
  private abandon: (() => void) | undefined;
  private readonly reader: ConfigReader | undefined;
  private readonly onConfig: ReadFramesOptions['onConfig'];

  /**
   * @throws {TypeError} {RangeError} for options that are wrong.
   * @throws {GeneralError} `ERR_MISSING_PACKAGE`
   */
  constructor({ config, configChan, onConfig }: ReadFramesOptions) {
    if (configChan !== undefined) checkInteger('configChan', configChan, 0, 0xff);
    if (config !== undefined) checkInteger('config', config, 0, 0xff);
    if (config !== undefined && configChan !== undefined && config !== configChan) {
      throw new RangeError(
        `config is ${config} and configChan is ${configChan}, but a file has one channel of configuration: leave out configChan`,
      );
    }
    this.channel = config ?? configChan;
    this.onConfig = onConfig;
    this.reader = config === undefined ? undefined : new ConfigReader(log);
  }

  /** The configuration up to here; undefined when it is not asked for. */
  get config(): Config | undefined {
    return this.reader === undefined ? undefined : this.reader.config;
  }

  /** Records and keys left out so far. */
  get errorCount(): number {
    return this.reader?.errorCount ?? 0;
  }

  /** Whether `onConfig` is still busy. */
  get isPending(): boolean {
    return this.pending !== undefined;
  }

  take(payload: Buffer, place: FilePlace): void {
    this.reader?.merge(payload, `${visible(place.path)}, offset ${place.position}: `);
    if (this.onConfig === undefined) return;
    const taken: unknown = this.onConfig(payload.toString(), place);
    if (!isPromise(taken)) return;
    this.pending = Promise.resolve(taken);
    // Told where it is waited for; a reading that has been ended waits for it no more.
    this.pending.catch(() => undefined);
  }

  /** True when `onConfig` is done; false when the reading was ended first. Rejects as `onConfig` does. */
  async isDone(isEnded: boolean, signal: AbortSignal | undefined): Promise<boolean> {
    const { pending } = this;
    this.pending = undefined;
    if (isEnded || signal?.aborted === true) return false;
    const abandoned = new Promise<boolean>((resolve) => (this.abandon = () => resolve(false)));
    const abandon = this.abandon!;
    signal?.addEventListener('abort', abandon);
    try {
      return await Promise.race([Promise.resolve(pending).then(() => true), abandoned]);
    } finally {
      signal?.removeEventListener('abort', abandon);
      this.abandon = undefined;
    }
  }

  /** Ends the wait for `onConfig`, which may never settle. */
  endWait(): void {
    this.abandon?.();
  }
}
