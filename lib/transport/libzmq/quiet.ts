// When libzmq has no more: it does not tell, so nothing has come for a while. Pure.

// A machine that is so busy that it wakes our loop late wakes libzmq's thread as late: it has so many times as long.
const TIMES_LATE = 5;

/** Looked at every few milliseconds, until nothing has come for long enough. */
export class Quiet {
  private since = Infinity;
  private lookedAt = Infinity;
  private lateMs = 0;

  /** @param idleMs what is long enough on a machine that has time. @param lookMs how long it was to be between two looks. */
  constructor(
    private readonly idleMs: number,
    private readonly lookMs: number,
  ) {}

  /** @param nowMs as `monotonicMs()`. @param isBusy whether something has come since the last look. */
  isOver(nowMs: number, isBusy: boolean): boolean {
    if (isBusy) [this.since, this.lateMs] = [nowMs, 0];
    else this.lateMs = Math.max(this.lateMs, nowMs - this.lookedAt - this.lookMs);
    this.lookedAt = nowMs;
    return nowMs - this.since >= Math.max(this.idleMs, TIMES_LATE * this.lateMs);
  }
}
