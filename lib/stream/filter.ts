// One channel of a stream. slaclab/rogue src/rogue/interfaces/stream/Filter.cpp.

import { Logging } from '../logging';
import { checkBoolean, checkInteger } from '../validate';
import type { Frame } from './frame';
import { StreamModule } from './module';

/** Passes on the frames of one channel; the others, and with `dropErrors` those with an error, are dropped. */
export class Filter extends StreamModule {
  private readonly log = Logging.create('stream.Filter');

  /**
   * @param dropErrors true drops frames whose error field is not 0.
   * @param channel 0..255, the one to pass on.
   * @throws {RangeError} {TypeError} naming the argument and the value.
   */
  constructor(
    private readonly dropErrors: boolean,
    private readonly channel: number,
  ) {
    super();
    checkBoolean('dropErrors', dropErrors);
    checkInteger('channel', channel, 0, 0xff);
  }

  protected override pass(frame: Frame): void | Promise<void> {
    const { channel, error } = frame;
    if (channel !== this.channel) {
      this.drop();
      return;
    }
    if (!this.dropErrors || error === 0) return this.deliver(frame);
    this.drop();
    if (this.log.level <= Logging.Debug) {
      this.log.debug(`Dropping errored frame: Channel=${channel}, Error=0x${error.toString(16)}`);
    }
  }
}
