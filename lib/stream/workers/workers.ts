// The user's own work in worker threads.

import { pathToFileURL } from 'node:url';
import { show } from '../../errors';
import { checkOptionNames } from '../../validate';
import { WORKER_OPTIONS, WorkerModule, type WorkerModuleOptions } from './worker-module';

/** How {@link Workers} work. */
export interface WorkersOptions extends WorkerModuleOptions {
  /** The function's second argument, in each thread a copy. */
  readonly data?: unknown;
}

/**
 * Gives frames to a function in worker threads, at their pace, and what it returns to the slaves: for work that would keep
 * a bridge from its sockets, or that one core is too slow for.
 *
 * ```ts
 * // analysis.mjs
 * export default function (frame) {
 *   return fit(frame.array(Float32Array)); // a typed array, a Frame, a list of these, or nothing
 * }
 * // main.mjs
 * const workers = new Workers(new URL('./analysis.mjs', import.meta.url), { threads: 4 });
 * tcp.to(workers).to(writer.getChannel(0));
 * ```
 *
 * A typed array goes on with the metadata of its frame. Of a frame for which the function returns nothing `dropCount` tells.
 * The function has a copy of the frame, whose memory goes to the thread and back without being copied again.
 *
 * The sender waits while four frames a thread are under way. A frame whose function throws, never returns, or ends its
 * thread is lost, counted in `errorCount` and logged with its place; the thread is replaced.
 */
export class Workers extends WorkerModule {
  /**
   * @param module the file with the function, its default export: a `file:` URL, or a path.
   * @throws {TypeError} {RangeError} naming the argument and the value; when there is no such file.
   * @throws {GeneralError} `ERR_MISSING_PACKAGE`: the optional package `piscina` is not installed.
   */
  constructor(module: URL | string, options: WorkersOptions = {}) {
    checkOptionNames('the options of Workers', options, [...WORKER_OPTIONS, 'data']);
    super('Workers', { url: urlOf(module), data: options.data }, options);
  }
}

function urlOf(module: unknown): string {
  if (typeof module === 'string' && module !== '' && !module.includes('\0')) {
    return module.startsWith('file:') ? module : pathToFileURL(module).href;
  }
  if (module instanceof URL && module.protocol === 'file:') return module.href;
  throw new TypeError(
    `module is ${show(module)}, but must be a file: new Workers(new URL('./analysis.mjs', import.meta.url))`,
  );
}
