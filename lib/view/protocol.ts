// What a page and the gateway say to each other over the WebSocket. Pure; the page and rogue-bridge/browser use it as well.
//
// Text messages are JSON objects with a field `op`. A binary message holds whole records of a Rogue data file: 8 bytes of
// header, then the payload. After `preview` and `frames` one binary message follows, which belongs to it.

import type { Interpretation, View } from './interpretation';
import type { Packing } from './numbers';

/** The subprotocol, with its version. */
export const SUBPROTOCOL = 'rogue-bridge.view.v1';
/** Where the WebSocket is. */
export const SOCKET_PATH = '/ws';
/** The longest text message that a page may send, in bytes. */
export const MAX_REQUEST_BYTES = 4096;
/** The largest preview, in bytes. */
export const MAX_PREVIEW_BYTES = 256 * 1024;
/** Frames of more bytes have no preview. */
export const MAX_PREVIEWED_BYTES = 256 * 1000 * 1000;

/** Close codes, from RFC 6455. */
export const CLOSE = { goingAway: 1001, policy: 1008, tooLarge: 1009 } as const;

// From the page.

/** What a view wants to see of a channel. A second `watch` with the same id takes the place of the first. */
export interface Watch extends Interpretation {
  readonly op: 'watch';
  /** Of the page's choice, 0 to 15; every answer names it. */
  readonly id: number;
  readonly channel: number;
  readonly view: View;
  /** `wave`: how many columns the canvas has; the preview has no more than 2 samples a column. */
  readonly columns?: number;
  /**
   * The part to be shown. `wave`: first and last sample (exclusive); `hex`: first and last byte (exclusive);
   * `image`: row, column, rows, columns. All of it unless given.
   */
  readonly window?: readonly number[];
  /** `hist`: bins, 16 to 1024. */
  readonly bins?: number;
  /** A frame that is kept, by its number; without one the newest, again and again. */
  readonly frame?: number;
}

/** The page has drawn what it got: it wants the next preview of this watch. One is enough until an answer has come. */
export interface Next {
  readonly op: 'next';
  readonly id: number;
}

export interface Unwatch {
  readonly op: 'unwatch';
  readonly id: number;
}

/** Keeps the frames of a channel that the gateway has now, until `live`; answered by `held`. */
export interface Hold {
  readonly op: 'hold';
  readonly channel: number;
}

/** Lets go of what was held. */
export interface Live {
  readonly op: 'live';
}

/** Whole frames, for rogue-bridge/browser. `credit` bytes may be sent; see {@link Credit}. */
export interface Subscribe {
  readonly op: 'subscribe';
  readonly id: number;
  /** All unless given. */
  readonly channels?: readonly number[];
  /** `all`: each frame, and the gateway's source waits for credit. `latest`: the newest when there is credit. */
  readonly mode: 'all' | 'latest';
  readonly credit: number;
}

/** The gateway may send this number of further bytes of records. It sends a frame while any credit is left. */
export interface Credit {
  readonly op: 'credit';
  readonly id: number;
  readonly bytes: number;
}

/** A file that is played: whether it runs, where, how fast. */
export interface Play {
  readonly op: 'play';
  readonly playing?: boolean;
  /** 0 to 1, of the file's bytes. */
  readonly position?: number;
  /** Frames a second; 0: as fast as it can be. */
  readonly rate?: number;
}

export type Request = Watch | Next | Unwatch | Hold | Live | Subscribe | Credit | Play;

// From the gateway.

/** The first message. */
export interface Hello {
  readonly op: 'hello';
  /** Of the program. */
  readonly version: string;
  readonly source: SourceInfo;
  readonly limits: Limits;
  /** The gateway's clock, in ms since 1970. */
  readonly now: number;
}

/** Where the frames come from. */
export interface SourceInfo {
  /** `daq-host:8000`, `run42 at host:4222`, or the name of a file. */
  readonly address: string;
  /**
   * `client`: it connects to a server; `server`: it listens; `log`: a log on JetStream; `file`: a data file; `program`: a
   * program's own master.
   */
  readonly role: 'client' | 'server' | 'log' | 'file' | 'program';
}

export interface Limits {
  readonly viewers: number;
  /** Frames kept a channel. */
  readonly kept: number;
  /** Largest frame with a preview, in bytes. */
  readonly previewedBytes: number;
  /** Largest preview, in bytes. */
  readonly previewBytes: number;
  /** How far the rates go back, in seconds. */
  readonly historySeconds: number;
}

export type LinkState = 'waiting' | 'idle' | 'streaming' | 'stalled' | 'lost';

/** Four times a second. */
export interface Status {
  readonly op: 'status';
  readonly now: number;
  readonly link: LinkState;
  /** When the link came (`idle`, `streaming`, `stalled`), went (`lost`), or when waiting began; ms since 1970. */
  readonly linkSince: number;
  /** When the last frame came; 0: none has. */
  readonly lastFrame: number;
  /** Over the last second, or before it stalled (`stalled`, `lost`). */
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly malformed: number;
  readonly errors: number;
  /** Of all channels, since the gateway was started. */
  readonly frames: number;
  /** Those in which something has changed since the last message, and all in the first. */
  readonly channels: readonly ChannelStatus[];
  /** How many channels there are. */
  readonly channelCount: number;
  readonly file?: FileStatus;
}

