// Which peers are told of, and in which order: `connect`, then `disconnect` once the last frame has been delivered.

import type { PeerEvent } from './socket';

interface Report {
  /** `connect` has been told. */
  told: boolean;
  /** Its connection has ended, and the last of what it brought has been delivered. */
  over: boolean;
}

/** A peer as its reports know it. */
export interface ReportedPeer {
  /** True from the end of its handshake to the end of its connection. */
  readonly ready: boolean;
}

/** The peers of one socket, past their handshakes. */
export class PeerReports<P extends ReportedPeer> {
  private readonly reports = new Map<P, Report>();
  private watched = false;

  /**
   * @param onePeer whether there is one peer at a time, as for a client: the next one is told of after the last one has
   *   gone, also where it was there before.
   */
  constructor(
    private readonly onePeer: boolean,
    private readonly tell: (type: PeerEvent['type'], peer: P) => void,
  ) {}

  /** Begins to tell: first of the peers already there. */
  watch(): void {
    if (this.watched) return;
    this.watched = true;
    if (this.onePeer) this.advance();
    else for (const peer of [...this.reports.keys()]) if (peer.ready) this.begin(peer);
  }

  ready(peer: P): void {
    this.reports.set(peer, { told: false, over: false });
    if (this.onePeer) this.advance();
    else this.begin(peer);
  }

  /** The last frame of this peer has been delivered. */
  departed(peer: P): void {
    const report = this.reports.get(peer);
    if (report === undefined) return;
    report.over = true;
    if (this.onePeer) this.advance();
    else this.end(peer, report);
  }

  /** Tells what is due of the first, and of the next ones once that one has gone. */
  private advance(): void {
    for (const [peer, report] of this.reports) {
      this.begin(peer);
      if (!report.over) return;
      this.end(peer, report);
    }
  }

  private begin(peer: P): void {
    const report = this.reports.get(peer);
    if (!this.watched || report === undefined || report.told) return;
    report.told = true;
    this.tell('connect', peer);
  }

  private end(peer: P, { told }: Report): void {
    this.reports.delete(peer);
    if (told) this.tell('disconnect', peer);
  }
}
