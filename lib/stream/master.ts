// What sends frames. slaclab/rogue src/rogue/interfaces/stream/Master.cpp.

import { show } from '../errors';
import type { Frame } from './frame';
import type { FrameSlave, SlaveLike } from './slave';

const ACCEPTED = Promise.resolve();

/**
 * Sends frames to the slaves added to it. The first one added is the primary.
 */
export class Master {
  // In order of delivery: newest secondary first, the primary last. Replaced and not changed when a slave
  // is added, so that adding one from within acceptFrame leaves the frame under way alone.
  private slaves: readonly FrameSlave[] = [];

  /** How many slaves there are. */
  get slaveCount(): number {
    return this.slaves.length;
  }

  /**
   * Adds a slave: anything with an `acceptFrame`, or a function.
   * @throws {TypeError} when it is neither.
   */
  addSlave(slave: SlaveLike): void {
    const added = asSlave(slave);
    const primary = this.slaves.at(-1);
    this.slaves = primary === undefined ? [added] : [added, ...this.slaves];
  }

  /** Adds `slave` and returns it, so that `src.to(tcp).to(dst)` is Rogue's `src >> tcp >> dst`. */
  to<S extends SlaveLike>(slave: S): S {
    this.addSlave(slave);
    return slave;
  }

  /**
   * Gives the frame to every slave: the secondary ones first, newest first, the primary last. Each slave is
   * called in that order before this returns, so every slave sees frames in the order of the calls.
   *
   * Settles when all slaves have accepted; awaiting it is the back-pressure. One slave's error does not keep
   * the frame from the others: it rejects with that error when all are done, or with an `AggregateError`
   * when several failed. Without slaves the frame goes nowhere, as in Rogue.
   */
  sendFrame(frame: Frame): Promise<void> {
    return this.deliver(frame) ?? ACCEPTED;
  }

  /**
   * {@link sendFrame} for the frame path: undefined when every slave has accepted already.
   * @internal
   */
  protected deliver(frame: Frame): Promise<void> | undefined {
    const { slaves } = this;
    if (slaves.length === 1) return acceptOne(slaves[0]!, frame);
    let waiting: Promise<void>[] | undefined;
    for (const slave of slaves) {
      const accepted = acceptOne(slave, frame);
      if (accepted !== undefined) (waiting ??= []).push(accepted);
    }
    return waiting === undefined ? undefined : allAccepted(waiting);
  }
}

/** What a slave's throwing and its rejecting have in common: a rejected promise. */
function acceptOne(slave: FrameSlave, frame: Frame): Promise<void> | undefined {
  try {
    const accepted: unknown = slave.acceptFrame(frame);
    // A function used as a slave may return anything; only a promise is worth waiting for.
    // The promise itself where it is one of the language; any other thing with a `then` is made one.
    return isPromise(accepted) ? Promise.resolve(accepted) : undefined;
  } catch (err) {
    // Whatever a slave threw is passed on as it is.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return Promise.reject(err);
  }
}

function isPromise(value: unknown): value is Promise<void> {
  return typeof value === 'object' && value !== null && typeof (value as Promise<void>).then === 'function';
}

async function allAccepted(waiting: readonly Promise<void>[]): Promise<void> {
  const failures = (await Promise.allSettled(waiting)).filter((result) => result.status === 'rejected');
  const [first, ...others] = failures.map((failure): unknown => failure.reason);
  if (failures.length === 0) return;
  if (others.length === 0) throw first;
  throw new AggregateError([first, ...others], `${failures.length} slaves failed to accept the frame`);
}

function asSlave(slave: unknown): FrameSlave {
  if (typeof slave === 'function') return { acceptFrame: slave as FrameSlave['acceptFrame'] };
  if (
    typeof slave === 'object' &&
    slave !== null &&
    typeof (slave as FrameSlave).acceptFrame === 'function'
  ) {
    return slave as FrameSlave;
  }
  throw new TypeError(`slave is ${show(slave)}, but must have an acceptFrame method or be a function`);
}
