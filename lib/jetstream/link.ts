// The connection of a writer or reader to its servers, as long as it lasts.

import { GeneralError } from '../errors';
import type { Logging } from '../logging';
import { connectReason, type LogClient } from './client';
import type { LogEmitter } from './events';

export interface LinkHooks {
  /** The connection is gone; what was sent may be lost. */
  onDown(): void;
  onUp(): void;
  /** There will be no other connection. */
  onClosed(error: GeneralError): void;
}

/** Watches a connection, and tells of its end. */
export class Link {
  isUp = true;
  /** Times that the connection came back. */
  reconnects = 0;
  private isClosing = false;

  constructor(
    private readonly client: LogClient,
    private readonly events: LogEmitter,
    private readonly log: Logging,
    private readonly hooks: LinkHooks,
  ) {
    void this.watch();
    void client.connection.closed().then((err) => this.onClosed(err));
  }

  /** The server that the connection is to. */
  get server(): string {
    return this.client.connection.getServer();
  }

  /** Looks for another connection: this one seems to be dead. */
  reconnect(): void {
    if (!this.isClosing) this.client.connection.reconnect().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.isClosing = true;
    // What goes wrong with the end of a connection is of no interest, and must not end the process.
    await this.client.connection.close().catch(() => undefined);
  }

  private async watch(): Promise<void> {
    for await (const status of this.client.connection.status()) {
      if (this.isClosing) return;
      if (status.type === 'disconnect') this.onDown();
      else if (status.type === 'reconnect') this.onUp();
    }
  }

  private onDown(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.log.warning(`the connection to ${this.client.servers} is gone`);
    this.hooks.onDown();
    this.events.emitSafely('disconnect', this.client.servers);
  }

  private onUp(): void {
    this.isUp = true;
    this.reconnects += 1;
    // At the level of the line that said it was gone.
    this.log.warning(`connected to ${this.server} again`);
    this.hooks.onUp();
    this.events.emitSafely('connect', this.server);
  }

  private onClosed(err: unknown): void {
    this.isUp = false;
    if (this.isClosing) return;
    this.isClosing = true;
    const why = err === undefined ? 'it was closed' : connectReason(err);
    const text = `the connection to ${this.client.servers} has ended for good: ${why}`;
    this.hooks.onClosed(new GeneralError('ERR_LOG_CONNECT', text, { cause: err }));
  }
}
