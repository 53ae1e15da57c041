// Which peers are told of, and in which order: `connect`, then `disconnect` once the last frame has been delivered.

import type { PeerEvent } from '../socket';
import type { Connection } from './connection';

interface Report {
  /** `connect` has been told. */
  told: boolean;
  /** The connection has ended, and the last of what it brought has been delivered. */
  over: boolean;
}

/** The peers of one end, past their handshakes. */
export class PeerReports {
  private readonly reports = new Map<Connection, Report>();
  private watched = false;

  /**
   * @param onePeer whether there is one peer at a time, as for a client: the next one is told of after the last one has
   *   gone, also where it was there before.
   */
  constructor(
    private readonly onePeer: boolean,
    private readonly tell: (type: PeerEvent['type'], connection: Connection) => void,
  ) {}

  /** Begins to tell: first of the peers already there. */
  watch(): void {
    if (this.watched) return;
    this.watched = true;
    if (this.onePeer) this.advance();
    else for (const connection of [...this.reports.keys()]) if (connection.ready) this.begin(connection);
  }

  ready(connection: Connection): void {
    this.reports.set(connection, { told: false, over: false });
    if (this.onePeer) this.advance();
    else this.begin(connection);
  }

  /** The last frame of this connection has been delivered. */
  departed(connection: Connection): void {
    const report = this.reports.get(connection);
    if (report === undefined) return;
    report.over = true;
    if (this.onePeer) this.advance();
    else this.end(connection, report);
  }

  /** Tells what is due of the first, and of the next ones once that one has gone. */
  private advance(): void {
    for (const [connection, report] of this.reports) {
      this.begin(connection);
      if (!report.over) return;
      this.end(connection, report);
    }
  }

  private begin(connection: Connection): void {
    const report = this.reports.get(connection);
    if (!this.watched || report === undefined || report.told) return;
    report.told = true;
    this.tell('connect', connection);
  }

  private end(connection: Connection, { told }: Report): void {
    this.reports.delete(connection);
    if (told) this.tell('disconnect', connection);
  }
}
