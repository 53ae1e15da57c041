// What a bridge says in the log. Whatever a peer or a slave can cause over and over is bounded.

import { monotonicMs } from '../async/clock';
import { describeStack } from '../errors';
import { LogLimit } from '../log-limit';
import { Logging } from '../logging';
import type { ConnectFailure, PeerEvent, Refusal } from '../transport/socket';

// A port scanner finds many ways to be refused; the counter goes on where the log stops.
const MAX_REFUSALS = 100;
const RARELY_MS = 600_000;
// A client's two connections fail within this time of each other.
const RETRY_PAIR_MS = 1_000;
// Peers that come and go, in ten seconds.
const PEERS = 100;

/** The lines of one bridge. */
export class BridgeLog {
  readonly log: Logging;
  private readonly backlog: LogLimit;
  private readonly malformed: LogLimit;
  private readonly lost: LogLimit;
  private readonly peers: LogLimit;
  private readonly errors: LogLimit;
  /** Who was refused for what, so that it is logged once in a while. */
  private readonly refusals = new Set<string>();
  private refusalsSince = monotonicMs();
  private lastError: Error | undefined;
  private readonly retries: LogLimit;
  private retryCode = '';
  private retryLoggedAt = 0;
  private gateLoggedAt = -Infinity;

  constructor(name: string) {
    const log = Logging.create(name);
    this.log = log;
    this.backlog = new LogLimit((text) => log.warning(text));
    this.malformed = new LogLimit((text) => log.warning(text));
    this.lost = new LogLimit((text) => log.warning(text));
    this.peers = new LogLimit((text) => log.info(text), PEERS);
    this.errors = new LogLimit((text) => log.error(text));
    this.retries = new LogLimit((text) => log.warning(text));
  }

  /** A sender that does not await. */
  onBacklog(waiting: number): void {
    this.backlog.note(`${waiting} frames wait to be sent: await send(), or memory fills up`);
  }

  onMalformed(reason: string): void {
    this.malformed.note(reason);
  }

  /** Frames that had been accepted; undefined for one that was about to be. */
  onLost(frames: number | undefined): void {
    this.lost.note(
      frames === undefined
        ? 'A frame was not sent: its peer left as it was handed over'
        : `${frames} frames were lost: their peer left before they were on the wire`,
    );
  }

  onPeer({ type, direction, remoteAddress }: PeerEvent): void {
    this.peers.note(`Peer ${type}: ${direction} ${remoteAddress ?? '(address unknown)'}`);
  }

  onRefused({ remoteAddress, reason }: Refusal, port: number): void {
    // Whoever is in the wrong place comes again and again, from another port each time.
    const address = remoteAddress ?? 'an unknown address';
    const now = monotonicMs();
    if (now - this.refusalsSince > RARELY_MS) {
      this.refusals.clear();
      this.refusalsSince = now;
    }
    const seen = `${port} ${address.replace(/:\d+$/, '')} ${reason}`;
    if (this.refusals.has(seen) || this.refusals.size > MAX_REFUSALS) return;
    this.refusals.add(seen);
    const more =
      this.refusals.size > MAX_REFUSALS ? '; others are counted, and not logged for some minutes' : '';
    this.log.warning(`Refused on port ${port}: the peer at ${address} ${reason}${more}`);
  }

  /** The first failure of a series, or of another kind, and then one in ten minutes; both directions fail alike. */
  onRetry({ code, address, message, attempts }: ConnectFailure): void {
    // A peer that broke the protocol has been refused, with a line of its own.
    if (code === 'EPROTO') return;
    const now = monotonicMs();
    const isNew = attempts === 1 && now - this.retryLoggedAt > RETRY_PAIR_MS;
    if (!isNew && code === this.retryCode && now - this.retryLoggedAt < RARELY_MS) return;
    this.retryCode = code;
    this.retryLoggedAt = now;
    const so = attempts === 1 ? '' : `, ${attempts} attempts so far`;
    this.retries.note(`Cannot connect to ${address}: ${message} (${code}); trying again${so}`);
  }

  /** Peers wait to be let in. */
  onGate(waiting: number): void {
    const now = monotonicMs();
    if (now - this.gateLoggedAt < RARELY_MS) return;
    this.gateLoggedAt = now;
    this.log.warning(
      `Peers wait to be let in (${waiting} now): the slaves have not taken the frames of peers that have left. See stats.peersWaiting`,
    );
  }

  onError(err: Error): void {
    // A disk that is full refuses every frame with the same error: one line tells it.
    if (err !== this.lastError) this.errors.note(describeStack(err));
    this.lastError = err;
  }
}
