// Frames of data files, with the place they come from.

import { Frame, type FrameOptions } from '../../stream/frame';
import type { Config } from '../config/config';

/** Where a record is. */
export interface FilePlace {
  /** The file; of a stream, what it is called. */
  readonly path: string;
  /** Bytes from the beginning of the file to the record's header. */
  readonly position: number;
}

/** Which record of a batch a frame is, and what the file has for the whole batch. */
export interface BatchPlace {
  /** 0 for the first record. */
  readonly index: number;
  /** Payload bytes of the batch. */
  readonly size: number;
  readonly flags: number;
  readonly channel: number;
  readonly error: number;
}

/** A frame as it is in a file. */
export class FileFrame extends Frame implements FilePlace {
  constructor(
    payload: Buffer,
    fields: FrameOptions,
    readonly path: string,
    /** Bytes from the beginning of the file to the record's header; of a batch, to the header of the batch. */
    readonly position: number,
    /** Of a frame from a batch; its `error` is the batch's. */
    readonly batch?: BatchPlace,
    /**
     * The configuration that the records before this one in the file (or files) give; undefined without the option `config`.
     * pyrogue writes it from another thread than the data, so that a change may be in the file behind data taken after it.
     */
    readonly config?: Config,
  ) {
    super(payload, fields);
  }
}

/** What hands out frames of files: {@link take} what is there, then {@link fill}. */
export interface FrameSource {
  open(): Promise<void>;
  take(): FileFrame | undefined;
  /** False when there is nothing more. */
  fill(): Promise<boolean>;
  endWait(): void;
  close(): Promise<void>;
}
