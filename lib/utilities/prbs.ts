// Rogue's link test: a master that generates pseudo-random frames and a slave that checks them, bit for bit.
// slaclab/rogue src/rogue/utilities/Prbs.cpp.

import { CountWaiters, type WaitFrameCountOptions } from '../async/count-waiters';
import { MAX_TIMER_MS, monotonicMs, nextTurn } from '../async/clock';
import { lingerMsOf, settlesWithin, type LingerOptions } from '../async/linger';
import { LogLimit } from '../log-limit';
import { Logging } from '../logging';
import { FailureLog } from '../stream/failures';
import { isFrame, notAFrame, type Frame, type FrameOptions } from '../stream/frame';
import { Master } from '../stream/master';
import { ownedFrame } from '../stream/req-frame';
import type { FrameSlave } from '../stream/slave';
import { checkInteger } from '../validate';
import { Background } from './prbs-background';
import { PrbsFormat, type PayloadKind } from './prbs-format';
import { RateMeter } from './rate';

const DEFAULT_WIDTH = 32;
const DEFAULT_TAPS = [1, 2, 6, 31] as const;

// The background mode gives the event loop its turn after this long, whatever its slaves do.
const TURN_MS = 5;
const MAX_PERIOD_MICROS = MAX_TIMER_MS * 1000;

/**
 * Generates and checks PRBS frames. Word 0 of a frame is its sequence number, word 1 its size in words less
 * one, the rest a shift register seeded with word 0, or a counter. Words are little-endian.
 *
 * To send: `prbs.to(tcp)`, then {@link genFrame} or {@link enable}. To check: `tcp.to(prbs)`, then look at
 * {@link rxCount} and {@link rxErrors}.
 */
export class Prbs extends Master implements FrameSlave {
  readonly retainsFrames = true;
  /** False: received payloads are not compared, only their headers. */
  checkPayload = true;
  /** False: {@link genFrame} leaves the payload behind the header zero. */
  genPayload = true;
  /**
   * True: payload words are their own position, 2, 3, ... instead of the shift register. Our checker then
   * expects the same; Rogue's always expects the shift register.
   */
  sendCount = false;
  private readonly rxLog = Logging.create('prbs.rx');
  private readonly faultLines = new LogLimit((text) => this.rxLog.warning(text));
  private format = new PrbsFormat(DEFAULT_WIDTH, DEFAULT_TAPS);
  private period = 0;
  private readonly txLog = Logging.create('prbs.tx');
  private readonly txFailures = new FailureLog(this.txLog);
  private background: Background | undefined;

  private txSequence = 0;
  private rxSequence = 0;
  private readonly tx = new Totals();
  private readonly rx = new Totals();
  private receiving = true;
  /** Frames that came while {@link rxEnable} is false, and how to let their senders go on. */
  private readonly held: { readonly frame: Frame; readonly release: () => void }[] = [];
  /** Set by {@link stop}: nothing would release a frame that is held after it. */
  private holdsNone = false;
  private rxDropped = 0;
  private readonly waiters = new CountWaiters();

  /** Bits a word: a multiple of 32; default 32. @throws {RangeError} for anything else. */
  get width(): number {
    return this.format.width;
  }
  set width(bits: number) {
    this.format = new PrbsFormat(bits, this.taps);
  }

  /** Bits of a word whose parity becomes its successor's bit 0; default 1, 2, 6, 31. */
  get taps(): readonly number[] {
    return this.format.taps;
  }
  set taps(taps: readonly number[]) {
    this.format = new PrbsFormat(this.width, taps);
  }

  /** Microseconds between frames of the background mode; default 0, as fast as the slaves accept. */
  get txPeriod(): number {
    return this.period;
  }
  set txPeriod(micros: number) {
    this.period = checkInteger('txPeriod', micros, 0, MAX_PERIOD_MICROS);
  }

  /**
   * False: frames that arrive wait, and hold their sender back, until it is true again, or until {@link stop}.
   * Default true.
   */
  get rxEnable(): boolean {
    return this.receiving;
  }
  set rxEnable(enable: boolean) {
    this.receiving = enable;
    this.holdsNone = false;
    if (!enable) return;
    for (const { frame, release } of this.held.splice(0)) {
      this.check(frame);
      release();
    }
  }

