// Modules whose work is done in worker threads. The pool of threads is piscina's.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type * as piscina from 'piscina';
import { lingerMsOf, settlesWithin, type LingerOptions } from '../../async/linger';
import { clearTimeout, MAX_TIMER_MS, setTimeout } from '../../async/clock';
import { Mutex } from '../../async/mutex';
import { Queue } from '../../async/queue';
import { describeError } from '../../errors';
import { LogLimit } from '../../log-limit';
import { Logging } from '../../logging';
import { ownCopy } from '../../memory/payload-memory';
import { optional } from '../../optional';
import { checkBoolean, checkInteger } from '../../validate';
import { FailureLog } from '../failures';
import { Frame } from '../frame';
import { StreamModule } from '../module';
import type { FrameMessage, ThreadData } from './messages';
import { builtFile } from '../../built-file';

const MAX_THREADS = 1024;
const DEFAULT_TIMEOUT_MS = 60_000;
// Under way at once, for each thread: enough that none of them waits for its next frame, and, in order, that some are
// done while an earlier one takes longer.
const FRAMES_PER_THREAD = 4;

/** How threads are used. */
export interface WorkerModuleOptions {
  /** Worker threads; default one for each processor but one, at least one. */
  readonly threads?: number;
  /** True (the default): results go on in the order of their frames. False: as they are ready. */
  readonly ordered?: boolean;
  /** Milliseconds that one frame may take; then its thread is ended and replaced. Default 60 000. */
  readonly timeoutMs?: number;
}

/** Names of {@link WorkerModuleOptions}. */
export const WORKER_OPTIONS = ['threads', 'ordered', 'timeoutMs'] as const;

/** One frame and what becomes of it. */
interface Job {
  readonly name: string;
  readonly message: FrameMessage;
  /** Gives the threads' answer; undefined where the frame is lost. */
  readonly settle: (answer: readonly FrameMessage[] | undefined) => void;
}

/** A frame whose sender waits, because enough others are under way. */
interface Waiting {
  readonly frame: Frame;
  readonly resolve: () => void;
}

/** What modules with worker threads have in common. */
export abstract class WorkerModule extends StreamModule {
  private readonly log: Logging;
  private readonly failures: FailureLog;
  private readonly losses: LogLimit;
  private readonly pool: piscina.Piscina<FrameMessage, FrameMessage[]>;
  private readonly threads: number;
  private readonly ordered: boolean;
  private readonly timeoutMs: number;
  /** Of what is given to the slaves. */
  private readonly giving = new Mutex();
  private readonly waiting = new Queue<Waiting>();
  private readonly ready = new Queue<Job>();
  /** Frames in threads. */
  private running = 0;
  /** Frames taken whose results the slaves have not accepted yet. */
  private underWay = 0;
  private taken = 0;
  private errors = 0;
  private over = false;
  private onIdle: (() => void) | undefined;
  private ending: Promise<void> | undefined;

