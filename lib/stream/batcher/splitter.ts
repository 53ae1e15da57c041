// Super-frames in, their records out as frames. slaclab/rogue src/rogue/protocols/batcher/SplitterV1.cpp, SplitterV2.cpp.

import { Buffer } from 'node:buffer';
import { Queue } from '../../async/queue';
import { GeneralError } from '../../errors';
import { LogLimit } from '../../log-limit';
import { Logging } from '../../logging';
import { Frame } from '../frame';
import { StreamModule } from '../module';
import { RecordFailures } from './record-failures';
import { BatchRecords, splitV1, splitV2, type Fault, type Split } from './split';

const NOTHING = Buffer.alloc(0);

/** A super-frame whose records are being given to the slaves. */
interface Batch {
  readonly frame: Frame;
  /** Its payload, which is empty once a slave has transferred its memory away. */
  readonly payload: Buffer;
  readonly bytes: number;
  readonly records: BatchRecords;
  /** How many records were given. */
  given: number;
  /** Set by stop(): the other records are dropped. */
  abandoned: boolean;
}

/** A super-frame that came while another one's records were still being accepted. */
interface Waiting {
  readonly frame: Frame;
  readonly resolve: (accepted: Promise<void> | undefined) => void;
}

/** What the splitters have in common. */
abstract class Splitter extends StreamModule {
  private readonly log: Logging;
  private readonly lines: Record<Fault['level'], LogLimit>;
  private readonly waiting = new Queue<Waiting>();
  private current: Batch | undefined;

  /** @param logName of Rogue's logger for this version. */
  constructor(
    logName: string,
    private readonly split: Split,
  ) {
    super();
    const log = Logging.create(logName);
    this.log = log;
    this.lines = {
      warning: new LogLimit((text) => log.warning(text)),
      error: new LogLimit((text) => log.error(text)),
    };
  }

  /** As for every module. Records that no slave was given yet are dropped, and counted with their super-frame. */
  override stop(): void | Promise<void> {
    const { current } = this;
    const left = current === undefined || current.abandoned ? 0 : current.records.count - current.given;
    if (current !== undefined) current.abandoned = true;
    if (left > 0) this.dropAtStop(1, `${left} records of a super-frame`);
    const { length } = this.waiting;
    if (length > 0) this.dropAtStop(length, `${length} super-frames`);
    for (const { frame, resolve } of this.waiting) {
      frame.endUse();
      resolve(undefined);
    }
    this.waiting.clear();
    return super.stop();
  }

  protected override pass(frame: Frame): void | Promise<void> {
    if (frame.isReleased) throw frame.releasedError();
    if (this.current !== undefined) {
      frame.beginUse();
      return new Promise((resolve) => this.waiting.push({ frame, resolve }));
    }
    const accepted = this.giveBatch(frame);
    if (accepted === undefined) this.giveWaiting();
    return accepted;
  }

  /** Gives the records of one super-frame to the slaves; a promise where one of them is to be waited for. */
  private giveBatch(frame: Frame): Promise<void> | undefined {
    const records = this.recordsOf(frame);
    if (records === undefined) return undefined;
    const { payload } = frame;
    const batch = { frame, payload, bytes: payload.length, records, given: 0, abandoned: false };
    this.current = batch;
    // Not only by its sender, who may call acceptFrame and keep nothing: the first record that is done would end it.
    frame.beginUse();
    const waiting = this.giveRecords(batch);
    if (waiting !== undefined) return this.giveSlowly(batch, waiting);
    this.end(batch);
    return undefined;
  }

  /** All of them, or undefined where the super-frame is dropped. */
  private recordsOf({ error, payload }: Frame): BatchRecords | undefined {
    const records: BatchRecords | Fault =
      error === 0
        ? this.split(payload)
        : { level: 'warning', text: `Dropping frame due to error: 0x${error.toString(16)}` };
    if (records instanceof BatchRecords) return records;
    this.lines[records.level].note(records.text);
    this.drop();
    return undefined;
  }

  /** Gives the records that are left, up to one that a slave does not accept at once. */
  private giveRecords(batch: Batch): Promise<void> | undefined {
    const { frame, payload, bytes, records } = batch;
    const { count } = records;
    while (batch.given < count && !batch.abandoned) {
      if (payload.length !== bytes) return this.giveUp(batch);
      const index = batch.given++;
      // All of the metadata is named: a list of options that lacks one is searched for misspelt names.
      const options = { flags: records.flags(index), channel: records.destination(index), error: 0 };
      const record = new Frame(NOTHING, options).lieWithin(frame, records.offset(index), records.size(index));
      const accepted = this.deliver(record);
      if (accepted !== undefined) return accepted;
    }
    return undefined;
  }

  /** Goes on when the slaves have accepted a record, or failed to. */
  private async giveSlowly(batch: Batch, first: Promise<void>): Promise<void> {
    const failures = new RecordFailures();
    for (let waiting: Promise<void> | undefined = first; waiting !== undefined;) {
      try {
        await waiting;
      } catch (err) {
        failures.note(err);
      }
      waiting = this.giveRecords(batch);
    }
    this.end(batch);
    this.giveWaiting();
    failures.throwIfAny(batch.records.count);
  }

  /** A slave has transferred the memory of a record away, and with it that of all the others. */
  private giveUp(batch: Batch): Promise<never> {
    const { records, given } = batch;
    batch.abandoned = true;
    this.drop();
    return Promise.reject(
      new GeneralError(
        'ERR_PAYLOAD_DETACHED',
        `a slave transferred the memory of a record away, in which the other records of its super-frame lie: ` +
          `${records.count - given} of ${records.count} were not passed on; give a worker record.clone()`,
      ),
    );
  }

  private end({ frame }: Batch): void {
    this.current = undefined;
    frame.endUse();
  }

  /** Gives the super-frames that came meanwhile, up to one that a slave is to be waited for. */
  private giveWaiting(): void {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const accepted = this.giveBatch(next.frame);
      next.frame.endUse();
      next.resolve(accepted);
      if (accepted !== undefined) return;
    }
  }

  private dropAtStop(frames: number, what: string): void {
    this.drop(frames);
    this.log.warning(`${what} dropped: stop() came before the slaves had taken them`);
  }
}

/**
 * Splits the super-frames of a V1 batcher, as Rogue's: one frame for each record, in order, with the record's destination
 * as channel and its users as flags. Put it behind whatever receives batches: `tcp.to(new SplitterV1()).to(slave)`.
 *
 * Nothing is copied. A record's payload is a part of the super-frame's, whose memory stays until every record is done:
 * records are retained and released as any frame, and a slave must not transfer the memory of one.
 *
 * A slave gets the next record when it has accepted the one before. `acceptFrame` settles when all slaves have accepted
 * all records. One slave's error does not keep the other records: it rejects with that error at the end, or with an
 * `AggregateError` when several records failed.
 *
 * A super-frame with an error, and one that is damaged, is dropped whole, counted in `dropCount` and logged under
 * `pyrogue.batcher.CoreV1` in Rogue's words. A record without data becomes an empty frame. The sequence number, the
 * padding and the metadata of the super-frame are ignored.
 */
export class SplitterV1 extends Splitter {
  constructor() {
    super('batcher.CoreV1', splitV1);
  }
}

/** As {@link SplitterV1}, for the super-frames of a V2 batcher, which have no padding. Logs as `pyrogue.batcher.CoreV2`. */
export class SplitterV2 extends Splitter {
  constructor() {
    super('batcher.CoreV2', splitV2);
  }
}