  /** Good frames received. */
  get rxCount(): number {
    return this.rx.count;
  }
  /** Bytes of the good frames received. */
  get rxBytes(): number {
    return this.rx.bytes;
  }
  /** Bad frames received, one error each. */
  get rxErrors(): number {
    return this.rx.errors;
  }
  /** Of {@link rxErrors}: frames that failed as a whole, by their size, header or error field, and were not compared. */
  get rxFrameErrors(): number {
    return this.rx.errors - this.rx.payloadErrors;
  }
  /** Payload bits of bad frames that were not what they should be; a frame with a bad header has none. */
  get rxBitErrors(): number {
    return this.rx.bitErrors;
  }
  /** Frames received that were not checked: {@link stop} was called while {@link rxEnable} was false. */
  get rxDropCount(): number {
    return this.rxDropped;
  }
  /** Good frames received a second, over the last second or more. */
  get rxRate(): number {
    return this.rx.meter.rate;
  }
  /** Bytes received a second, over the last second or more. */
  get rxBw(): number {
    return this.rx.meter.bandwidth;
  }
  /** Frames sent. */
  get txCount(): number {
    return this.tx.count;
  }
  /** Bytes sent. */
  get txBytes(): number {
    return this.tx.bytes;
  }
  /** Frames that a slave did not accept. */
  get txErrors(): number {
    return this.tx.errors;
  }
  /** Frames sent a second, over the last second or more. */
  get txRate(): number {
    return this.tx.meter.rate;
  }
  /** Bytes sent a second, over the last second or more. */
  get txBw(): number {
    return this.tx.meter.bandwidth;
  }

  /** Sets all counts to zero; sequence numbers go on, as in Rogue. */
  resetCount(): void {
    this.tx.reset();
    this.rx.reset();
    this.rxDropped = 0;
  }

  /**
   * Sends one frame of `size` bytes. Returns undefined when the slaves have accepted it at once, else a promise that settles
   * when they have: {@link stop} does not settle it for them.
   *
   * @param size bytes: whole words, at least three.
   * @param metadata flags, channel and error of the frame; Rogue's own are all 0.
   * Rejects with a {@link RangeError} for a size that is not, and with what a slave failed with, counted in `txErrors`.
   */
  genFrame(size: number, metadata?: FrameOptions): Promise<void> | undefined {
    let frame: Frame;
    try {
      this.format.checkSize(size);
      frame = ownedFrame(size, metadata);
    } catch (err) {
      // Told as everything else that goes wrong.
      return rejection(err);
    }
    this.format.fill(frame.payload, this.txSequence, this.genPayload ? this.payloadKind : 'zeros');
    this.txSequence = (this.txSequence + 1) >>> 0;
    const accepted = this.deliver(frame);
    if (accepted === undefined) {
      this.tx.add(size);
      return undefined;
    }
    return accepted.then(
      () => this.tx.add(size),
      (err: unknown) => {
        this.tx.errors += 1;
        throw err;
      },
    );
  }

  /**
   * Sends frames of `size` bytes in the background, {@link txPeriod} apart, until {@link disable}. Does nothing
   * when it is on already. A failing slave ends it, counted in `txErrors` and logged: at Info where a bridge was
   * stopped, else at Error.
   *
   * @throws {RangeError} as {@link genFrame}.
   */
  enable(size: number): void {
    this.format.checkSize(size);
    if (this.background?.running === true) return;
    this.background = new Background((background) => this.run(size, background));
  }

  /**
   * Ends the background mode: at once where it pauses; else when its last frame has been accepted or has failed, or
   * after `lingerMs`, whatever its slaves do. A frame that has not been accepted by then is still theirs. They may
   * send it later, and it is counted when they settle: in `txCount`, or in `txErrors` with a line in the log.
   *
   * @throws {RangeError} {TypeError} for a wrong `lingerMs`; the background mode goes on.
   */
  async disable(options: LingerOptions = {}): Promise<void> {
    const lingerMs = lingerMsOf(options);
    const { background } = this;
    if (background === undefined) return;
    background.end();
    if (await settlesWithin(lingerMs, background.done)) return;
    this.txLog.info(
      `Background mode has ended; its last frame was still with the slaves after ${lingerMs} ms`,
    );
  }

  /**
   * {@link disable}, and the end of what `frames()` and `readable()` have handed out. Frames that wait because
   * {@link rxEnable} is false are let go: their senders go on, they are not checked, and {@link rxDropCount} counts
   * them. The same goes for frames that come later, until {@link rxEnable} is set again.
   *
   * @throws {RangeError} {TypeError} for a wrong `lingerMs`; nothing is stopped.
   */
  override async stop(options: LingerOptions = {}): Promise<void> {
    const disabled = this.disable({ lingerMs: lingerMsOf(options) });
    // Before the wait: a reader that does not read is one of the slaves that it is for.
    this.endTaps();
    this.holdsNone = true;
    this.waiters.end();
    for (const { release } of this.held.splice(0)) {
      this.rxDropped += 1;
      release();
    }
    await disabled;
  }