  /**
   * @param thread what the threads run.
   * @throws {TypeError} {RangeError} naming the argument and the value.
   */
  protected constructor(what: string, thread: ThreadData, options: WorkerModuleOptions) {
    super();
    const { threads = Math.max(1, availableParallelism() - 1), ordered = true } = options;
    this.threads = checkInteger('threads', threads, 1, MAX_THREADS);
    this.ordered = checkBoolean('ordered', ordered);
    this.timeoutMs = checkInteger('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, MAX_TIMER_MS);
    this.log = Logging.create(what);
    this.failures = new FailureLog(this.log);
    this.losses = new LogLimit((text) => this.log.error(text));
    const path = fileURLToPath(thread.url);
    if (!existsSync(path)) throw new TypeError(`${what}: there is no file ${path}`);
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { Piscina } = optional('piscina', what, () => require('piscina') as typeof piscina);
    this.pool = new Piscina({
      filename: builtFile('stream', 'workers', 'thread.js'),
      minThreads: this.threads,
      maxThreads: this.threads,
      // Else a thread sleeps between two frames, and nothing that the function has begun goes on.
      atomics: 'disabled',
      workerData: thread,
    });
    // Of a thread that fails between two frames. Without a listener it would end the process.
    this.pool.on('error', (err: unknown) => this.losses.note(`A worker failed: ${describeError(err)}`));
  }

  /**
   * Frames that were lost because the function threw, the thread ended, or the frame took longer than `timeoutMs`, which
   * `dropCount` has as well; and results that a slave did not accept. The log has each of them.
   */
  get errorCount(): number {
    return this.errors;
  }

  /** Frames that were taken, and whose results the slaves have not accepted yet. */
  get size(): number {
    return this.underWay + this.waiting.length;
  }

  /**
   * Takes no more frames, gives threads and slaves up to `lingerMs` for those under way, ends the threads, and drops and
   * counts what is left then. Further calls return the promise of the first.
   *
   * @throws {RangeError} {TypeError} for a wrong `lingerMs`; nothing is stopped.
   */
  override stop(options: LingerOptions = {}): Promise<void> {
    const lingerMs = lingerMsOf(options);
    this.stopped = true;
    this.ending ??= this.end(lingerMs);
    return this.ending;
  }

  protected override pass(frame: Frame): void | Promise<void> {
    if (this.underWay < FRAMES_PER_THREAD * this.threads) {
      this.take(frame);
      return undefined;
    }
    frame.beginUse();
    return new Promise((resolve) => this.waiting.push({ frame, resolve }));
  }

  private take(frame: Frame): void {
    const { payload, flags, channel, error } = frame;
    this.underWay += 1;
    const name = nameOf(frame, this.taken);
    this.taken += 1;
    const answer = new Promise<readonly FrameMessage[] | undefined>((settle) => {
      // Other slaves have the same payload, so its memory cannot be moved away from them; that of the copy is.
      this.ready.push({ name, message: { payload: ownCopy(payload), flags, channel, error }, settle });
    });
    if (this.ordered) void this.giving.runExclusive(async () => this.giveResults(await answer));
    else void answer.then((results) => this.giving.runExclusive(() => this.giveResults(results)));
    this.runReady();
  }

  private runReady(): void {
    while (this.running < this.threads) {
      const job = this.ready.shift();
      if (job === undefined) return;
      void this.run(job);
    }
  }

  private async run({ name, message, settle }: Job): Promise<void> {
    this.running += 1;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), this.timeoutMs);
    try {
      settle(
        await this.pool.run(message, {
          transferList: [message.payload.buffer as ArrayBuffer],
          signal: over.signal,
        }),
      );
    } catch (err) {
      if (!this.isOver())
        this.lose(
          name,
          over.signal.aborted ? `it took longer than timeoutMs = ${this.timeoutMs}` : describeError(err),
        );
      settle(undefined);
    } finally {
      clearTimeout(timer);
      this.running -= 1;
      this.runReady();
    }
  }

  private lose(name: string, why: string): void {
    this.errors += 1;
    this.losses.note(`${name} was lost in a worker: ${why}`);
  }

  /** Gives the slaves what came of one frame. Never rejects. */
  private async giveResults(results: readonly FrameMessage[] | undefined): Promise<void> {
    if (this.isOver()) return;
    if (results === undefined || results.length === 0) this.drop();
    for (const { payload, ...fields } of results ?? []) {
      try {
        await this.deliver(new Frame(payload, fields));
      } catch (err) {
        this.errors += 1;
        this.failures.note('A slave did not accept a frame', err);
      }
      if (this.isOver()) return;
    }
    this.underWay -= 1;
    const next = this.waiting.shift();
    if (next !== undefined) {
      this.take(next.frame);
      next.frame.endUse();
      next.resolve();
    } else if (this.underWay === 0) this.onIdle?.();
  }

  /** Whether what was left has been dropped: nothing is passed on any more. A call, because it changes across an await. */
  private isOver(): boolean {
    return this.over;
  }

  private async end(lingerMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
    if (this.size > 0) await settlesWithin(lingerMs, idle);
    this.over = true;
    const { size } = this;
    if (size > 0) {
      this.drop(size);
      this.log.warning(
        `${size} frames were dropped: workers or slaves were not done with them ${lingerMs} ms after stop()`,
      );
    }
    for (const { frame, resolve } of this.waiting) {
      frame.endUse();
      resolve();
    }
    this.waiting.clear();
    this.ready.clear();
    this.finish();
    await this.pool.destroy();
  }
}

/** As people look for it: in a file by its place, in a stream by its number. */
function nameOf(frame: Frame, index: number): string {
  const { channel, size } = frame;
  const { path, position } = frame as Partial<{ path: string; position: number }>;
  const place = path === undefined ? '' : `, at byte ${position} of ${path}`;
  return `Frame ${index} (channel ${channel}, ${size} bytes${place})`;
}
