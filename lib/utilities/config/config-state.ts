// The configuration of a running system, from the stream that tells of it.
// slaclab/rogue python/pyrogue/interfaces/stream/_Variable.py sends it, utilities/fileio/_FileReader.py merges it.

import { EventEmitter } from 'node:events';
import type { WaitFrameCountOptions } from '../../async/count-waiters';
import { show } from '../../errors';
import { Logging } from '../../logging';
import { isFrame, notAFrame, type Frame } from '../../stream/frame';
import { Slave, type FrameSlave } from '../../stream/slave';
import { checkInteger, checkOptionNames } from '../../validate';
import type { Config, ConfigValue } from './config';
import { ConfigReader } from './config-reader';

/** Which frames a {@link ConfigState} takes. */
export interface ConfigStateOptions {
  /** Only frames of this channel; default all. */
  readonly channel?: number;
}

/** What a {@link ConfigState} emits. */
export interface ConfigStateEvents {
  /** The configuration has changed. */
  update: [config: Config];
}

/**
 * The configuration that pyrogue's `Variable` stream tells of: YAML texts, the first with everything, each of the others
 * with what has changed.
 *
 * ```ts
 * const state = tcp.to(new ConfigState({ channel: 255 }));
 * state.on('update', (config) => console.log(config.value('Top.Det.Gain')));
 * ```
 *
 * Texts are merged as pyrogue's `FileReader` merges them. A key with dots (`Top.Det.Gain: 3`) replaces what is at that path.
 * A key without dots is set; where a mapping is there already, its keys are replaced one by one, each as a whole.
 *
 * A frame with an error, a text that is no YAML mapping, and a key that cannot be merged are left out, logged under
 * `pyrogue.ConfigState` and counted in {@link errorCount}. Tags for anything else than plain data are refused. The source
 * is never held back.
 */
export class ConfigState extends EventEmitter<ConfigStateEvents> implements FrameSlave {
  readonly retainsFrames = true;
  private readonly accepted = new Slave();
  private readonly reader: ConfigReader;
  private readonly channel: number | undefined;

  /**
   * @throws {RangeError} {TypeError} naming the option and the value.
   * @throws {GeneralError} `ERR_MISSING_PACKAGE`: the optional package `yaml` is not installed.
   */
  constructor(options: ConfigStateOptions = {}) {
    super();
    checkOptionNames('the options of ConfigState', options, ['channel']);
    const { channel } = options;
    this.channel = channel === undefined ? undefined : checkInteger('channel', channel, 0, 0xff);
    this.reader = new ConfigReader(Logging.create('ConfigState'));
  }

  /** The configuration now, which stays as it is; the same object until something changes. */
  get config(): Config {
    return this.reader.config;
  }

  /** Frames whose text was merged, at least a part of it. */
  get frameCount(): number {
    return this.accepted.frameCount;
  }

  /** Their payload bytes. */
  get byteCount(): number {
    return this.accepted.byteCount;
  }

  /** Frames with an error, texts and keys that were left out. */
  get errorCount(): number {
    return this.reader.errorCount;
  }

  /** As `Config.value` of {@link config}. @throws {GeneralError} `ERR_CONFIG_PATH` */
  value(path: string): ConfigValue {
    return this.config.value(path);
  }

  /** As `Config.has` of {@link config}. */
  has(path: string): boolean {
    return this.config.has(path);
  }

  /** As `Slave.waitFrameCount`. */
  waitFrameCount(count: number, options?: WaitFrameCountOptions): Promise<boolean> {
    return this.accepted.waitFrameCount(count, options);
  }

  /**
   * Merges a text that did not come in a frame.
   * @returns false when it, or a key of it, was left out; the log says why.
   * @throws {TypeError} when it is no text.
   */
  merge(text: string): boolean {
    if (typeof text !== 'string') throw new TypeError(`text is ${show(text)}, but must be a text (YAML)`);
    const { changed, faults } = this.reader.merge(text);
    if (changed) this.emit('update', this.config);
    return faults.length === 0;
  }

  acceptFrame(frame: Frame): void {
    if (!isFrame(frame)) throw notAFrame(frame);
    if (this.channel !== undefined && frame.channel !== this.channel) return;
    const { error } = frame;
    if (error !== 0) {
      this.reader.refuse(`a frame is left out: its error field is 0x${error.toString(16)}`);
      return;
    }
    const { changed, faults } = this.reader.merge(frame.payload);
    if (changed || faults.length === 0) this.accepted.acceptFrame(frame) as undefined;
    if (changed) this.emit('update', this.config);
  }
}