  /**
   * As `Slave.waitFrameCount`, for frames that were checked: {@link rxCount} and {@link rxErrors} together. False from
   * {@link stop} on.
   */
  waitFrameCount(count: number, options: WaitFrameCountOptions = {}): Promise<boolean> {
    return this.waiters.wait(count, this.rx.count + this.rx.errors, !this.holdsNone, options);
  }

  /** Checks one frame; counts it in `rxCount` and `rxBytes`, or in `rxErrors` with a Warning that says why. */
  acceptFrame(frame: Frame): void | Promise<void> {
    if (!isFrame(frame)) throw notAFrame(frame);
    if (this.receiving) {
      this.check(frame);
      return undefined;
    }
    if (!this.holdsNone) return new Promise<void>((release) => this.held.push({ frame, release }));
    this.rxDropped += 1;
    return undefined;
  }

  private get payloadKind(): PayloadKind {
    return this.sendCount ? 'counter' : 'lfsr';
  }

  /** Never rejects: after `lingerMs` its promise has no reader. */
  private async run(size: number, background: Background): Promise<void> {
    let turnEnds = monotonicMs() + TURN_MS;
    // In a turn of its own, so that enable() returns before the first frame.
    await nextTurn();
    try {
      while (background.running) {
        const accepted = this.genFrame(size);
        if (accepted !== undefined) await accepted;
        if (this.period > 0) await background.pause(this.period / 1000);
        else if (monotonicMs() > turnEnds) await nextTurn();
        else continue;
        turnEnds = monotonicMs() + TURN_MS;
      }
    } catch (err) {
      const what = background.running
        ? 'Background mode has ended: its frame was not accepted'
        : 'The last frame of the background mode was not accepted';
      this.txFailures.note(what, err);
    } finally {
      background.end();
      if (this.background === background) this.background = undefined;
    }
  }

  private check(frame: Frame): void {
    const fault = this.faultOf(frame);
    if (fault === undefined) this.rx.add(frame.size);
    else {
      this.rx.errors += 1;
      this.faultLines.note(fault);
    }
    this.waiters.update(this.rx.count + this.rx.errors);
  }

  /** What is wrong with the frame, in Rogue's words; undefined when nothing is. */
  private faultOf({ error, payload, size }: Frame): string | undefined {
    const { format } = this;
    const { count } = this.rx;
    if (error !== 0) return `Frame error field is set: 0x${error.toString(16)}`;
    if (!format.isSize(size)) return `Size violation size=${size}, count=${count}`;
    const { sequence, expectedSize } = format.readHeader(payload);
    const expectedSequence = this.rxSequence;
    this.rxSequence = (sequence + 1) >>> 0;
    // Any sequence is taken when none is expected, and 0 always: the sender has started anew.
    const outOfSequence = sequence !== 0 && expectedSequence !== 0 && sequence !== expectedSequence;
    if (expectedSize !== size || outOfSequence) {
      return (
        `Bad header. expSize=${expectedSize} gotSize=${size} expSeq=${expectedSequence} gotSeq=${sequence} ` +
        `nxtSeq=${this.rxSequence} count=${count}`
      );
    }
    const wrong = this.checkPayload ? format.findWrongByte(payload, sequence, this.payloadKind) : undefined;
    if (wrong === undefined) return undefined;
    const { word, byte, got, expected, bits } = wrong;
    this.rx.payloadErrors += 1;
    this.rx.bitErrors += bits;
    return (
      `Bad value at index ${word}. count=${count}, size=${format.wordsOf(size) - 1}: ` +
      `byte ${byte} Got=0x${got.toString(16)} Exp=0x${expected.toString(16)}`
    );
  }
}

/** A promise that rejects with `reason`, whatever that is. */
async function rejection(reason: unknown): Promise<never> {
  await Promise.resolve();
  throw reason;
}

/** One direction's counts. */
class Totals {
  count = 0;
  bytes = 0;
  errors = 0;
  /** Of these, frames whose payload alone was wrong. */
  payloadErrors = 0;
  bitErrors = 0;
  readonly meter = new RateMeter();

  add(size: number): void {
    this.count += 1;
    this.bytes += size;
    this.meter.update(this.count, this.bytes);
  }

  reset(): void {
    this.count = 0;
    this.bytes = 0;
    this.errors = 0;
    this.payloadErrors = 0;
    this.bitErrors = 0;
    this.meter.reset();
  }
}
