// Payloads that Rogue's StreamZip has compressed. slaclab/rogue src/rogue/utilities/StreamUnZip.cpp.

import { pathToFileURL } from 'node:url';
import { checkInteger, checkOptionNames } from '../../validate';
import { builtFile } from '../../built-file';
import { WORKER_OPTIONS, WorkerModule, type WorkerModuleOptions } from '../workers/worker-module';

const DEFAULT_MAX_FRAME_BYTES = 256 * 1024 * 1024;
// WebAssembly has 32 bits of addresses, for what goes in as well.
const MAX_FRAME_BYTES = 2 ** 31 - 1;

/** What the threads know. */
export interface UnZipData {
  readonly maxFrameBytes: number;
}

/** How {@link StreamUnZip} works. */
export interface StreamUnZipOptions extends WorkerModuleOptions {
  /** A payload that would become larger is dropped; default 268 435 456 (256 MiB). */
  readonly maxFrameBytes?: number;
}

/**
 * Decompresses payloads, each of which is a bzip2 stream, as Rogue's: channel, flags and error stay, and what stands behind
 * the end of the stream is ignored. `tcp.to(new StreamUnZip()).to(slave)`, or behind a `StreamReader`.
 *
 * The work is done in worker threads, in order. A payload that is no bzip2 stream, is damaged, cut off or empty, or would be
 * larger than `maxFrameBytes`, is dropped, counted in `errorCount` and `dropCount`, and logged with its place.
 */
export class StreamUnZip extends WorkerModule {
  /** @throws {TypeError} {RangeError} naming the option and the value. */
  constructor(options: StreamUnZipOptions = {}) {
    checkOptionNames('the options of StreamUnZip', options, [...WORKER_OPTIONS, 'maxFrameBytes']);
    const { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES } = options;
    const data: UnZipData = {
      maxFrameBytes: checkInteger('maxFrameBytes', maxFrameBytes, 1, MAX_FRAME_BYTES),
    };
    const url = pathToFileURL(builtFile('stream', 'zip', 'unzip-thread.js')).href;
    super('StreamUnZip', { url, data }, options);
  }
}
