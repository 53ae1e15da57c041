// The account of one bridge: what it was given and what its slave got, beside its own statistics.

import type { Frame, TcpCore, TcpStats } from '../../lib/index';

const TOTALS = [
  'framesSent',
  'bytesSent',
  'notSent',
  'discarded',
  'undelivered',
  'malformed',
  'refusedPeers',
  'slaveErrors',
] as const;

type Totals = Record<(typeof TOTALS)[number], number>;

/** One bridge's. */
export class Account {
  private static current: Account | undefined;
  /** Of the bridges before the current one. */
  private static readonly before = Object.fromEntries(TOTALS.map((name) => [name, 0])) as Totals;

  /** Frames that its slave was called with. */
  delivered = 0;
  private given = 0;
  private accepted = 0;
  private rejected = 0;

  constructor(private readonly bridge: TcpCore) {
    Account.current = this;
  }

  /** Of all bridges of this process so far. */
  static totals(): Totals {
    const stats = Account.current?.bridge.stats;
    const totals = { ...Account.before };
    if (stats !== undefined) for (const name of TOTALS) totals[name] += stats[name];
    return totals;
  }

  async send(frame: Frame): Promise<void> {
    this.given += 1;
    try {
      await this.bridge.send(frame);
      this.accepted += 1;
    } catch (err) {
      this.rejected += 1;
      throw err;
    }
  }

  /** After its stop(). @returns what does not add up. */
  close(): string[] {
    const { stats } = this.bridge;
    if (Account.current === this) {
      for (const name of TOTALS) Account.before[name] += stats[name];
      Account.current = undefined;
    }
    return this.wrongIn(stats);
  }

  private wrongIn(stats: TcpStats): string[] {
    const { framesSent, notSent, refused, sendsWaiting, framesReceived, receivesWaiting } = stats;
    const sums: [what: string, is: number, shouldBe: number][] = [
      ['framesSent + notSent + refused, of the frames given', framesSent + notSent + refused, this.given],
      ['framesSent, of the sends that were accepted', framesSent, this.accepted],
      ['notSent + refused, of the sends that were rejected', notSent + refused, this.rejected],
      ['framesReceived, of the frames delivered', framesReceived, this.delivered],
      ['sendsWaiting and receivesWaiting after stop()', sendsWaiting + receivesWaiting, 0],
    ];
    return sums
      .filter(([, is, shouldBe]) => is !== shouldBe)
      .map(([what, is, shouldBe]) => `the account does not add up: ${what}: ${is}, not ${shouldBe}`);
  }
}
