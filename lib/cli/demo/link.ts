// One half of the demo: PRBS frames of many sizes with metadata that follows from the sequence number, sent and
// checked at once over one bridge.

import { Frame, Prbs, type TcpCore } from '../../index';
import { passing } from '../support/slaves';

// Bytes, whole 32-bit words: from the smallest PRBS frame, around ZMTP's short and long form, to large ones.
const SIZES = [12, 252, 256, 1_000, 4_096, 10_000, 65_536, 100_000];
// What a half sends another one behind its last frame: shorter than any PRBS frame.
const END = Buffer.from('end');

/** What one half has sent and received so far. */
export interface LinkCounts {
  readonly sent: number;
  readonly sentBytes: number;
  readonly received: number;
  readonly receivedBytes: number;
  /** Frames with a wrong payload, size or sequence number. */
  readonly payloadErrors: number;
  /** Frames with flags, channel or error other than the demo sends. */
  readonly metadataErrors: number;
}

/** What the first frame of the other side showed it to be. */
export type PeerKind = 'demo' | 'prbs' | 'other';

/** Sends and checks frames over one bridge. */
export class DemoLink {
  /** What the other side is; undefined until its first frame. */
  peerKind: PeerKind | undefined;
  /** Resolves when the other half has ended, and all of its frames have come. */
  readonly otherEnded: Promise<void>;
  private onOtherEnd!: () => void;
  private readonly known: Promise<void>;
  private onKnown!: () => void;
  private readonly sender = new Prbs();
  private readonly checker = new Prbs();
  private next = 0;
  private received = 0;
  private receivedBytes = 0;
  private metadataErrors = 0;
  private sending = true;

  /**
   * @param withErrors some frames carry an error field, which only another demo half takes for what it is: a
   *   PRBS receiver of Rogue counts each as an error.
   */
  constructor(
    private readonly bridge: TcpCore,
    private readonly withErrors: boolean,
  ) {
    this.otherEnded = new Promise((resolve) => (this.onOtherEnd = resolve));
    this.known = new Promise((resolve) => (this.onKnown = resolve));
    this.sender.to(bridge);
    bridge.to(passing((frame) => this.receive(frame)));
  }

  get counts(): LinkCounts {
    return {
      sent: this.sender.txCount,
      sentBytes: this.sender.txBytes,
      received: this.received,
      receivedBytes: this.receivedBytes,
      payloadErrors: this.checker.rxErrors,
      metadataErrors: this.metadataErrors,
    };
  }

  /** Sends until {@link stopSending}; rejects when the bridge refuses a frame. */
  async send(): Promise<void> {
    while (this.sending) {
      const number = this.next++;
      const sent = this.sender.genFrame(SIZES[number % SIZES.length]!, this.metadataOf(number));
      if (sent !== undefined) await sent;
    }
  }

  stopSending(): void {
    this.sending = false;
  }

  /**
   * Tells the other half that all frames have been sent, and resolves when it has said the same. Never where the other
   * side is none: it would not know what that is.
   * @param sending the promise of {@link send}.
   */
  async bothEnded(sending: Promise<void>): Promise<void> {
    await Promise.all([sending, this.known]);
    if (this.peerKind === 'demo') await this.bridge.send(new Frame(Buffer.from(END)));
    await this.otherEnded;
  }

  private receive(frame: Frame): void {
    if (this.peerKind === 'demo' && frame.payload.equals(END)) {
      this.onOtherEnd();
      return;
    }
    this.received += 1;
    this.receivedBytes += frame.size;
    const number = frame.size >= 4 ? frame.payload.readUInt32LE(0) : 0;
    if (this.peerKind === undefined) {
      this.peerKind = this.kindOf(frame, number);
      this.onKnown();
    }
    if (this.peerKind === 'other') return;
    if (this.peerKind === 'demo' && !this.hasMetadataOf(frame, number)) this.metadataErrors += 1;
    // The error field is part of the test here, and not a fault of the payload.
    const payload = this.peerKind === 'demo' ? new Frame(frame.payload) : frame;
    void this.checker.acceptFrame(payload);
  }

  private kindOf(frame: Frame, number: number): PeerKind {
    const isPrbs = frame.size >= 12 && (frame.payload.readUInt32LE(4) + 1) * 4 === frame.size;
    if (!isPrbs) return this.withErrors ? 'demo' : 'other';
    return this.withErrors || this.hasMetadataOf(frame, number) ? 'demo' : 'prbs';
  }

  private hasMetadataOf(frame: Frame, number: number): boolean {
    const { flags, channel, error } = this.metadataOf(number);
    return frame.flags === flags && frame.channel === channel && frame.error === error;
  }

  private metadataOf(number: number): { flags: number; channel: number; error: number } {
    return {
      // A step prime to 2^16, so that every value comes, and both bytes change from frame to frame. Never all 0.
      flags: (number * 40_503 + 1) & 0xffff,
      channel: number & 0xff,
      error: this.withErrors && number % 8 === 7 ? (number >> 3) & 0xff : 0,
    };
  }
}