export interface ChannelStatus {
  readonly channel: number;
  readonly frames: number;
  readonly bytes: number;
  readonly errors: number;
  /** How often each error came, the most frequent first, at most 8. */
  readonly errorCounts: readonly (readonly [error: number, frames: number])[];
  /** The newest frame with an error that is still kept. */
  readonly lastError?: number;
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Of the newest frame, payload bytes. */
  readonly size: number;
  readonly lastFrame: number;
  readonly isStalled: boolean;
  /** Frames a second before it stalled. */
  readonly rateBefore: number;
  /** Frames that can be stepped through. */
  readonly kept: number;
  /** The gateway's guess, made once from the first frame. */
  readonly guess: Interpretation & { readonly view: View };
}

export interface FileStatus {
  readonly playing: boolean;
  readonly atEnd: boolean;
  /** 0 to 1. */
  readonly position: number;
  readonly bytes: number;
  readonly frames: number;
  /** Frames a second; 0: as fast as it can be. */
  readonly rate: number;
}

/** Once a second: the newest point of the strip charts. Older ones come from `GET /history?seconds=N`. */
export interface Second extends HistoryPoint {
  readonly op: 'second';
}

/** One second of the rates, or ten after an hour. */
export interface HistoryPoint {
  /** End of it, in seconds since 1970. */
  readonly at: number;
  /** Whether a peer was there all the time; looked at four times a second. */
  readonly link: boolean;
  /** Only channels with frames in that time. Frames and bytes a second, frames with an error, mean payload bytes. */
  readonly channels: readonly (readonly [
    channel: number,
    framesPerSecond: number,
    bytesPerSecond: number,
    errors: number,
    size: number,
  ])[];
}

/** The body of `GET /history`, oldest first. */
export interface History {
  readonly points: readonly HistoryPoint[];
}

/** The header of a frame that is kept. */
export interface FrameInfo {
  /** Counted per channel from 1. */
  readonly number: number;
  /** When it came, in ms since 1970. */
  readonly time: number;
  readonly size: number;
  readonly flags: number;
  readonly error: number;
}

/** Statistics of the samples of a preview's window. */
export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
  /** Samples with a finite value. */
  readonly count: number;
  readonly nan: number;
}

/** A binary message follows: one record, whose payload is the preview and whose flags, error and channel are the frame's. */
export interface Preview extends FrameInfo {
  readonly op: 'preview';
  readonly id: number;
  readonly channel: number;
  readonly view: View;
  readonly packing: Packing;
  /** Samples of the frame as it is read; bytes for `hex`. */
  readonly samples: number;
  /** The part that is shown, as in {@link Watch.window}. */
  readonly window: readonly number[];
  /**
   * `wave`: 0 when the preview has the samples themselves, else how many samples each pair of minimum and maximum stands
   * for (the last may stand for fewer). `image`: one pixel of each `step` by `step` is
   * there. `hist`: every `step`th sample was counted.
   */
  readonly step: number;
  /** `image`: of the preview. */
  readonly rows?: number;
  readonly columns?: number;
  /** `image`: a pixel's value is offset + scale * number; the number 65535 is none (NaN, infinite) where `scale` is not 1. */
  readonly scale?: number;
  readonly offset?: number;
  /** `hist`: values of the first bin's lower and the last bin's upper edge. The counts are of {@link summed} frames. */
  readonly low?: number;
  readonly high?: number;
  readonly summed?: number;
  /** Of the samples looked at: all of them for `wave`, those of the preview for `image`. */
  readonly statistics?: Statistics;
  /** Frames of the channel since the preview before, without this one: they were not shown. */
  readonly notShown: number;
  /** Frames that can be stepped through. */
  readonly kept: number;
}

/** There is nothing to draw; no binary message follows. For a live watch the next frame is answered as usual. */
export interface NoPreview extends Partial<FrameInfo> {
  readonly op: 'no-preview';
  readonly id: number;
  readonly channel: number;
  /**
   * `empty`: no payload. `too-large`: above {@link Limits.previewedBytes}. `misfit`: too few bytes for the shape, of which
   * `needed` tells how many. `gone`: the frame is not kept any more.
   */
  readonly reason: 'empty' | 'too-large' | 'misfit' | 'gone';
  readonly needed?: number;
  readonly notShown?: number;
  readonly kept?: number;
}

/** Answers `hold`, oldest first. */
export interface Held {
  readonly op: 'held';
  readonly channel: number;
  readonly frames: readonly FrameInfo[];
}

/** Whole frames of a subscription: a binary message of `count` records follows. */
export interface Frames {
  readonly op: 'frames';
  readonly id: number;
  readonly count: number;
  /** Frames of these channels that were left out since the last message (`latest`). */
  readonly skipped: number;
}

/** A request that cannot be fulfilled. The connection stays. */
export interface Refusal {
  readonly op: 'error';
  readonly id?: number;
  readonly message: string;
}

export type Message = Hello | Status | Second | Preview | NoPreview | Held | Frames | Refusal;
