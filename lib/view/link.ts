// Whether there is a peer, and whether frames come from it.

import type { FileStatus, LinkState, Play, SourceInfo } from './protocol';

/** The part of a bridge that a view looks at. */
export interface WatchedBridge {
  readonly stats: { readonly peers: { readonly receive: number }; readonly malformed: number };
}

/** A data file that is being played. */
export interface WatchedFile {
  readonly status: FileStatus;
  /** Goes on, stops, moves, or changes its pace. */
  play(request: Play): void;
}

/** Where a view's frames come from. */
export interface StreamSource extends SourceInfo {
  readonly bridge?: WatchedBridge | undefined;
  readonly file?: WatchedFile | undefined;
}

export class LinkWatch {
  state: LinkState = 'waiting';
  /** When `waiting` began, the link came, or went; ms since 1970. */
  since: number;
  private wasUp = false;
  private wasDown = false;

  constructor(
    public source: StreamSource,
    now: number,
  ) {
    this.since = now;
  }

  /** Messages that were no frame. */
  get malformed(): number {
    return this.source.bridge?.stats.malformed ?? 0;
  }

  /** Without a bridge there is no link that could go. */
  get isUp(): boolean {
    const { bridge } = this.source;
    return bridge === undefined || bridge.stats.peers.receive > 0;
  }

  get fileStatus(): { readonly file?: FileStatus } {
    const { file } = this.source;
    return file === undefined ? {} : { file: file.status };
  }

  /** Whether the link was up at every look since this was asked last. */
  takeWasUp(): boolean {
    const { wasDown } = this;
    this.wasDown = false;
    return !wasDown;
  }

  /** Why an alarm should go off; undefined while there is a peer, or none could be. */
  get fault(): string | undefined {
    const { address } = this.source;
    return this.isUp
      ? undefined
      : `${address}: ${this.state === 'lost' ? 'the link is lost' : 'no peer has come yet'}`;
  }

  update(now: number, hasFrames: boolean, isStalled: boolean): void {
    const { isUp } = this;
    if (isUp !== this.wasUp) this.since = now;
    this.wasDown ||= !isUp;
    // A peer that has sent and left may have been here between two looks.
    const hasBeen = this.wasUp || this.state === 'lost' || hasFrames;
    this.wasUp = isUp;
    if (isUp) this.state = hasFrames ? (isStalled ? 'stalled' : 'streaming') : 'idle';
    else this.state = hasBeen ? 'lost' : 'waiting';
  }
}
