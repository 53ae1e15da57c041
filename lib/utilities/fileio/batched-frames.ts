// The records of the batches in data files. python/pyrogue/utilities/fileio/_FileReader.py of slaclab/rogue, batched=True.

import { Buffer } from 'node:buffer';
import { Logging } from '../../logging';
import { visible } from '../../quoted';
import { BatchRecords, splitInverted, splitV1, splitV2, type Split } from '../../stream/batcher/split';
import { FileFrame, type FrameSource } from './file-frame';
import type { BatchFormat } from './read-options';

const NOTHING = Buffer.alloc(0);
const SPLITS: Readonly<Record<BatchFormat, Split>> = { v1: splitV1, v2: splitV2, inverted: splitInverted };

// Of a file that has no batches at all, every record would have a line.
const MAX_LINES = 10;

const log = Logging.create('fileio.FileReader');

/** Hands out the records of each batch that a source of frames has, and leaves out what is none. */
export class BatchedFrames implements FrameSource {
  /** Batches left out. */
  dropCount = 0;
  private readonly split: Split;
  /** Those of them that have a line in the log. */
  private logged = 0;
  private batch: FileFrame | undefined;
  private records: BatchRecords | undefined;
  private index = 0;

  constructor(
    private readonly source: FrameSource,
    format: BatchFormat,
  ) {
    this.split = SPLITS[format];
  }

  open(): Promise<void> {
    return this.source.open();
  }

  take(): FileFrame | undefined {
    for (;;) {
      const { batch, records } = this;
      if (batch !== undefined && records !== undefined) return this.nextRecord(batch, records);
      const frame = this.source.take();
      if (frame === undefined) return undefined;
      this.begin(frame);
    }
  }

  fill(): Promise<boolean> {
    return this.source.fill();
  }

  endWait(): void {
    this.source.endWait();
  }

  close(): Promise<void> {
    this.end();
    const more = this.dropCount - this.logged;
    if (more > 0) log.warning(`${more} more records are no batches, and left out`);
    this.logged = this.dropCount;
    return this.source.close();
  }

  private begin(frame: FileFrame): void {
    const records = this.split(frame.payload);
    if (records instanceof BatchRecords) {
      this.batch = frame;
      this.records = records;
      this.index = 0;
      return;
    }
    this.dropCount += 1;
    if (this.logged < MAX_LINES) {
      this.logged += 1;
      const place = `${visible(frame.path)}, offset ${frame.position}`;
      log.warning(`${place}: a record of ${frame.size} bytes is no batch, and left out: ${records.text}`);
    }
    frame.release();
  }

  private nextRecord(batch: FileFrame, records: BatchRecords): FileFrame {
    const index = this.index++;
    const { path, position, size, flags, channel, error, config } = batch;
    const fields = { flags: records.flags(index), channel: records.destination(index), error };
    const place = { index, size, flags, channel, error };
    const record = new FileFrame(NOTHING, fields, path, position, place, config);
    record.lieWithin(batch, records.offset(index), records.size(index)).retain();
    if (this.index === records.count) this.end();
    return record;
  }

  /** The records that were handed out keep the memory of their batch. */
  private end(): void {
    this.batch?.release();
    this.batch = undefined;
    this.records = undefined;
  }
}
